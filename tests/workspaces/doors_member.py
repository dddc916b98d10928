"""Own objects of the pages about members: short lists, links, problems with parcels, and the member's own gift."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from marketplace.fulfilment.models import Parcel
from marketplace.organisations.models import Membership, Role, User
from procurement.programmes.choosing import choose, offer, open_choosing
from procurement.programmes.complaints import report
from procurement.programmes.links import token_of
from procurement.programmes.models import Option, Programme, Recipient
from tests import world as builders


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address; the demonstration's member is the first on the list of the order that was accepted."""
    giver = builders.side()
    choosing = builders.planned(giver, [builders.DATES, builders.FUNGUS], title="自选")
    offer(giver.buyer, choosing, 2, builders.product(builders.TEA))
    open_choosing(giver.buyer, choosing, timezone.now() + timedelta(days=3))
    somebody = choosing.recipients.first()
    tea = Option.objects.get(programme=choosing, product__upc=builders.TEA)
    choose(somebody, {2: tea.pk})
    placed = Programme.objects.get(order__number=made.order)
    recipient = Recipient.objects.filter(programme=placed).order_by("id")[0]
    Membership.objects.filter(user=User.objects.get(username="member"), role=Role.MEMBER).update(
        person=recipient.person
    )
    parcel = Parcel.objects.filter(recipient=recipient.pk).select_related("supplier_order__order")[0]
    complaint = report(recipient, parcel, "damaged", "…")
    plan, option, person = {"pk": choosing.pk}, {"option": tea.pk}, {"person": somebody.pk}
    gift, one_parcel = {"token": token_of(recipient)}, {"pk": parcel.pk}
    of_plan = ("choices", "open_choosing", "close_choosing", "links", "links_workbook")
    return {f"union:{name}": plan for name in of_plan} | {
        "union:take_back": plan | option,
        "union:make_default": plan | option,
        "union:choice_record": plan | person,
        "union:renew_link": plan | person,
        "union:complaint": {"pk": complaint.pk},
        "union:close_complaint": {"pk": complaint.pk},
        "union:import_progress": {"pk": made.uploaded_to, "upload": made.upload},
        "union:import_retry": {"pk": made.uploaded_to, "upload": made.upload},
        "union:receipts": {"number": made.order},
        "union:receipts_workbook": {"number": made.order},
        "my:own": {"pk": recipient.pk},
        "my:gift": gift,
        "my:choose": gift,
        "my:call": gift,
        "my:keep": gift,
        "my:received": gift | one_parcel,
        "my:complain": gift | one_parcel,
    }
