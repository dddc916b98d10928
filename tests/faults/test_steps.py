"""Step rows: done once however often they are nudged, tried again, given up with a reason, found when the message was lost."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.evidence.models import Entry
from marketplace.organisations.scopes import seen_by
from marketplace.steps import actions
from marketplace.steps.models import Step
from marketplace.steps.registry import handles
from tests.house import ROOT
from tests.races import race
from tests.world import DATES, placed, side, supplier_orders

HARMLESS, TROUBLED, ENDLESS, LATE = "test.harmless", "test.troubled", "test.endless", "test.forbidden"


@handles(HARMLESS)
def harmless(step: Step) -> None:
    record("test.done", {"part": step.part}, subject=step.cause)


@handles(TROUBLED)
def troubled(step: Step) -> None:
    """Writes something and then fails, as long as the step's cursor does not say that it is mended."""
    record("test.done", {"part": step.part}, subject=step.cause)
    if not Entry.objects.filter(kind="test.mended").exists():
        raise RuntimeError("the carrier's address is wrong")


@handles(ENDLESS)
def in_chunks(step: Step) -> bool | None:
    """Three chunks, one at a time."""
    chunk = step.cursor.get("chunk", 0)
    record("test.done", {"chunk": chunk}, subject=step.cause)
    step.cursor = {"chunk": chunk + 1}
    return False if chunk < 2 else None


