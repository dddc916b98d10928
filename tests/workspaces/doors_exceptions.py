"""Own objects of the pages of exceptions: a request of Yanta's union with a paper beside it."""

from types import SimpleNamespace
from typing import Any

from procurement.priority.models import PriorityException
from procurement.priority.papers import file_ground
from tests import world as builders


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address."""
    exception = PriorityException.objects.get(number=made.exception)
    paper = file_ground(builders.side().buyer, exception, "a.pdf", b"%PDF-1.7")
    number = {"number": made.exception}
    return {
        "oversight:revoke": number,
        "oversight:exception_paper": number | {"paper": paper.pk},
        "union:ask_paper": number,
        "union:asked_paper": number | {"paper": paper.pk},
    }
