"""An order booked to the wrong union, at the pages: offered, seen without the order itself, taken over, shown in both statements."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.demo import cast
from procurement.programmes.reattribution.actions import offer
from procurement.programmes.reattribution.models import Reattribution
from tests.policies import rules
from tests.programmes.neighbours import BAQIAO, finished, neighbour
from tests.workspaces.persons import Person, statements_of, text, told
from tests.world import DATES, Side, side


@pytest.fixture
def two(world: None) -> tuple[Side, Side]:
    rules(minimum_share_bp=0)
    return side(), neighbour(BAQIAO)


def test_it_is_offered_taken_over_and_shown_in_both_statements(two: tuple[Side, Side]) -> None:
    here, there = two
    order = finished(here, [DATES])
    buyer, theirs, year = Person(cast.BUYER), Person(there.buyer.username), timezone.localdate().year
    assert "Booked to the wrong union?" in text(buyer.open("union:order", order.number))
    assert theirs.open("union:hand_on", order.number).status_code == 404
    page = buyer.send("union:hand_on", order.number, to="", because="")
    assert text(page).count("This field is required") >= 2
    buyer.send("union:hand_on", order.number, to=str(there.union.pk), because="Baqiao's members")
    home = theirs.open("union:home")
    assert ("An order of another union is offered to yours" in text(home), home.context["nothing"]) == (True, False)
    offered = Reattribution.objects.get()
    page = theirs.open("union:handing")
    assert "Baqiao's members" in text(page)
    assert theirs.open("union:order", order.number).status_code == 404
    assert buyer.send("union:take_over", offered.pk, purse=str(there.general.pk)).status_code == 404
    answer = theirs.send("union:take_over", offered.pk, purse=str(there.general.pk))
    assert "counts in your year now" in told(answer)[-1]
    one, other = (
        [row["assistance"] for row in who.open("union:statement_year", year).context["moved"]]
        for who in (buyer, theirs)
    )
    assert (one, other) == ([-6_000], [6_000])
    assert f"handed on to {there.union.display_name}" in text(buyer.open("union:statement_year", year))
    assert "Hand it on" in text(theirs.open("union:handing"))
    assert theirs.open("union:hand_on", order.number).status_code == 200


def test_it_is_declined_with_a_word_or_withdrawn(two: tuple[Side, Side]) -> None:
    here, there = two
    order = finished(here, [DATES])
    buyer, theirs = Person(cast.BUYER), Person(there.approver.username)
    first = offer(here.buyer, order, there.union, "x")
    theirs.send("union:decline_offer", first.pk, answer="Not ours")
    assert "Not ours" in text(buyer.open("union:handing"))
    second = offer(here.buyer, order, there.union, "x")
    assert Person(cast.APPROVER).send("union:withdraw_offer", second.pk).status_code == 403
    buyer.send("union:withdraw_offer", second.pk)
    assert "is no longer open" in told(theirs.send("union:decline_offer", second.pk))[-1]
    assert sorted(Reattribution.objects.values_list("state", flat=True)) == ["declined", "withdrawn"]


def test_what_speaks_against_it_is_said_above_the_form(two: tuple[Side, Side]) -> None:
    here, there = two
    order = finished(here, [DATES])
    order.supplier_orders.update(accepted_at=timezone.now() + timedelta(days=1))
    page = Person(cast.BUYER).send("union:hand_on", order.number, to=str(there.union.pk), because="x")
    assert "can be returned until" in text(page)


def test_the_list_has_the_same_statements_whatever_its_length(two: tuple[Side, Side]) -> None:
    here, there = two
    orders = [finished(here, [DATES]) for _number in range(3)]
    offer(here.buyer, orders[0], there.union, "x")
    buyer = Person(cast.BUYER)
    few = statements_of(lambda: buyer.open("union:handing"))
    for order in orders[1:]:
        offer(here.buyer, order, there.union, "x")
    assert statements_of(lambda: buyer.open("union:handing")) == few
