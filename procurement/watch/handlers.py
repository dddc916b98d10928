"""What the watchdogs' steps do."""

from marketplace.steps.models import Step
from marketplace.steps.registry import handles
from procurement.priority.policy import CERTIFIED
from procurement.watch.actions import TELL
from procurement.watch.notices import show_certificates, tell_of, tell_of_overdue
from procurement.watch.sweep import OVERDUE, SWEEP, sweep_on


@handles(CERTIFIED)
def on_certified(step: Step) -> None:
    """Show new certificates to the producers of their classes."""
    show_certificates(int(step.cause.removeprefix("judgement:")))


@handles(TELL)
def on_challenge(step: Step) -> None:
    """Tell the sides of a challenge how it stands."""
    tell_of(int(step.cause.removeprefix("challenge:")), step.part)


@handles(OVERDUE, queue="reports")
def on_overdue(_step: Step) -> None:
    """Remind of answers that are late."""
    tell_of_overdue()


@handles(SWEEP, queue="reports")
def on_sweep(step: Step) -> bool:
    """Look through new and changed products, one chunk at a time."""
    return sweep_on(step)
