"""What there is behind the parameters of the public pages."""

from types import SimpleNamespace
from typing import Any

from marketplace.evidence.models import Checkpoint
from marketplace.evidence.sequencer import sequence_all
from tests import world as builders


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address."""
    if not Checkpoint.objects.exists():
        sequence_all()
    return {
        "product": {"pk": builders.product(builders.DATES).pk},
        "checkpoint": {"size": Checkpoint.objects.latest("size").size},
    }
