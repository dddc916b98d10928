"""What provenance's steps do."""

from marketplace.steps.models import Step
from marketplace.steps.registry import handles
from suppliers.provenance.incidents import mind_dates


@handles("lots.date")
def on_day(_step: Step) -> None:
    """Take lots off sale that came to their date."""
    mind_dates()
