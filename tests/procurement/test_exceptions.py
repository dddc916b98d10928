"""Exceptions in full: who is asked, who answers by when, a second person, papers, and what ends one. Read as the rule for officers."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import override

from marketplace.demo import cast
from marketplace.demo.clock import simulated
from marketplace.evidence.actions import commit_to
from marketplace.evidence.models import Entry
from marketplace.fulfilment.losses import Report, give_back
from marketplace.fulfilment.models import Parcel
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.organisations.paper_files import NoPaper
from marketplace.shop.policy import purchase_policy
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step
from procurement.policy.queries import policy_of
from procurement.priority import actions
from procurement.priority.errors import (
    DecidedHigherUp,
    ExceptionNotGranted,
    ExceptionNotOpen,
    NoOfficer,
    OwnUnion,
    PolicyChanged,
    ReasonMissing,
    RefusalUnfounded,
    SecondPersonDue,
)
from procurement.priority.escalation import KIND, days_from_now, escalate, name_delegate
from procurement.priority.gifts import why_over
from procurement.priority.models import Decision, FiledPaper, Ground, PriorityException
from procurement.priority.papers import file_ground
from procurement.programmes.placement import place
from procurement.programmes.plans import plan_of
from procurement.programmes.queries import preview
from tests.world import DATES, approved, bring, let_constraints_speak, placed, planned, product, side, supplier_orders

pytestmark = pytest.mark.usefixtures("world")


def officer() -> User:
    return User.objects.get(username=cast.UNION_OFFICER)


def an_officer(union: Organisation, name: str) -> User:
    person = User.objects.create(username=name, display_name=name)
    Membership.objects.create(user=person, organisation=union, role=Role.UNION_OFFICER)
    return person


def asked(quantity: int = 5, **changes: Any) -> PriorityException:
    giver, day = side(), timezone.localdate()
    facts: dict[str, Any] = {
        "ground": Ground.HEALTH, "grounds": "糖尿病职工", "quantity": quantity, "valid_from": day,
        "valid_to": day + timedelta(days=30),
    } | changes  # fmt: skip
    return actions.ask_exception(giver.buyer, giver.union, product(cast.BLOCKED), **facts)


def granted(quantity: int = 5, **changes: Any) -> PriorityException:
    exception = asked(quantity, **changes)
    actions.grant_exception(officer(), exception)
    return exception


def rule_now(**changes: Any) -> None:
    """Another policy from today on for Yanta's union alone."""
    union = side().union
    policy = policy_of(union, timezone.localdate())
    people = (policy.drafted_by_id, policy.approved_by_id)
    policy.pk, policy.version, policy.region, policy.level = None, "test", union.region, union.level
    policy.period = DateRange(timezone.localdate(), None)
    policy.drafted_by_id, policy.approved_by_id = people
    for name, value in changes.items():
        setattr(policy, name, value)
    policy.save(force_insert=True)


def codes(refused: pytest.ExceptionInfo[Refusals]) -> list[str]:
    return [one.code for one in refused.value.refusals]


