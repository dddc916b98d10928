"""What the rule's steps do."""

from marketplace.steps.models import Step
from marketplace.steps.registry import handles
from procurement.priority.escalation import KIND as ESCALATE
from procurement.priority.escalation import escalate
from procurement.priority.simulating import KIND, work_on


@handles(KIND, queue="reports")
def on_simulate(step: Step) -> bool:
    """Decide the next chunk of judgements once more under another policy."""
    return work_on(step)


@handles(ESCALATE)
def on_escalate(step: Step) -> None:
    """Move on a request for an exception whose deadline is over."""
    escalate(step.cause.removeprefix("exception:"), int(step.part))
