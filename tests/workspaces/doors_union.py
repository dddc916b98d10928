"""Own objects of the union's pages about one person on a list."""

from types import SimpleNamespace
from typing import Any

from procurement.programmes.models import Recipient


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address, for what the giver's union has."""
    return {
        "union:person_off": {"pk": made.programme, "person": Recipient.objects.filter(programme=made.programme)[0].pk}
    }