class TestAsking:
    """A ground of the list, words, units and a period; all that is wrong is said at once."""

    def test_a_request_knows_its_value_and_who_answers_by_when(self) -> None:
        exception = asked()
        price = product(cast.BLOCKED).stockrecords.get().price_fen
        assert (exception.value, exception.state, exception.ground) == (5 * price, "asked", "health")
        assert exception.waits_for == side().union.parent
        assert exception.answer_by == days_from_now(5)
        step = Step.objects.get(kind=KIND)
        assert (step.cause, step.part, step.next_run_at) == (f"exception:{exception.number}", "0", exception.answer_by)

    def test_sent_twice_it_is_one_request(self) -> None:
        assert asked() == asked()
        assert PriorityException.objects.count() == 1

    def test_all_that_is_wrong_is_said_at_once(self) -> None:
        yesterday = timezone.localdate() - timedelta(days=1)
        with pytest.raises(Refusals) as refused:
            asked(0, grounds=" ", valid_from=yesterday, valid_to=yesterday)
        assert codes(refused) == ["grounds_missing", "nothing_asked", "period_unfit"]

    def test_the_value_decides_how_high_it_goes(self) -> None:
        rule_now(exception_grants=[{"level": 3, "up_to": 1_000}, {"level": 1, "up_to": 0}])
        exception = asked()
        assert exception.waits_for.level == 1
        with pytest.raises(DecidedHigherUp):
            actions.grant_exception(officer(), exception)
        actions.grant_exception(an_officer(exception.waits_for, "province"), exception)
        assert exception.decided_for.level == 1

    def test_papers_are_filed_once_and_are_what_they_say(self) -> None:
        exception, giver = asked(), side()
        paper = file_ground(giver.buyer, exception, "../诊断.pdf", b"%PDF-1.7 x")
        assert file_ground(giver.buyer, exception, "again.pdf", b"%PDF-1.7 x") == paper
        assert (paper.file_name, paper.plain()) == ("诊断.pdf", b"%PDF-1.7 x")
        with pytest.raises(NoPaper):
            file_ground(giver.buyer, exception, "a.pdf", b"MZ")
        with pytest.raises(NotAllowed):
            file_ground(giver.approver, exception, "a.pdf", b"%PDF-")
        with pytest.raises(DatabaseError, match=r"append-only|permission"), transaction.atomic():
            FiledPaper.objects.all().delete()


class TestAnswering:
    """From above, never by anyone of the buyer's union; two people from the policy's value on."""

    def test_nobody_of_the_buyers_union_grants_whatever_they_are_above(self) -> None:
        exception, giver = asked(), side()
        Membership.objects.create(user=giver.approver, organisation=giver.union.parent, role=Role.UNION_OFFICER)
        with pytest.raises(OwnUnion):
            actions.grant_exception(giver.approver, exception)
        with pytest.raises(NotAllowed):
            actions.grant_exception(User.objects.get(username="officer.yulin"), exception)

    def test_a_second_person_has_to_agree(self) -> None:
        rule_now(exception_second_from=1)
        exception = asked()
        actions.grant_exception(officer(), exception, waives_share=True)
        assert (exception.state, exception.agreed_by, exception.waives_share) == ("agreed", officer(), True)
        plan = approved(side(), [cast.BLOCKED], heads=4)
        with pytest.raises(Refusals):
            place(side().buyer, plan, "one-person")
        with pytest.raises(SecondPersonDue):
            actions.grant_exception(officer(), exception)
        actions.grant_exception(an_officer(exception.waits_for, "second"), exception)
        assert (exception.state, exception.decided_by.username, exception.waives_share) == ("granted", "second", True)
        place(side().buyer, plan, "two-people")

    @pytest.mark.parametrize(
        "change",
        ["state = 'granted', decided_by_id = agreed_by_id", "agreed_by_id = NULL", "grounds = 'x'", "value = 1",
         "needs_second = false", "ground = 'other'", "waits_for_id = union_id"],
    )  # fmt: skip
    def test_the_database_holds_to_it(self, change: str) -> None:
        rule_now(exception_second_from=1)
        exception = asked()
        actions.grant_exception(officer(), exception)
        PriorityException.objects.filter(pk=exception.pk).update(decided_for=exception.waits_for)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE priority_priorityexception SET {change} WHERE id = %s", [exception.pk])

    def test_a_refusal_has_words_and_is_final(self) -> None:
        exception = asked()
        with pytest.raises(RefusalUnfounded):
            actions.refuse_exception(officer(), exception, answer=" ")
        actions.refuse_exception(officer(), exception, answer=" 请选用同类产品 ")
        assert (exception.state, exception.answer) == ("refused", "请选用同类产品")
        logged = Entry.objects.get(kind="exception.refused").body["reason"]
        assert logged == commit_to("请选用同类产品", bytes(exception.answer_salt))
        with pytest.raises(ExceptionNotOpen):
            actions.grant_exception(officer(), exception)


