"""What a held or recalled lot does to orders: not assigned, not packed, not shipped; and who is told what."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from marketplace.fulfilment.actions import confirm, labels, ship
from marketplace.fulfilment.losses import Report, give_up
from marketplace.fulfilment.lots import assign_lots
from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.messaging.models import Message
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import User
from marketplace.steps.models import Step
from marketplace.stock.models import Condition, Lot
from procurement.programmes.recalls import tell_union
from suppliers.provenance.graph import reached
from suppliers.provenance.incidents import hold, lift, recall
from suppliers.provenance.models import IncidentReason
from suppliers.provenance.queries import recalled_in, recalls_of
from tests.world import DATES, FUNGUS, YUYANG, Side, bring, let_constraints_speak, lots_of, placed, side, stock

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def giver(world: None) -> Side:
    return side()


def part_of(order: Any, producer: str = "P-JX") -> SupplierOrder:
    return SupplierOrder.objects.select_related("producer", "order").get(order=order, producer__code=producer)


def grower() -> User:
    return User.objects.get(username="p-jx")


def stop(verb: Any, lot: Lot, reason: str = "harmful") -> Any:
    return verb(grower(), lot.holder, Lot.objects.select_related("holder").get(pk=lot.pk), IncidentReason(reason))


def test_held_goods_are_not_assigned_and_the_refusal_names_the_lots(giver: Side) -> None:
    order = bring(placed(giver, [DATES]), giver.buyer, "sent")
    held = [stop(hold, lot) for lot in lots_of([DATES])]
    confirm(grower(), part_of(order))
    with pytest.raises(Refusals) as caught:
        assign_lots(part_of(order))
    assert caught.value.data["codes"] == ["lots_too_small", "lots_not_assigned"]
    names = ", ".join(f"{one.lot.code} ({Condition.HELD.label})" for one in held)
    assert caught.value.refusals[1].data == {"sku": DATES, "lots": names}
    lift(grower(), held[1])
    assign_lots(part_of(order))
    assert reached(lots=[held[1].lot_id]).units == 3


def test_the_first_lot_that_keeps_long_enough_is_given(giver: Side, settings: Any) -> None:
    first, second = lots_of([DATES])
    settings.LOT_DAYS_LEFT = (first.best_before - timezone.localdate()).days + 1
    bring(placed(giver, [DATES]), giver.buyer, "assigned")
    assert (reached(lots=[first.pk]).units, reached(lots=[second.pk]).units) == (0, 3)


def test_assigned_goods_are_neither_packed_nor_shipped_until_the_hold_is_lifted(giver: Side) -> None:
    order = bring(placed(giver, [DATES, FUNGUS]), giver.buyer, "assigned")
    part = part_of(order)
    lot = next(lot for lot in lots_of([DATES]) if lot.allocated)
    held = stop(hold, lot)
    for verb in (lambda: labels(grower(), part), lambda: ship(grower(), part, "秦岭速运", "QL0001")):
        with pytest.raises(Refusals) as caught:
            verb()
        assert [(one.code, one.data) for one in caught.value.refusals] == [("lot_stopped", {"lot": lot.code})]
    lift(grower(), held)
    labels(grower(), part)
    ship(grower(), part, "秦岭速运", "QL0001")
    assert set(part.parcels.values_list("state", flat=True)) == {"shipped"}


def test_what_is_given_up_lets_the_rest_go(giver: Side) -> None:
    order = bring(placed(giver, [DATES]), giver.buyer, "assigned")
    part, before = part_of(order), stock(DATES)
    lot = next(lot for lot in lots_of([DATES]) if lot.allocated)
    stop(recall, lot)
    give_up(grower(), part, Report(tuple(part.parcels.values_list("pk", flat=True)), "quality_held"))
    let_constraints_speak()
    after = stock(DATES)
    assert (before.allocated - after.allocated, after.allocated) == (3, 0)
    assert after.available == lots_of([DATES])[1].left


def test_a_recall_lists_what_each_may_see_and_tells_unions_and_members_once(
    giver: Side, django_assert_num_queries: Any
) -> None:
    neighbour = side(YUYANG)
    mine, theirs = placed(giver, [DATES]), placed(neighbour, [(DATES, {"per_head": 2})], 2, prefix="Y")
    bring(mine, giver.buyer, "shipped")
    bring(theirs, neighbour.buyer, "assigned")
    lot = next(lot for lot in lots_of([DATES]) if lot.allocated)
    incident = stop(recall, lot)
    steps = Step.objects.filter(cause=f"incident:{incident.pk}", kind="recall.tell")
    assert set(steps.values_list("part", flat=True)) == {str(giver.union.pk), str(neighbour.union.pk)}
    for _twice in range(2):
        for part in steps.values_list("part", flat=True):
            tell_union(incident.pk, int(part))
    said = Message.objects.filter(kind="recall")
    members = said.filter(key__startswith=f"recall:{incident.pk}:member:")
    assert (members.count(), {one.words.count(lot.code) for one in said}) == (3, {1})
    with django_assert_num_queries(1):
        whole = reached(lots=[lot.pk])
    assert (whole.parcels, whole.units, whole.unions) == (5, 7, {giver.union.pk: 3, neighbour.union.pk: 4})
    own = reached(lots=[lot.pk], viewers=[giver.union.pk])
    assert (own.parcels, own.orders) == (3, (mine.number,))
    assert reached(lots=[lot.pk], viewers=[lot.holder_id]).parcels == 5
    assert reached(lots=[lot.pk], viewers=[]).parcels == 0
    day = timezone.localdate()
    with django_assert_num_queries(1):
        assert [(one.pk, one.parcels) for one in recalls_of(giver.union, day)] == [(incident.pk, 3)]
    parcels = list(Parcel.objects.filter(supplier_order__order__in=[mine, theirs]).values_list("pk", flat=True))
    with django_assert_num_queries(1):
        assert recalled_in(parcels) == {parcel: [lot.code] for parcel in parcels}
