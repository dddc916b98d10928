"""What the programmes' steps do."""

from marketplace.steps.models import Step
from marketplace.steps.registry import handles
from procurement.programmes.choosing import CLOSE, close_in_time
from procurement.programmes.recalls import tell_union
from procurement.programmes.reminders import DAILY, remind
from procurement.programmes.uploads import READ, read_waiting
from procurement.programmes.vouchers import LAST_DAY, deliver_the_rest
from suppliers.provenance.incidents import TELL


@handles(CLOSE)
def on_close(step: Step) -> None:
    """Close a choosing at its deadline; nothing to do when the buyer closed it before."""
    close_in_time(int(step.part))


@handles(DAILY, queue="reports")
def on_day(_step: Step) -> None:
    """Remind of what ends soon or waits."""
    remind()


@handles(LAST_DAY)
def on_last_day(step: Step) -> None:
    """Send to the workplace what nobody called for."""
    deliver_the_rest(int(step.cause.removeprefix("programme:")))


@handles(TELL)
def on_recall(step: Step) -> None:
    """Tell a union and its members of a recall."""
    tell_union(int(step.cause.removeprefix("incident:")), int(step.part))


@handles(READ, queue="imports")
def on_read(step: Step) -> None:
    """Read a large list of members."""
    read_waiting(int(step.cause.removeprefix("import:")))
