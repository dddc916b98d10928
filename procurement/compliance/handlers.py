"""What compliance's steps do."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from marketplace.steps.models import Step
from marketplace.steps.registry import handles
from procurement.compliance.actions import INTEND, SEAL, intend, seal
from procurement.compliance.figures import publish


@handles(INTEND, queue="reports")
def on_intend(step: Step) -> timedelta | None:
    """Note what an evidence pack holds."""
    return intend(_pack_of(step))


@handles(SEAL, queue="reports")
def on_seal(step: Step) -> timedelta | None:
    """Write an evidence pack that is witnessed by now."""
    return seal(_pack_of(step))


@handles("figures.publish", queue="reports")
def on_figures(step: Step) -> None:
    """Publish the rule's figures of this gift year and the last one."""
    year = timezone.localdate().year
    for gift_year in (year - 1, year):
        publish(gift_year)


def _pack_of(step: Step) -> int:
    return int(step.cause.removeprefix("pack:"))
