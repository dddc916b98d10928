"""Own objects of the pages of re-attribution: one offer of Yanta's union, and one to it."""

from types import SimpleNamespace
from typing import Any

from marketplace.organisations.models import Organisation
from marketplace.shop.order.models import Order
from procurement.programmes.reattribution.actions import withdraw
from procurement.programmes.reattribution.models import Reattribution
from tests import world as builders


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address. Whether an offer may be made is asked by the verbs, and tested there."""
    giver, order = builders.side(), Order.objects.get(number=made.order)
    other = Organisation.objects.get(code="U-XA-BQ")
    facts = {"order": order, "gift_year": order.gift_year, "because": "x", "recipients": 1, "assistance": 1}
    facts |= {"offered_by": giver.buyer}
    mine = Reattribution.objects.create(turn=1, union=giver.union, to_union=other, **facts)
    withdraw(giver.buyer, mine)
    theirs = Reattribution.objects.create(turn=1, union=other, to_union=giver.union, **facts)
    return {
        "union:hand_on": {"number": order.number},
        "union:withdraw_offer": {"pk": mine.pk},
        "union:take_over": {"pk": theirs.pk},
        "union:decline_offer": {"pk": theirs.pk},
        "api-hand-on": {"number": order.number},
        "api-take-over": {"pk": theirs.pk},
        "api-decline": {"pk": theirs.pk},
        "api-withdraw": {"pk": mine.pk},
    }
