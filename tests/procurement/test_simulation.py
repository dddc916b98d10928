"""What a draft would have changed: stored judgements decided once more, counted by gift, line and yuan, with the reasons."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.demo import cast
from marketplace.demo.clock import moment, simulated
from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import Membership, Organisation, Role
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.shop.placement import Refused
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step
from procurement.policy.actions import approve
from procurement.policy.drafts import discard
from procurement.policy.models import Policy
from procurement.priority import simulating
from procurement.priority.errors import SimulationPeriod
from procurement.priority.models import Judgement, SimulatedChange, Simulation
from procurement.priority.simulating import KIND, simulate, state_of
from procurement.priority.simulation import Figures, concerned, decide_again
from procurement.programmes.placement import place
from tests import world as builders
from tests.policies import drafted
from tests.procurement.judged import DAY, house, judged_yesterday, someone


def under(policy: Policy, **changes: Any) -> Figures:
    """The figures over everything judged since last week."""
    figures, today = Figures(), timezone.localdate()
    with seen_by(None):
        for found in decide_again(policy, concerned(policy, house(), today - timedelta(days=7), today)):
            figures.add(found)
    return figures


@pytest.fixture
def year(world: None) -> Iterator[list[Order]]:
    with judged_yesterday() as orders:
        yield orders


def test_a_draft_that_says_the_same_changes_nothing(year: list[Order]) -> None:
    figures = under(drafted())
    assert (figures.gifts, figures.lines, figures.changed, figures.changed_amount) == (2, 3, 0, 0)
    assert figures.amount == sum(int(order.total_incl_tax * 100) for order in year)
    assert (figures.codes, figures.older) == ({}, 0)


def test_a_higher_share_would_have_refused_the_gift_with_ordinary_goods(year: list[Order]) -> None:
    figures = under(drafted(minimum_share_bp=10_000))
    assert (figures.refused, figures.allowed, figures.otherwise) == (1, 0, 0)
    assert figures.refused_amount == figures.changed_amount == int(year[1].total_incl_tax * 100)
    assert (figures.changed_lines, figures.lines) == (2, 3)
    assert figures.codes == {"share": [1, 0]}


def test_several_rules_at_once_are_each_counted(year: list[Order]) -> None:
    draft_ = drafted(
        cap=100, keep_last_year=True, occasions=["birthday"], approval_steps=[{"from": 0, "quotations": 3, "people": 5}]
    )
    figures = under(draft_)
    # The year before had no assistance goods, so "not below last year" binds nobody.
    assert figures.codes == {"approvers": [2, 0], "cap": [2, 0], "occasion": [2, 0], "quotations": [2, 0]}
    assert figures.refused == 2


def test_a_refused_attempt_that_the_draft_would_have_let_pass_is_counted_too(world: None) -> None:
    giver = builders.side()
    plan = builders.approved(giver, [builders.DATES], 3, form="shopping_card")
    with pytest.raises(Refused):
        place(giver.buyer, plan, "attempt")
    with simulated(moment(timezone.localdate() + DAY)):
        same, free = under(drafted()), under(drafted("SN-FREE", forbidden_forms=["cash"]))
    assert (same.gifts, same.changed) == (1, 0)
    assert (free.refused, free.allowed, free.allowed_amount) == (0, 1, same.amount)
    assert free.codes == {"form": [0, 1]}


def test_without_first_choice_the_same_answer_rests_on_another_ground(year: list[Order]) -> None:
    figures = under(drafted(first_choice=False))
    assert (figures.refused, figures.allowed, figures.otherwise, figures.changed_lines) == (0, 0, 1, 1)
    assert figures.codes == {}


@pytest.mark.parametrize(
    ("region", "level", "gifts"), [("61", 0, 2), ("61", 3, 2), ("61", 4, 0), ("6101", 0, 0), ("62", 3, 0)]
)
def test_only_what_the_draft_would_have_decided_is_read(year: list[Order], region: str, level: int, gifts: int) -> None:
    assert (year[0].union.region, year[0].union.level) == ("61", 3)
    assert under(drafted(region=region, level=level)).gifts == gifts


def test_a_nearer_policy_would_still_have_decided(world: None) -> None:
    today = timezone.localdate()
    approve(someone("operator.second"), drafted("COUNTIES", level=3, begins=today))
    builders.placed(builders.side(), [builders.DATES], 2)
    with simulated(moment(today + DAY)):
        read = {level: under(drafted(f"L{level}", level=level)).gifts for level in (0, 2, 3)}
    assert read == {0: 0, 2: 0, 3: 1}


def test_the_step_works_it_off_in_chunks_and_it_is_found_again(year: list[Order], monkeypatch: Any) -> None:
    monkeypatch.setattr(simulating, "_AT_ONCE", 1)
    policy, operator = drafted(minimum_share_bp=10_000), someone("operator")
    since = timezone.localdate() - timedelta(days=30)
    asked = simulate(operator, house(), policy, since)
    assert (asked.total, asked.done, state_of(asked)) == (2, 0, "due")
    assert simulate(operator, house(), policy, since) == asked
    assert Step.objects.filter(kind=KIND).count() == Entry.objects.filter(kind="simulation.asked").count() == 1
    run_all_due()
    with seen_by(None):
        done = Simulation.objects.get()
        change = SimulatedChange.objects.get()
    assert (done.done, state_of(done)) == (2, "done")
    assert Figures(**done.figures) == under(policy)
    assert change.judgement.subject == f"programme:{year[1].programme.pk}"
    assert (change.was_allowed, change.would_be_allowed, change.lines) == (True, False, 2)
    (reason,) = change.reasons
    assert (reason["code"], reason["new"], reason["figures"]["minimum_share_bp"]) == ("share", True, 10_000)


def test_a_simulation_goes_with_the_draft_that_is_thrown_away(year: list[Order]) -> None:
    policy = drafted(minimum_share_bp=10_000)
    simulate(someone("operator"), house(), policy, timezone.localdate() - DAY)
    discard(someone("operator"), policy)
    run_all_due()
    with seen_by(None):
        assert (Simulation.objects.count(), Judgement.objects.count()) == (0, 2)
    assert Step.objects.get(kind=KIND).state == "done"


def test_an_auditor_simulates_for_the_unions_below_and_nobody_else_may(year: list[Order]) -> None:
    policy, since = drafted(), timezone.localdate() - DAY
    auditor = someone(cast.AUDITOR)
    care = Membership.objects.get(user=auditor, role=Role.AUDITOR).organisation
    assert simulate(auditor, care, policy, since).total == 2
    elsewhere = Organisation.objects.get(code="U-YL")
    for who, whose in ((auditor, elsewhere), (auditor, house()), (someone(cast.BUYER), year[0].union)):
        with pytest.raises(NotAllowed):
            simulate(who, whose, policy, since)
    with seen_by(None):
        assert concerned(policy, elsewhere, since, timezone.localdate()).count() == 0


def test_a_simulation_of_today_or_the_future_is_refused(world: None) -> None:
    policy, today = drafted(), timezone.localdate()
    with pytest.raises(SimulationPeriod, match="until yesterday"):
        simulate(someone("operator"), house(), policy, today)
    with pytest.raises(IntegrityError), transaction.atomic(), seen_by(None):
        facts = {"policy": policy, "organisation": house(), "asked_by": someone("operator"), "total": 0}
        Simulation.objects.create(since=today, until=today, **facts)


def test_the_command_says_what_would_change_and_stores_nothing(year: list[Order]) -> None:
    drafted(minimum_share_bp=10_000)
    out = io.StringIO()
    call_command("replay_decisions", policy="SN-NEXT", stdout=out)
    said = out.getvalue()
    assert re.search(r"judgement \d+ \(programme:\d+\): allowed → refused, 2 lines, [\d.]+ yuan \(\+share\)", said)
    assert ": 1 otherwise (1 refused, 0 allowed, 0 for other reasons); 2 of 3 lines," in said
    assert "share: 1 gifts newly against it, 0 no longer" in said
    with seen_by(None):
        assert Simulation.objects.count() == 0
    with pytest.raises(CommandError, match="there is no policy X"):
        call_command("replay_decisions", policy="X")


def test_the_command_replays_since_a_day(year: list[Order]) -> None:
    for since, said in ((None, "2 judgements"), (timezone.localdate(), "0 judgements")):
        out = io.StringIO()
        call_command("replay_decisions", since=since, stdout=out)
        assert out.getvalue() == f"{said} replayed, 0 differ\n"
