"""A voucher is called for once, whatever comes at the same moment: another tap, the last day, a cancellation."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.utils import timezone

from marketplace.evidence.models import Entry
from marketplace.fulfilment.losses import Report, cancel
from marketplace.fulfilment.models import Parcel
from marketplace.fulfilment.queries import progress
from marketplace.organisations.scopes import seen_by
from procurement.programmes.errors import NothingToCallFor
from procurement.programmes.models import Recipient, Voucher
from procurement.programmes.vouchers import deliver_the_rest, redeem
from tests.races import deadlocks, holding, race, start, until_waiting
from tests.world import DATES, FUNGUS, placed, side, supplier_orders

HOME, ELSEWHERE = "陕西省西安市雁塔区测试路8号", "陕西省西安市碑林区测试路9号"


def by_voucher(heads: int):
    order = placed(side(), [DATES, FUNGUS], heads, delivery="voucher")
    return order, list(Recipient.objects.filter(programme__order=order).order_by("id"))


def test_two_taps_with_two_addresses_send_one_parcel_to_one_of_them(fresh_world) -> None:
    with seen_by(None):
        order, (member,) = by_voucher(1)
        with holding(fresh_world, "SELECT FROM programmes_voucher FOR UPDATE"):
            racing = start([lambda: redeem(member, HOME), lambda: redeem(member, ELSEWHERE)])
            until_waiting(fresh_world, 2)
        outcomes = [runner.result() for runner in racing]
        assert len({outcome.called_at for outcome in outcomes}) == 1
        parcels = Parcel.objects.filter(recipient=member.pk)
        assert (len({p.address for p in parcels}), progress(order)) == (1, {"placed": 2})
        assert Entry.objects.filter(kind="voucher.called").count() == 1


def test_the_last_day_and_many_members_meet(fresh_world) -> None:
    """Each parcel goes once, to where its own voucher says; nobody waits in a circle."""
    with seen_by(None):
        order, members = by_voucher(8)
        plan, before = members[0].programme_id, deadlocks(fresh_world)
        calls = [lambda m=m: redeem(m, HOME) for m in members]
        outcomes = race([*calls, lambda: deliver_the_rest(plan), lambda: deliver_the_rest(plan)])
        assert [o for o in outcomes if isinstance(o, Exception)] == []
        assert progress(order) == {"placed": 16}
        said = Counter(Voucher.objects.filter(recipient__programme=plan).values_list("called_to", flat=True))
        assert said["home"] + said["default"] == 8
        addressed = Counter(bool(p.address) for p in Parcel.objects.filter(supplier_order__order=order))
        assert (addressed[True], addressed[False]) == (2 * said["home"], 2 * said["default"])
        assert deadlocks(fresh_world) == before


def test_a_call_and_a_cancellation_meet(fresh_world) -> None:
    """Whoever comes first has it: the parcel is cancelled either way, before or after it was called for."""
    with seen_by(None):
        giver = side()
        order, (member, *_rest) = by_voucher(2)
        part = supplier_orders(order)[0]
        mine = Parcel.objects.get(recipient=member.pk, supplier_order=part)
        with holding(fresh_world, "SELECT FROM fulfilment_supplierorder FOR UPDATE"):
            racing = start(
                [lambda: redeem(member, HOME), lambda: cancel(giver.buyer, part, Report((mine.pk,), "not_needed"))]
            )
            until_waiting(fresh_world, 2)
        called, losses = (runner.result() for runner in racing)
        assert not isinstance(losses, Exception)
        assert isinstance(called, Voucher | NothingToCallFor)
        states = Counter(Parcel.objects.filter(recipient=member.pk).values_list("state", flat=True))
        assert states == {"cancelled": 1, "placed": 1}
        assert timezone.now() - Voucher.objects.get(recipient=member).called_at < timedelta(minutes=5)