class TestUnanswered:
    """After its days a request goes to the delegate, then up, once for each stage."""

    def test_to_the_delegate_then_up_then_it_stays(self) -> None:
        exception = asked()
        first = exception.waits_for
        helper = an_officer(Organisation.objects.get(code="U-YL"), "helper")
        chief = an_officer(first, "chief")
        with pytest.raises(NoOfficer):
            name_delegate(chief, first, side().buyer)
        name_delegate(chief, first, helper)
        with pytest.raises(NotAllowed):
            actions.grant_exception(helper, exception)
        for _twice in range(2):
            escalate(exception.number, 0)
        exception.refresh_from_db()
        assert (exception.stage, exception.delegated, exception.waits_for) == (1, True, first)
        escalate(exception.number, 1)
        exception.refresh_from_db()
        assert (exception.stage, exception.delegated, exception.waits_for) == (2, False, first.parent)
        with pytest.raises(NotAllowed):
            actions.grant_exception(helper, exception)
        with pytest.raises(DecidedHigherUp):
            actions.grant_exception(chief, exception)
        while exception.waits_for.parent:
            escalate(exception.number, exception.stage)
            exception.refresh_from_db()
        escalate(exception.number, exception.stage)
        kinds = list(
            Entry.objects.filter(subject=f"exception:{exception.number}").order_by("id").values_list("kind", flat=True)
        )
        assert (kinds[1], kinds[-1]) == ("exception.escalated", "exception.overdue")

    def test_who_looked_at_it_before_it_went_on_comes_too_late(self) -> None:
        exception = asked()
        chief, as_it_was = an_officer(exception.waits_for, "chief"), PriorityException.objects.get(pk=exception.pk)
        escalate(exception.number, 0)
        for verb in (actions.grant_exception, actions.refuse_exception):
            with pytest.raises(DecidedHigherUp):
                verb(chief, as_it_was, answer="太晚")

    def test_the_delegate_answers_for_the_union(self) -> None:
        exception = asked()
        helper = an_officer(Organisation.objects.get(code="U-YL"), "helper")
        name_delegate(an_officer(exception.waits_for, "chief"), exception.waits_for, helper)
        escalate(exception.number, 0)
        exception.refresh_from_db()
        actions.grant_exception(helper, exception)
        assert (exception.decided_by, exception.decided_for) == (helper, exception.waits_for)

    def test_the_step_does_it_when_it_is_due_and_nothing_once_answered(self) -> None:
        exception, answered = asked(), asked(6)
        actions.refuse_exception(officer(), answered, answer="不同意")
        Step.objects.filter(kind=KIND).update(next_run_at=timezone.now() - timedelta(minutes=1))
        run_all_due()
        for one in (exception, answered):
            one.refresh_from_db()
        assert (exception.stage, answered.stage) == (1, 0)
        assert sorted(Step.objects.filter(kind=KIND, state="due").values_list("part", flat=True)) == ["1"]


class TestBeforeThereWereDeadlines:
    """Open requests without one get the days of their union's policy, and the step that moves them on."""

    def test_they_are_answered_like_the_others(self) -> None:
        giver, day = side(), timezone.localdate()
        old = PriorityException.objects.create(
            number="EX-OLD", union=giver.union, product=product(cast.BLOCKED), grounds="旧", quantity=1, valid_from=day, valid_to=day,
            asked_by=giver.buyer,
        )  # fmt: skip
        new = asked()
        migration = import_module("procurement.priority.migrations.0013_exceptions_answered")
        for _twice in range(2):
            with connection.cursor() as cursor:
                cursor.execute(migration.DEADLINES.sql)
        old.refresh_from_db()
        assert (old.waits_for, old.answer_by) == (giver.union.parent, new.answer_by)
        Step.objects.filter(kind=KIND, cause="exception:EX-OLD").update(next_run_at=timezone.now())
        run_all_due()
        old.refresh_from_db()
        assert (old.stage, old.waits_for) == (1, giver.union.parent.parent)


class TestPolicies:
    """A policy that comes into force between judging and storing."""

    @pytest.mark.parametrize("heads", [4, 0])
    def test_the_verdict_counts_no_more_and_the_sentence_says_to_judge_again(self, heads: int) -> None:
        giver = side()
        programme = approved(giver, [cast.BLOCKED if heads else DATES], heads=heads or 4)
        request = plan_of(programme).request
        verdict = purchase_policy().judge(request)
        rule_now(price_band_bp=1)
        with pytest.raises(PolicyChanged, match=r".") as told, transaction.atomic():
            purchase_policy().record_refusal(verdict)
        with override("en"):
            assert "Open the plan again" in str(told.value)
        assert purchase_policy().judge(request).detail.question.policy.version == "test"


