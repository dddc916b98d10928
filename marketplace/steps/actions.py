"""Writing steps, nudging them, carrying them out."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from celery import current_app
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from marketplace.organisations.errors import HouseError
from marketplace.organisations.refusals import kept
from marketplace.organisations.scopes import seen_by
from marketplace.steps.models import Step, StepState
from marketplace.steps.registry import handler_of, queue_of

log = logging.getLogger(__name__)

TASK = "steps.run"
MAX_ATTEMPTS = 8
_FIRST_WAIT = timedelta(seconds=2)


def write(cause: str, kind: str, parts: Iterable[str] = ("",), *, not_before: datetime | None = None) -> None:
    """Write steps in the caller's transaction, one for each part, and nudge them when it commits. Writing one again does nothing."""
    handler_of(kind)
    when = not_before or timezone.now()
    Step.objects.bulk_create(
        [Step(cause=cause, kind=kind, part=part, next_run_at=when) for part in parts], ignore_conflicts=True
    )
    transaction.on_commit(lambda: nudge_cause(cause, kind), robust=True)


def write_each(causes: Iterable[str], kind: str) -> None:
    """Write one step of a kind for each of these causes, as `write` does for one."""
    handler_of(kind)
    steps = [Step(cause=cause, kind=kind) for cause in causes]
    Step.objects.bulk_create(steps, ignore_conflicts=True)
    names = [step.cause for step in steps]
    due = Step.objects.filter(cause__in=names, kind=kind, state=StepState.DUE)
    transaction.on_commit(lambda: nudge(due), robust=True)


def nudge_cause(cause: str, kind: str) -> None:
    """Nudge the steps of one cause and kind that are due now."""
    nudge(Step.objects.filter(cause=cause, kind=kind, state=StepState.DUE, next_run_at__lte=timezone.now()))


def nudge(steps: Iterable[Step]) -> int:
    """Send a message for each step. A broker that is down is no error: the sweeper nudges again."""
    sent = 0
    try:
        for step in steps:
            current_app.send_task(TASK, (step.pk,), queue=queue_of(step.kind), retry=False)
            sent += 1
    except (OperationalError, OSError):
        log.warning("the broker does not answer; the sweeper will nudge again")
    return sent


def sweep(limit: int = 500) -> int:
    """Nudge what is due, oldest first. Any number of sweepers may run: a nudge too many finds nothing to claim."""
    late = timezone.now() - timedelta(seconds=1)
    return nudge(Step.objects.filter(state=StepState.DUE, next_run_at__lte=late).order_by("next_run_at")[:limit])


def oldest_due() -> timedelta:
    """How long the oldest due step has waited: the one alarm."""
    first = (
        Step.objects.filter(state=StepState.DUE).order_by("next_run_at").values_list("next_run_at", flat=True).first()
    )
    return max(timezone.now() - first, timedelta(0)) if first else timedelta(0)


def run(step_id: int) -> bool:
    """Claim a step and carry it out, effects, following steps, evidence and its own new state in one transaction.

    Returns whether it was claimed: False when it is done, not yet due, or in another worker's hands. A handler's failure is
    written down with its reason and tried again later, and after MAX_ATTEMPTS waits for a person.
    """
    with transaction.atomic():
        step = (
            Step.objects.select_for_update(skip_locked=True)
            .filter(pk=step_id, state=StepState.DUE, next_run_at__lte=timezone.now())
            .first()
        )
        if step is None:
            return False
        try:
            with transaction.atomic(), seen_by(None):
                finished = handler_of(step.kind)(step)
                _check_deferred()
        except Exception as error:  # whatever went wrong belongs on the step's page, not in a lost message
            log.exception("step %s failed", step.pk)
            _put_off(step, error)
            return True
        if finished is False:
            step.next_run_at = timezone.now()
        elif isinstance(finished, timedelta):
            step.next_run_at = timezone.now() + finished
        else:
            step.state, step.done_at, step.reason = StepState.DONE, timezone.now(), ""
            step.refusal = []
        step.save(update_fields=["state", "done_at", "reason", "refusal", "next_run_at", "cursor"])
        if finished is False:
            transaction.on_commit(lambda: nudge([step]), robust=True)
    return True


def _check_deferred() -> None:
    """Let deferred constraints speak now, so that a refusal is this step's reason and not the commit's failure."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def _put_off(step: Step, error: Exception) -> None:
    step.attempts += 1
    said = str(error) if isinstance(error, HouseError) else f"{type(error).__name__}: {error}"
    step.reason = said[:2000]
    step.refusal = kept(error) if isinstance(error, HouseError) else []
    step.state = StepState.FAILED if step.attempts >= MAX_ATTEMPTS else StepState.DUE
    step.next_run_at = timezone.now() + _FIRST_WAIT * 2 ** (step.attempts - 1)
    step.save(update_fields=["attempts", "reason", "refusal", "state", "next_run_at"])


def run_all_due() -> int:
    """Carry out everything that is due, with no broker at all; the number of steps carried out."""
    done = 0
    while ids := list(
        Step.objects.filter(state=StepState.DUE, next_run_at__lte=timezone.now())
        .order_by("next_run_at", "id")
        .values_list("id", flat=True)[:100]
    ):
        done += (ran := sum(run(i) for i in ids))
        if not ran:
            break
    return done


def retry(step: Step) -> None:
    """Make a failed step due again, at once."""
    Step.objects.filter(pk=step.pk, state=StepState.FAILED).update(
        state=StepState.DUE, attempts=0, next_run_at=timezone.now()
    )
    transaction.on_commit(lambda: nudge([step]), robust=True)
