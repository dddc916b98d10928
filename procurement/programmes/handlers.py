"""What the programmes' steps do."""

from marketplace.steps.models import Step
from marketplace.steps.registry import handles
from procurement.programmes.choosing import CLOSE, close_in_time


@handles(CLOSE)
def on_close(step: Step) -> None:
    """Close a choosing at its deadline; nothing to do when the buyer closed it before."""
    close_in_time(int(step.part))