class TestOver:
    """Used up, revoked, past its period: a plan is judged without it, and the sentence says why."""

    def refused(self, heads: int = 4, title: str = "乙") -> list[str]:
        plan = approved(side(), [cast.BLOCKED], heads=heads, title=title, prefix=title)
        with pytest.raises(Refusals) as refused:
            place(side().buyer, plan, f"late-{title}")
        assert codes(refused) == ["assistance_first", "exception_over"]
        return [str(one.data["why"]) for one in refused.value.refusals if one.code == "exception_over"]

    def test_revoked_it_binds_plans_that_are_not_placed(self) -> None:
        exception = granted(9)
        placed(side(), [cast.BLOCKED], heads=4, title="甲", prefix="A")
        plan = planned(side(), [cast.BLOCKED], heads=4, title="丙", prefix="C")
        assert preview(plan).slots[0].lines[0].outcome == "exception"
        with pytest.raises(ReasonMissing):
            actions.revoke_exception(officer(), exception, " ")
        actions.revoke_exception(officer(), exception, "情况有变")
        assert preview(plan).slots[0].lines[0].outcome == "blocked"
        with override("en"):
            assert self.refused() == ["it was revoked"]
        with pytest.raises(ExceptionNotGranted):
            actions.revoke_exception(officer(), exception, "再次")
        let_constraints_speak()

    def test_used_up(self) -> None:
        granted(4)
        placed(side(), [cast.BLOCKED], heads=4, title="甲", prefix="A")
        with override("en"):
            assert self.refused() == ["other orders have used what it allowed"]

    def test_it_ends_between_judging_and_placement(self) -> None:
        """Judged on the last day, it passes; placed on the next, it does not. What was placed in time stays."""
        exception = granted(9)
        giver, goods = side(), [cast.BLOCKED]
        with simulated(timezone.now() + timedelta(days=30)):
            need = timezone.localdate() + timedelta(days=20)
            plan = approved(giver, goods, heads=4, title="甲", prefix="A", need_date=need)
            late = approved(giver, goods, heads=4, title="乙", prefix="B", need_date=need)
            assert preview(late).slots[0].lines[0].outcome == "exception"
            order = place(giver.buyer, plan, "in-time")
        with simulated(timezone.now() + timedelta(days=31)):
            with pytest.raises(Refusals) as refused:
                place(giver.buyer, late, "too-late")
            assert codes(refused) == ["assistance_first", "exception_over"]
            bring(order, giver.buyer, "accepted")
            back = supplier_orders(order)[0]
            one = Parcel.objects.filter(supplier_order=back).order_by("pk")[0]
            give_back(giver.buyer, back, [Report((one.pk,), "damaged")])
            let_constraints_speak()
        exception.refresh_from_db()
        assert (exception.used, exception.state, exception.left) == (4, "granted", 5)

    def test_the_database_lets_nothing_pass_out_of_its_period(self) -> None:
        exception = granted(9)
        order = placed(side(), [cast.BLOCKED], heads=4, title="甲", prefix="A")
        (decision,) = Decision.objects.filter(order=order)
        PriorityException.objects.filter(pk=exception.pk).update(state="revoked")
        decision.pk = None
        with pytest.raises(DatabaseError, match="lets nothing pass"), transaction.atomic():
            decision.save(force_insert=True)

    def test_its_period_is_over(self) -> None:
        granted(9)
        exception = PriorityException.objects.get()
        day = timezone.localdate()
        assert [why_over(exception, day + timedelta(days=n)) for n in (0, 30, 31)] == ["", "", "expired"]

    def test_an_officer_of_below_does_not_revoke_what_was_granted_above(self) -> None:
        exception = asked()
        escalate(exception.number, 0)
        exception.refresh_from_db()
        actions.grant_exception(an_officer(exception.waits_for, "up"), exception)
        below = an_officer(side().union.parent, "below")
        with pytest.raises(DecidedHigherUp):
            actions.revoke_exception(below, exception, "x")
