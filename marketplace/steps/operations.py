"""What a person does about steps that failed."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from marketplace.evidence.actions import record
from marketplace.organisations.models import User
from marketplace.organisations.queries import require_operator
from marketplace.steps.actions import retry
from marketplace.steps.models import Step, StepState


def retry_failed(actor: User, steps: Iterable[int]) -> int:
    """Make failed steps (ids) due again, as the operator; how many those were. What is not failed any more is passed over.

    Raises NotAllowed.
    """
    require_operator(actor)
    with transaction.atomic():
        failed = list(
            Step.objects.select_for_update().filter(pk__in=sorted(set(steps)), state=StepState.FAILED).order_by("pk")
        )
        for step in failed:
            retry(step)
        if failed:
            kinds = sorted({step.kind for step in failed})
            record("steps.retried", {"steps": [step.pk for step in failed], "kinds": kinds})
    return len(failed)