@handles(LATE)
def breaks_a_deferred_rule(step: Step) -> None:
    """Posts a transaction without legs: the ledger says so at the end of the transaction only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_transaction (key, kind, cause, legs_count, posted_at) VALUES ('x', 'x', 'x', 0, now())"
        )


def written(kind: str, *parts: str) -> list[Step]:
    with transaction.atomic():
        actions.write("test:1", kind, parts or ("",))
    return list(Step.objects.filter(cause="test:1", kind=kind).order_by("pk"))


def effects() -> int:
    return Entry.objects.filter(kind="test.done").count()


def make_due(step: Step) -> None:
    Step.objects.filter(pk=step.pk).update(next_run_at=timezone.now())


@pytest.mark.django_db
class TestOnce:
    def test_a_step_is_written_once_and_run_once(self) -> None:
        (step,) = written(HARMLESS)
        assert written(HARMLESS) == [step]
        assert [actions.run(step.pk) for _ in range(3)] == [True, False, False]
        step.refresh_from_db()
        assert (step.state, step.attempts, step.reason, effects()) == ("done", 0, "", 1)
        assert step.done_at is not None

    def test_parts_are_steps_of_their_own(self) -> None:
        assert [step.part for step in written(HARMLESS, "a", "b")] == ["a", "b"]
        assert actions.run_all_due() == 2
        assert effects() == 2

    def test_a_kind_that_nobody_handles_is_refused_at_once(self) -> None:
        with pytest.raises(KeyError):
            written("test.nobody")
        assert not Step.objects.exists()

    def test_what_is_not_yet_due_is_left_alone(self) -> None:
        tomorrow = timezone.now() + timedelta(days=1)
        with transaction.atomic():
            actions.write("test:1", HARMLESS, not_before=tomorrow)
        (step,) = Step.objects.all()
        assert (actions.run(step.pk), actions.run_all_due(), effects()) == (False, 0, 0)
        make_due(step)
        assert (actions.run_all_due(), effects()) == (1, 1)

    def test_a_step_that_is_not_there(self) -> None:
        assert actions.run(1) is False

    def test_long_work_goes_on_chunk_by_chunk(self) -> None:
        (step,) = written(ENDLESS)
        assert actions.run(step.pk) is True
        step.refresh_from_db()
        assert (step.state, step.cursor, effects()) == ("due", {"chunk": 1}, 1)
        assert actions.run_all_due() == 2
        step.refresh_from_db()
        assert (step.state, step.cursor, effects()) == ("done", {"chunk": 3}, 3)


@pytest.mark.django_db
class TestFailure:
    def test_it_is_tried_again_later_each_time_later_and_then_waits_for_a_person(self) -> None:
        (step,) = written(TROUBLED)
        waits = []
        for attempt in range(1, actions.MAX_ATTEMPTS + 1):
            make_due(step)
            before = timezone.now()
            assert actions.run(step.pk) is True
            step.refresh_from_db()
            assert step.attempts == attempt
            waits.append(round((step.next_run_at - before).total_seconds()))
        assert waits == [2, 4, 8, 16, 32, 64, 128, 256]
        assert (step.state, step.reason) == ("failed", "RuntimeError: the carrier's address is wrong")
        assert effects() == 0
        make_due(step)
        assert (actions.run(step.pk), actions.run_all_due()) == (False, 0)

    def test_retry_makes_it_due_again_and_only_what_has_failed(self) -> None:
        (step,) = written(TROUBLED)
        Step.objects.filter(pk=step.pk).update(state="failed", attempts=8, reason="RuntimeError: …")
        record("test.mended", {})
        actions.retry(step)
        step.refresh_from_db()
        assert (step.state, step.attempts) == ("due", 0)
        assert actions.run(step.pk) is True
        step.refresh_from_db()
        assert (step.state, step.reason, effects()) == ("done", "", 1)
        actions.retry(step)
        assert Step.objects.get().state == "done"
        assert actions.run_all_due() == 0

    def test_one_failing_step_does_not_hold_up_the_others(self) -> None:
        written(TROUBLED)
        written(HARMLESS, "a", "b")
        assert actions.run_all_due() == 3
        assert sorted(Step.objects.values_list("state", "attempts")) == [("done", 0), ("done", 0), ("due", 1)]
        assert effects() == 2

    def test_a_refusal_by_a_deferred_constraint_is_the_steps_reason(self) -> None:
        (step,) = written(LATE)
        assert actions.run(step.pk) is True
        step.refresh_from_db()
        assert (step.state, step.attempts) == ("due", 1)
        assert "IntegrityError: The transaction x has no legs." in step.reason

    def test_the_alarm_is_the_age_of_the_oldest_due_step(self) -> None:
        assert actions.oldest_due() == timedelta(0)
        (step,) = written(HARMLESS)
        Step.objects.filter(pk=step.pk).update(next_run_at=timezone.now() - timedelta(minutes=5))
        assert 300 <= actions.oldest_due().total_seconds() < 310
        actions.run_all_due()
        assert actions.oldest_due() == timedelta(0)


class TestNudges:
    """With real commits and the real broker, and no worker: messages lie in the queue."""

    def test_a_commit_nudges_and_a_rollback_does_not(self, fresh_database, queue) -> None:
        with pytest.raises(RuntimeError), transaction.atomic():
            actions.write("test:0", HARMLESS)
            raise RuntimeError
        assert queue.llen("fulfilment") == 0
        written(HARMLESS, "a", "b")
        assert queue.llen("fulfilment") == 2

    def test_eight_workers_at_once_do_it_once(self, fresh_database, broker) -> None:
        (step,) = written(HARMLESS)
        outcomes = race([lambda: actions.run(step.pk)] * 8)
        assert sorted(outcomes) == [False] * 7 + [True]
        assert effects() == 1

    def test_the_sweep_finds_what_lost_its_message(self, fresh_database, queue) -> None:
        steps = written(HARMLESS, "a", "b", "c")
        queue.flushdb()
        assert actions.sweep() == 0  # they are due for less than a second
        Step.objects.update(next_run_at=timezone.now() - timedelta(seconds=2))
        actions.run(steps[0].pk)
        assert actions.sweep() == 2
        assert queue.llen("fulfilment") == 2
        assert actions.sweep(limit=1) == 1

    def test_without_any_broker(self, fresh_world, broker) -> None:
        """`manage.py run_steps`, where nobody listens at the broker's address."""
        with seen_by(None):
            order = placed(side(), [DATES])
            done = subprocess.run(
                [sys.executable, "manage.py", "run_steps"],
                cwd=ROOT,
                env=os.environ | {"REDIS_URL": "redis://127.0.0.1:1/0"},
                capture_output=True,
                text=True,
                check=True,
            )
            assert done.stdout == "1 steps\n"
            assert [bool(so.sent_at) for so in supplier_orders(order)] == [True]

    def test_run_steps_says_how_many(self, fresh_database, broker, capsys) -> None:
        written(HARMLESS, "a", "b")
        call_command("run_steps")
        assert capsys.readouterr().out == "2 steps\n"
