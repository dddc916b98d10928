"""What raw SQL can do to the rules themselves: nothing that changes what was decided, or lets a judgement choose its own rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from marketplace.ledger.actions import fund, open_purse
from marketplace.ledger.models import PursePurpose
from marketplace.organisations.models import User
from procurement.policy.actions import approve
from procurement.policy.drafts import draft
from procurement.policy.models import Policy
from procurement.priority.models import Judgement
from tests.invariants.raw_sql import copied, copy_refused, judged_by_hand, purchase_refused, refused, run
from tests.invariants.traded import Traded
from tests.policies import wish
from tests.world import let_constraints_speak

Change = Callable[[dict[str, Any]], Any]


def judgement_of(traded: Traded) -> Judgement:
    found: Judgement = Judgement.objects.filter(decisions__order=traded.order).distinct().get()
    return found


def judgement_refused(traded: Traded, words: str, change: Change, **changes: Any) -> None:
    """A judgement by hand, with its input changed and a log entry to match, is refused in these words."""
    judgement = judgement_of(traded)
    told = json.loads(judgement.input)
    change(told)
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        judged_by_hand(judgement, input=text, **changes)


def in_the_policy(**facts: Any) -> Change:
    return lambda told: told["policy"].update(facts)


def in_the_lines(**facts: Any) -> Change:
    return lambda told: [line.update(facts) for line in told["lines"]]


class TestJudgements:
    @pytest.mark.parametrize(
        "facts",
        [
            {"cap_fen": 0},
            {"cap_fen": 10**9},
            {"floor_fen": 1},
            {"ring_fence_fen": 60_000},
            {"keep_last_year": 1},
            {"hold_days": 0},
            {"rotation_band_bp": 0},
            {"planning_days": 0},
            {"occasions": ["picnic"]},
            {"urgent_occasions": ["mid_autumn"]},
            {"forbidden_forms": []},
            {"uncovered_purposes": ["gifts"]},
            {"approval_steps": []},
            {"approval_steps": [{"from_fen": 0, "people": 0, "quotations": 0}]},
        ],
        ids=lambda facts: next(iter(facts)),
    )
    def test_none_says_less_or_other_than_its_policy(self, traded: Traded, facts: dict[str, Any]) -> None:
        judgement_refused(traded, "does not say all that the policy SN-2020-05 says", in_the_policy(**facts))

    @pytest.mark.parametrize(
        "facts", [{"purse_covered": 0}, {"purse_ring_fenced": 0}, {"purse_purpose": "hardship"}], ids=str
    )
    def test_none_takes_a_purse_for_another(self, traded: Traded, facts: dict[str, Any]) -> None:
        judgement_refused(traded, "for what it is", in_the_lines(**facts))

    def test_none_is_by_a_policy_that_held_before(self, traded: Traded) -> None:
        old = Policy.objects.get(version="SN-2019-01")
        judgement = judgement_of(traded)
        told, said = json.loads(judgement.input), json.loads(judgement.output)
        told["policy"] |= {"version": old.version, "minimum_share_bp": old.minimum_share_bp}
        said["policy"] = old.version
        texts = {
            name: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            for name, value in (("input", told), ("output", said))
        }
        with pytest.raises(DatabaseError, match="not by the policy that binds its union"), transaction.atomic():
            judged_by_hand(judgement, policy_id=old.pk, **texts)

    def test_none_is_of_another_day_than_it_says(self, traded: Traded) -> None:
        judgement_refused(traded, "is of another day", lambda told: told.update(decided_on="2019-06-01"))

    def test_the_control_one_by_the_policy_in_force_stands(self, traded: Traded) -> None:
        judgement = judgement_of(traded)
        with transaction.atomic():
            assert judged_by_hand(judgement)
            transaction.set_rollback(True)


class TestUncovered:
    def test_a_purse_for_gifts_is_never_uncovered(self, traded: Traded) -> None:
        purchase_refused("is covered: the policy does not leave its purpose out|is not what was judged", traded.order,
                         decisions={"outcome": "uncovered"})  # fmt: skip

    def test_nor_is_one_whose_purpose_this_policy_does_not_name(self, traded: Traded) -> None:
        purse = open_purse(traded.giver.union, "帮扶", timezone.localdate().year, purpose=PursePurpose.HARDSHIP)
        fund(purse, 1_000_000, "fund-hardship")
        decision = traded.order.decisions.all()[0]
        with pytest.raises(DatabaseError, match=r"leave its purpose out|is not what was judged"), transaction.atomic():
            copied("priority_decision", decision.pk, outcome="uncovered", purse_id=purse.pk, certificate_id=None)
            let_constraints_speak()


class TestPolicies:
    def drafted(self, **changes: Any) -> Policy:
        return draft(User.objects.get(username="operator"), wish(**changes))

    @pytest.mark.parametrize(
        "change",
        ["minimum_share_bp = 0", "cap = 10^9", "uncovered_purposes = '{gifts}'", "level = 4", "region = '6101'", "version = 'X'",
         "period = '[2019-01-01,)'", "drafted_by_id = approved_by_id"],
    )  # fmt: skip
    def test_a_draft_stays_as_it_was_read(self, traded: Traded, change: str) -> None:
        policy = self.drafted()
        refused("append-only|null value", f"UPDATE policy_policy SET {change} WHERE id = %s", policy.pk)

    def test_none_is_approved_for_a_time_in_which_gifts_were_decided(self, traded: Traded) -> None:
        second = User.objects.get(username="operator.second").pk
        now = Policy.objects.get(version="SN-2020-05")
        run("UPDATE policy_policy SET period = daterange(lower(period), %s) WHERE id = %s", tomorrow(), now.pk)
        changes = {"version": "BACK", "approved_by_id": second, "minimum_share_bp": 0, "level": 3}
        copy_refused("never reaches back", ("policy_policy", now.pk, changes | {"period": "[2026-01-01,2026-02-01)"}))
        with transaction.atomic():  # the control: one that begins today
            assert copied("policy_policy", now.pk, **changes | {"period": f"[{timezone.localdate()},)"})
            transaction.set_rollback(True)

    def test_none_ends_before_what_it_decided_or_comes_into_force_again(self, traded: Traded) -> None:
        now, old = (Policy.objects.get(version=version) for version in ("SN-2020-05", "SN-2019-01"))
        end = "UPDATE policy_policy SET period = daterange(lower(period), %s) WHERE id = %s"
        refused("never reaches back", end, timezone.localdate() - timedelta(days=1), now.pk)
        refused("ended already", end, None, old.pk)
        refused("ended already|one_policy_at_a_time", end, date(2020, 5, 2), old.pk)
        assert run(end, tomorrow(), now.pk) == 1

    @pytest.mark.parametrize("zone", ["Etc/GMT+12", "UTC", "Pacific/Kiritimati"])
    def test_todays_share_is_that_of_the_shanghai_day(self, traded: Traded, zone: str) -> None:
        for begins, share in ((timezone.localdate(), 4_000), (tomorrow(), 3_000)):
            approve(User.objects.get(username="operator.second"),
                    self.drafted(version=f"SN-{share}", begins=begins, minimum_share_bp=share))  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
            cursor.execute("SELECT binding_share(%s, %s)", [traded.giver.union.pk, traded.order.gift_year])
            assert cursor.fetchone() == (4_000,)


def tomorrow() -> date:
    return timezone.localdate() + timedelta(days=1)
