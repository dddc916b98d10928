"""Nothing is sold twice (I3), under any concurrency; and two orders for the same goods never deadlock (R3)."""

import random
import threading
from collections import Counter

import psycopg
import pytest
from django.db import transaction

from marketplace.evidence.models import Entry
from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.ledger.models import Leg
from marketplace.organisations.errors import Refusals
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.steps.models import Command, Step
from marketplace.stock.actions import release, reserve
from marketplace.stock.models import Movement, Stock
from procurement.priority.models import Decision, Judgement, UnionYear
from procurement.programmes.placement import place
from tests.races import deadlocks, holding, race, start, until_waiting
from tests.world import DATES, HONEY, YANTA, YUYANG, approved, leave_in_stock, side, stock


def buyers(number: int, times: int, wants: list[dict[int, int]]) -> Counter[str]:
    """So many buyers, each of whom tries so often to reserve one of the wants; how it went."""

    def buy(buyer: int) -> list[str]:
        dice, went = random.Random(buyer), []
        for attempt in range(times):
            try:
                with transaction.atomic():
                    reserve(dice.choice(wants), f"test:{buyer}:{attempt}")
                went.append("sold")
            except Refusals as refusal:
                went += {r.code for r in refusal.refusals}
        return went

    outcomes = race([lambda n=n: buy(n) for n in range(number)])
    assert not [o for o in outcomes if isinstance(o, Exception)], outcomes
    return Counter(word for went in outcomes for word in went)


def test_one_hot_product(fresh_world) -> None:
    leave_in_stock(DATES, 50)
    hot = stock(DATES)
    before = deadlocks(fresh_world)
    went = buyers(16, 10, [{hot.pk: 1}])
    assert went == {"sold": 50, "not_enough_stock": 110}
    hot.refresh_from_db()
    assert (hot.available, hot.allocated) == (0, 50)
    assert Movement.objects.filter(stock=hot, kind="reserve").count() == 50
    assert deadlocks(fresh_world) == before


def test_two_products_wanted_in_opposite_orders(fresh_world) -> None:
    leave_in_stock(DATES, 60)
    leave_in_stock(HONEY, 30)
    dates, honey = stock(DATES), stock(HONEY)
    before = deadlocks(fresh_world)
    went = buyers(16, 8, [{dates.pk: 2, honey.pk: 1}, {honey.pk: 1, dates.pk: 2}])
    assert went == {"sold": 30, "not_enough_stock": 98}
    for record, sold in ((dates, 60), (honey, 30)):
        record.refresh_from_db()
        assert (record.available, record.allocated) == (0, sold)
    assert deadlocks(fresh_world) == before


def test_the_counter_does_count(fresh_world) -> None:
    """The control: the same two rows, locked without an order, are a deadlock, and it is seen."""
    ids = [stock(DATES).pk, stock(HONEY).pk]
    before = deadlocks(fresh_world)
    half_way = threading.Barrier(2)

    def careless(first: int, second: int) -> None:
        with psycopg.connect(fresh_world.url) as connection:
            for stock_id in (first, second):
                connection.execute("SELECT FROM stock_stock WHERE id = %s FOR UPDATE", [stock_id])
                if stock_id == first:
                    half_way.wait(10)

    outcomes = race([lambda: careless(*ids), lambda: careless(*reversed(ids))])
    assert [type(o) for o in outcomes if o] == [psycopg.errors.DeadlockDetected]
    assert deadlocks(fresh_world) == before + 1


def test_reserving_and_giving_back_at_once_keeps_the_counters_equal_to_the_movements(fresh_world) -> None:
    leave_in_stock(DATES, 20)
    hot = stock(DATES)

    def to_and_fro(buyer: int) -> None:
        for attempt in range(8):
            cause = f"test:{buyer}:{attempt}"
            try:
                with transaction.atomic():
                    reserve({hot.pk: 3}, cause)
            except Refusals:
                continue
            if attempt % 2:
                with transaction.atomic():
                    release({hot.pk: 3}, cause)

    assert race([lambda n=n: to_and_fro(n) for n in range(8)]) == [None] * 8
    hot.refresh_from_db()
    moved = Counter({"reserve": 0, "release": 0})
    for kind, quantity in Movement.objects.filter(stock=hot).values_list("kind", "quantity"):
        moved[kind] += quantity
    assert hot.allocated == moved["reserve"] - moved["release"]
    assert 0 <= hot.allocated <= 20


