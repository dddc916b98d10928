"""What compliance's steps do."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from django.utils import timezone

from marketplace.steps.models import Step
from marketplace.steps.registry import handles
from procurement.compliance.actions import INTEND, SEAL, intend, seal
from procurement.compliance.estimating import Gone, go_on
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
def on_figures(step: Step) -> bool:
    """Publish the rule's figures of last gift year and this one; False while there is more to judge again."""
    year = timezone.localdate().year
    years = step.cursor.get("years", [year - 1, year])
    gone = Gone(**step.cursor.get("gone", {}))
    while years:
        further = go_on(years[0], gone)
        if further:
            step.cursor = {"years": years, "gone": asdict(further)}
            return False
        publish(years[0], gone)
        years, gone = years[1:], Gone()
    return True


def _pack_of(step: Step) -> int:
    return int(step.cause.removeprefix("pack:"))
