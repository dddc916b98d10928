"""Pick-up vouchers (提货券): the goods are decided, paid for and reserved as in any gift; each member says when and where to.

Locks: the voucher, then the supplier orders by id. See docs/decisions/0018-pick-up-vouchers.md.
"""

from __future__ import annotations

import hmac
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from datetime import time as clock

from django.db import connection, transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.fulfilment.actions import call_for
from marketplace.fulfilment.models import Parcel, ParcelLine, ParcelState
from marketplace.organisations.personal import blind_index
from marketplace.organisations.regions import region_name
from marketplace.organisations.scopes import seen_by
from marketplace.spreadsheets.cells import clean_text
from marketplace.steps.actions import write
from procurement.programmes.errors import AddressTooShort, NothingToCallFor, OutsideTheRegion
from procurement.programmes.models import CalledTo, Programme, Recipient, Voucher
from procurement.programmes.regions import region_of
from procurement.programmes.roster_cells import LIMITS

LAST_DAY = "voucher.last_day"
# A voucher can be used for so long after the day of need; what is left then is to be shipped within so many days.
GOOD_FOR = timedelta(days=30)
TO_SHIP_THE_REST = timedelta(days=7)
_SHORTEST_ADDRESS = 6
_FORM = re.compile(r"V([1-9]\d{0,17})([0-9A-F]{12})")


def last_day_of(programme: Programme) -> date:
    """Until when members can call for what they get."""
    return programme.need_date + GOOD_FOR


def issue(programme: Programme) -> date:
    """Give every recipient a voucher, within a placement and before its parcels, and write the step of its last day: that day."""
    last = last_day_of(programme)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO programmes_voucher (recipient_id, union_id, last_day, called_to)"
            " SELECT id, union_id, %s, '' FROM programmes_recipient WHERE programme_id = %s",
            [last, programme.pk],
        )
    over = timezone.make_aware(datetime.combine(last + timedelta(days=1), clock.min))
    write(f"programme:{programme.pk}", LAST_DAY, not_before=over)
    return last


def code_of(recipient: Recipient) -> str:
    """What is printed on the member's voucher, for typing: their number and 48 bits that only this house can make.

    A renewed personal link makes it invalid together with the link.
    """
    proof = _proof(recipient)
    return f"V{recipient.pk}-{proof[:4]}-{proof[4:8]}-{proof[8:]}"


def _proof(recipient: Recipient) -> str:
    return blind_index("voucher code", f"{recipient.pk} {recipient.link_round}")[:12].upper()


def recipient_of_code(typed: str) -> Recipient | None:
    """Whose voucher has this code, however it was typed; None for anything else. One statement."""
    plain = re.sub(r"[\s\-–—]", "", typed).upper()
    found = _FORM.fullmatch(plain)
    if found is None:
        return None
    with seen_by(None):
        recipient: Recipient | None = Recipient.objects.filter(pk=int(found[1]), voucher__isnull=False).first()
    if recipient is None or not hmac.compare_digest(found[2], _proof(recipient)):
        return None
    return recipient


def goods_of(programme: Programme, people: Iterable[Recipient]) -> dict[int, list[tuple[str, str, int]]]:
    """What each of these can still call for, by recipient (id): seller, item as in the order, units. One statement."""
    lines = ParcelLine.objects.filter(
        parcel__supplier_order__order=programme.order_id,
        parcel__state=ParcelState.UNCALLED,
        parcel__recipient__in=[one.pk for one in people],
    ).select_related("line", "parcel__supplier_order__seller")
    found: defaultdict[int, list[tuple[str, str, int]]] = defaultdict(list)
    for item in lines.order_by("parcel", "id"):
        found[item.parcel.recipient].append((str(item.parcel.supplier_order.seller), item.line.title, item.quantity))
    return dict(found)


def redeem(recipient: Recipient, address: str = "") -> Voucher:
    """Call for the member's parcels: to this address, or to the workplace. Once called for, it stays as it was said first.

    Raises AddressTooShort, OutsideTheRegion, NothingToCallFor.
    """
    address = clean_text(address)
    with transaction.atomic():
        voucher: Voucher = Voucher.objects.select_for_update().get(recipient=recipient)
        if voucher.called_at:
            return voucher
        waiting = Parcel.objects.filter(recipient=recipient.pk, state=ParcelState.UNCALLED)
        regions = dict(waiting.values_list("pk", "region"))
        if not regions:
            raise NothingToCallFor
        if address:
            _check(address, set(regions.values()))
        voucher.called_to = CalledTo.HOME if address else CalledTo.WORKPLACE
        voucher.called_at = timezone.now()
        voucher.save(update_fields=["called_to", "called_at"])
        called = call_for(dict.fromkeys(regions, address))
        record(
            "voucher.called", {"recipient": recipient.pk, "to": voucher.called_to, "parcels": called},
            subject=f"programme:{recipient.programme_id}", union_id=recipient.union_id,
        )  # fmt: skip
    return voucher


def _check(address: str, regions: Iterable[str]) -> None:
    """The order was decided for a region: nobody moves its goods into another one afterwards."""
    if not _SHORTEST_ADDRESS <= len(address) <= LIMITS["address"]:
        raise AddressTooShort(most=LIMITS["address"])
    there = region_of(address)
    for region in regions:
        if not there or not there.startswith(region):
            raise OutsideTheRegion(place=region_name(region))


def deliver_the_rest(programme_id: int) -> int:
    """After the last day, send what nobody called for to the workplace; how many vouchers. A constant number of statements."""
    with transaction.atomic(), seen_by(None):
        waiting = Parcel.objects.filter(state=ParcelState.UNCALLED, supplier_order__order__programme=programme_id)
        owners = list(waiting.values_list("recipient", flat=True).distinct())
        left = Voucher.objects.select_for_update().filter(recipient__in=owners, called_at__isnull=True).order_by("pk")
        vouchers = list(left)
        if not vouchers:
            return 0
        Voucher.objects.filter(pk__in=[one.pk for one in vouchers]).update(
            called_to=CalledTo.DEFAULT, called_at=timezone.now()
        )
        mine = waiting.filter(recipient__in=[one.recipient_id for one in vouchers])
        called = call_for(dict.fromkeys(mine.values_list("pk", flat=True), ""))
        record(
            "voucher.delivered_by_default", {"programme": programme_id, "vouchers": len(vouchers), "parcels": called},
            subject=f"programme:{programme_id}", union_id=vouchers[0].union_id,
        )  # fmt: skip
        return len(vouchers)
