"""What must be judged once per union and year holds when two buyers press the button together; and a form sent twice is one order."""

import pytest

from marketplace.organisations.errors import Refusals, SameKeyOtherBody
from marketplace.organisations.models import User
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.steps.models import Command
from procurement.priority.actions import release_reserve
from procurement.priority.errors import ReserveBound
from procurement.priority.models import Judgement, UnionYear
from procurement.programmes.errors import WrongState
from procurement.programmes.models import Recipient
from procurement.programmes.placement import place
from tests.races import deadlocks, holding, race, start, until, until_waiting
from tests.world import DATES, MOONCAKES, TEA, approved, placed, side

# Mooncakes at 108.00 for ten heads are 1,080.00 of ordinary goods; 2,000.00 are set aside: one such gift passes, two do not.
ORDINARY_GIFT = [MOONCAKES]


def race_placements(database, giver, plans, behind: str) -> list:
    """Place all plans at the same moment: all wait behind a lock on a row of that table, then run into each other."""
    row = {"organisations_organisation": "id", "priority_unionyear": "union_id"}[behind]
    with holding(database, f"SELECT FROM {behind} WHERE {row} = %s FOR UPDATE", giver.union.pk):
        racing = start([lambda n=n, plan=plan: place(giver.buyer, plan, f"race-{n}") for n, plan in enumerate(plans)])
        until_waiting(database, len(plans))
    return [runner.result() for runner in racing]


def begin_year(giver) -> None:
    UnionYear.objects.create(union=giver.union, gift_year=giver.general.gift_year)


@pytest.mark.parametrize("behind", ["priority_unionyear", "organisations_organisation"])
def test_each_passes_clause_3_alone_and_only_one_passes(fresh_world, behind) -> None:
    """Behind the year's row, or at the very start of a year that has no row yet."""
    with seen_by(None):
        giver = side()
        if behind == "priority_unionyear":
            begin_year(giver)
        plans = [approved(giver, ORDINARY_GIFT, heads=10, prefix=letter) for letter in "AB"]
        before = deadlocks(fresh_world)
        outcomes = race_placements(fresh_world, giver, plans, behind)
        (order,) = [o for o in outcomes if isinstance(o, Order)]
        (refused,) = [o for o in outcomes if isinstance(o, Refusals)]
        assert [r.code for r in refused.refusals] == ["share"]
        figures = refused.refusals[0].data
        assert [figures[name].replace(",", "") for name in ("ordinary", "limit")] == ["¥2160.00", "¥2000.00"]
        year = UnionYear.objects.get(union=giver.union)
        assert (year.assistance, year.ordinary) == (0, 108_000)
        assert Order.objects.get() == order
        assert sorted(Judgement.objects.values_list("allowed", flat=True)) == [False, True]
        assert deadlocks(fresh_world) == before


def test_a_gift_and_the_release_of_what_it_rests_on_race(fresh_world) -> None:
    """Ten heads of mooncakes rest on the 2,000.00 set aside; whoever comes first has it."""
    with seen_by(None):
        giver, officer = side(), User.objects.get(username="officer")
        begin_year(giver)
        plan = approved(giver, ORDINARY_GIFT, heads=10)
        with holding(fresh_world, "SELECT FROM priority_unionyear WHERE union_id = %s FOR UPDATE", giver.union.pk):
            racing = start(
                [
                    lambda: place(giver.buyer, plan, "the-form"),
                    lambda: release_reserve(officer, giver.reserve, giver.general, 100_000, "release"),
                ]
            )
            until_waiting(fresh_world, 2)
        order, released = (runner.result() for runner in racing)
        if isinstance(order, Order):
            assert isinstance(released, ReserveBound)
        else:
            assert ([r.code for r in order.refusals], released) == (["share"], None)
        reserve = side().reserve.account.balance
        ordinary = UnionYear.objects.get(union=giver.union).ordinary
        assert (reserve, ordinary) in {(200_000, 108_000), (100_000, 0)}


def test_the_cap_of_a_member_holds_when_two_gifts_race(fresh_world) -> None:
    """Seven packs of tea are 1,106.00 a head: once is within the year's cap of 2,200.00, twice is not."""
    with seen_by(None):
        giver = side()
        begin_year(giver)
        plans = [
            approved(giver, [(TEA, {"per_head": 7})], heads=3, per_head=120_000, title=title) for title in ("甲", "乙")
        ]
        outcomes = race_placements(fresh_world, giver, plans, "priority_unionyear")
        given = Recipient.objects.filter(received__gt=0).values_list("received", flat=True)
        assert list(given) == [110_600] * 3
        assert [type(o) for o in outcomes if isinstance(o, Order)] == [Order]
        (refused,) = [o for o in outcomes if not isinstance(o, Order)]
        assert isinstance(refused, Refusals)
        assert [r.code for r in refused.refusals] == ["cap"]


def test_one_form_sent_twice_at_once_is_one_order(fresh_world) -> None:
    with seen_by(None):
        giver = side()
        plan = approved(giver, [DATES])
        with holding(fresh_world, "LOCK TABLE order_order"):
            sending = start([lambda: place(giver.buyer, plan, "sent-twice")] * 2)
            # One is about to write the order, the other waits for the key.
            until_waiting(fresh_world, 2)
        first, second = (runner.result() for runner in sending)
        assert isinstance(first, Order)
        assert first.number == second.number
        assert Order.objects.count() == 1
        assert Command.objects.get(key="sent-twice").answer == {"order": first.number}


def test_many_copies_of_a_form(fresh_world) -> None:
    with seen_by(None):
        giver = side()
        plan = approved(giver, [DATES])
        orders = race([lambda: place(giver.buyer, plan, "sent-often")] * 6)
        assert {order.number for order in orders} == {Order.objects.get().number}


def test_two_forms_for_one_plan_are_one_order_and_a_plain_refusal(fresh_world) -> None:
    """Another key is another command: it finds the plan placed."""
    with seen_by(None):
        giver = side()
        plan = approved(giver, [DATES])
        outcomes = race([lambda n=n: place(giver.buyer, plan, f"button-{n}") for n in range(2)])
        assert sorted(type(o).__name__ for o in outcomes) == ["Order", "WrongState"]
        assert isinstance(next(o for o in outcomes if not isinstance(o, Order)), WrongState)
        assert Command.objects.count() == 1


def test_the_key_of_another_request_is_refused(fresh_world) -> None:
    with seen_by(None):
        giver = side()
        placed(giver, [DATES], title="甲", prefix="A")
        key = Command.objects.get().key
        other = approved(giver, [DATES], title="乙", prefix="B")
        with pytest.raises(SameKeyOtherBody) as refused:
            place(giver.buyer, other, key)
        assert refused.value.data == {"key": key}
        assert Order.objects.count() == Command.objects.count() == 1
        other.refresh_from_db()
        assert other.state == "approved"


def test_the_key_of_another_request_is_refused_while_the_first_still_runs(fresh_world) -> None:
    with seen_by(None):
        giver = side()
        plans = [approved(giver, [DATES], title=title, prefix=title) for title in "AB"]
        with holding(fresh_world, "LOCK TABLE order_order"):
            sending = start(
                [lambda: place(giver.buyer, plans[0], "same"), lambda: place(giver.buyer, plans[1], "same")]
            )
            until_waiting(fresh_world, 2)
        outcomes = [runner.result() for runner in sending]
        assert sorted(type(o).__name__ for o in outcomes) == ["Order", "SameKeyOtherBody"]
        assert until(lambda: Order.objects.count(), "the order") == 1