def test_two_unions_race_for_the_last_of_a_product(fresh_world) -> None:
    """Both were told that there is enough; the guard at the end of the placement lets one through."""
    with seen_by(None):
        givers = [side(YANTA), side(YUYANG)]
        plans = [approved(giver, [DATES, HONEY], heads=25) for giver in givers]
        leave_in_stock(HONEY, 40)
        honey = stock(HONEY)
        before = deadlocks(fresh_world), Entry.objects.count()
        with holding(fresh_world, "SELECT FROM stock_stock WHERE id = %s FOR UPDATE", stock(DATES).pk):
            placing = start(
                [
                    lambda: place(givers[0].buyer, plans[0], "last-0"),
                    lambda: place(givers[1].buyer, plans[1], "last-1"),
                ]
            )
            # Both have judged, written and paid; what is left to both is the stock.
            until_waiting(fresh_world, 2)
        outcomes = [runner.result() for runner in placing]
        (won,) = [n for n, o in enumerate(outcomes) if isinstance(o, Order)]
        lost = 1 - won
        assert isinstance(outcomes[lost], Refusals)
        (refusal,) = outcomes[lost].refusals
        assert refusal.code == "not_enough_stock"
        assert refusal.data == {"sku": HONEY, "available": 15, "needed": 25}
        assert "Of LG-HONEY-500 only 15 are left" in str(refusal) or "15" in str(refusal)

        honey.refresh_from_db()
        assert (honey.available, honey.allocated) == (15, 25)
        plans[won].refresh_from_db()
        plans[lost].refresh_from_db()
        assert (plans[won].state, plans[lost].state) == ("placed", "approved")

        union = givers[lost].union
        for model in (Order, Decision, Judgement, SupplierOrder, Parcel, UnionYear):
            assert model.objects.filter(union=union).count() == 0, model
        assert not Command.objects.filter(organisation=union).exists()
        assert not Leg.objects.filter(transaction__union=union, transaction__kind="order.placed").exists()
        assert Step.objects.count() == 2
        assert Movement.objects.filter(kind="reserve").count() == 2
        assert not Entry.objects.filter(pk__gt=before[1], union=union).exists()
        assert givers[lost].general.account.balance == side(union.code).general.account.balance
        assert deadlocks(fresh_world) == before[0]


def test_whoever_comes_after_the_last_was_sold_hears_it_from_the_rule(fresh_world) -> None:
    with seen_by(None):
        first, second = side(YANTA), side(YUYANG)
        plans = [approved(giver, [HONEY], heads=25) for giver in (first, second)]
        place(first.buyer, plans[0], "one")
        with pytest.raises(Refusals) as refused:
            place(second.buyer, plans[1], "two")
        assert [r.code for r in refused.value.refusals] == ["over_stock"]
        assert refused.value.refusals[0].data["available"] == 15
        assert Judgement.objects.filter(union=second.union, allowed=False).count() == 1


@pytest.mark.long
def test_two_hundred_buyers_on_a_stock_of_five_a_hundred_times(fresh_world) -> None:
    hot = stock(DATES)
    before = deadlocks(fresh_world)
    for round_number in range(100):
        leave_in_stock(DATES, 5)
        sold_before = Stock.objects.get(pk=hot.pk).allocated

        def buy(first: int, round_number: int = round_number) -> int:
            """Forty sessions stand for two hundred buyers, five to a session."""
            sold = 0
            for buyer in range(first, 200, 40):
                try:
                    with transaction.atomic():
                        reserve({hot.pk: 1}, f"test:{round_number}:{buyer}")
                except Refusals:
                    continue
                sold += 1
            return sold

        assert sum(race([lambda n=n: buy(n) for n in range(40)])) == 5
        hot.refresh_from_db()
        assert (hot.available, hot.allocated - sold_before) == (0, 5)
    assert deadlocks(fresh_world) == before
