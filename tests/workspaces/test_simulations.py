"""The simulator's pages: an operator asks of a draft, an auditor for the unions in their care; both read why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.demo import cast
from marketplace.demo.clock import moment, simulated
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.steps.actions import run_all_due
from procurement.priority.models import Simulation
from procurement.priority.simulating import simulate
from tests import world as builders
from tests.policies import drafted
from tests.procurement.judged import DAY, house, judged_yesterday, someone
from tests.workspaces.persons import Person, statements_of, text


@pytest.fixture
def year(world: None) -> Iterator[list[Order]]:
    with judged_yesterday() as orders:
        yield orders


def test_the_operator_asks_on_the_drafts_page_and_reads_why(year: list[Order]) -> None:
    policy, person = drafted(minimum_share_bp=10_000), Person("operator")
    since = (timezone.localdate() - timedelta(days=30)).isoformat()
    answer = person.send("operate:policy_simulate", policy.pk, since=since)
    with seen_by(None):
        pk = Simulation.objects.get().pk
    assert answer.url == f"/operate/policies/simulations/{pk}/"
    assert person.send("operate:policy_simulate", policy.pk, since=since).url == answer.url
    assert "0 of 2" in text(person.open("operate:simulation", pk))
    run_all_due()
    page = text(person.open("operate:simulation", pk)).replace("\xa0", " ")
    assert "Bought, would be refused 1" in page
    assert re.search(r"Passed → Refused 2 ¥ ?[\d,]+ ?\.\d\d minimum share of the year: [\d.]+ %, asked 100 %", page)
    assert answer.url in person.open("operate:policy", policy.pk).content.decode()


def test_the_auditor_reads_drafts_and_simulates_them_for_the_unions_below(year: list[Order]) -> None:
    policy, person = drafted(minimum_share_bp=10_000), Person(cast.AUDITOR)
    page = text(person.open("audit:policies")).replace("\xa0", " ")
    assert "At least 100 % of a union's gifts" in page
    person.send("audit:policy_simulate", policy.pk, since=(timezone.localdate() - DAY).isoformat())
    run_all_due()
    with seen_by(None):
        pk = Simulation.objects.get().pk
    shown = person.open("audit:simulation", pk)
    assert f"/audit/orders/{year[1].number}/" in shown.content.decode()
    book = person.open("audit:simulation", pk, **{"as": "xlsx", "outcome": "allowed"})
    assert book["Content-Disposition"].endswith(".xlsx")


def test_a_period_that_is_none_is_told(year: list[Order]) -> None:
    policy, person = drafted(), Person("operator")
    for since, said in (("", "Choose the day"), (timezone.localdate().isoformat(), "it cannot begin on")):
        assert person.send("operate:policy_simulate", policy.pk, since=since).url == f"/operate/policies/{policy.pk}/"
        assert said in text(person.open("operate:policy", policy.pk))


def test_the_page_costs_the_same_with_more_gifts(year: list[Order]) -> None:
    person, today = Person("operator"), timezone.localdate()

    def cost(version: str) -> int:
        found = simulate(someone("operator"), house(), drafted(version, minimum_share_bp=10_000), today - 5 * DAY)
        run_all_due()
        return statements_of(lambda: person.open("operate:simulation", found.pk))

    few = cost("A")
    for heads in (2, 3, 4):
        builders.placed(builders.side(), [builders.DATES, builders.MOONCAKES], heads)
    with simulated(moment(today + DAY)):
        assert cost("B") == few
    assert few <= 14
