"""One exception, many orders at once: never more than it allows; revoked and used at the same moment, one of both wins."""

from datetime import timedelta

from django.utils import timezone

from marketplace.demo import cast
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import User
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from procurement.priority.actions import ask_exception, grant_exception, revoke_exception
from procurement.priority.escalation import escalate
from procurement.priority.models import Decision, PriorityException
from procurement.programmes.placement import place
from tests.races import deadlocks, holding, race, start, until_waiting
from tests.world import approved, product, side


def exception_of(giver, quantity: int, *, granted: bool = True) -> PriorityException:
    day = timezone.localdate()
    exception = ask_exception(
        giver.buyer, giver.union, product(cast.BLOCKED), grounds="糖尿病职工", quantity=quantity, valid_from=day,
        valid_to=day + timedelta(days=30),
    )  # fmt: skip
    if granted:
        grant_exception(User.objects.get(username=cast.UNION_OFFICER), exception)
    return exception


def test_two_orders_for_what_one_exception_allows(fresh_world) -> None:
    with seen_by(None):
        giver = side()
        exception = exception_of(giver, 4)
        plans = [approved(giver, [cast.BLOCKED], heads=4, prefix=letter) for letter in "AB"]
        before = deadlocks(fresh_world)
        with holding(fresh_world, "SELECT FROM priority_priorityexception WHERE id = %s FOR UPDATE", exception.pk):
            racing = start([lambda p=plan: place(giver.buyer, p, f"race-{p.pk}") for plan in plans])
            until_waiting(fresh_world, 2)
        outcomes = [runner.result() for runner in racing]
        [order] = [one for one in outcomes if isinstance(one, Order)]
        [refused] = [one for one in outcomes if isinstance(one, Refusals)]
        assert [one.code for one in refused.refusals] == ["assistance_first", "exception_over"]
        exception.refresh_from_db()
        assert (exception.used, exception.left) == (4, 0)
        assert [d.order for d in Decision.objects.filter(exception=exception)] == [order]
        assert deadlocks(fresh_world) == before


def test_an_order_and_the_revocation_of_what_it_rests_on(fresh_world) -> None:
    """Whoever has the exception's row first: the order stands and its exception is revoked afterwards, or nothing is ordered."""
    with seen_by(None):
        giver, officer = side(), User.objects.get(username=cast.UNION_OFFICER)
        exception = exception_of(giver, 4)
        plan = approved(giver, [cast.BLOCKED], heads=4)
        with holding(fresh_world, "SELECT FROM priority_priorityexception WHERE id = %s FOR UPDATE", exception.pk):
            racing = start(
                [
                    lambda: place(giver.buyer, plan, "the-form"),
                    lambda: revoke_exception(officer, exception, "情况有变"),
                ]
            )
            until_waiting(fresh_world, 2)
        placed, revoked = (runner.result() for runner in racing)
        assert revoked is None
        exception.refresh_from_db()
        assert exception.state == "revoked"
        if isinstance(placed, Order):
            assert exception.used == 4
        else:
            assert ([one.code for one in placed.refusals], exception.used) == (["exception_over"], 0)


def test_a_request_answered_twice_and_sent_twice(fresh_world) -> None:
    with seen_by(None):
        giver, officer = side(), User.objects.get(username=cast.UNION_OFFICER)
        sent = race([lambda: exception_of(giver, 4, granted=False)] * 4)
        assert {one.pk for one in sent} == {PriorityException.objects.get().pk}
        answers = race([lambda: grant_exception(officer, PriorityException.objects.get())] * 4)
        assert sorted(type(one).__name__ for one in answers) == ["ExceptionNotOpen"] * 3 + ["NoneType"]


def test_four_sweepers_move_a_request_on_once(fresh_world) -> None:
    with seen_by(None):
        exception = exception_of(side(), 4, granted=False)
        assert race([lambda: escalate(exception.number, 0)] * 4) == [None] * 4
        exception.refresh_from_db()
        assert (exception.stage, exception.waits_for.code) == (1, cast.PROVINCE_UNION)
