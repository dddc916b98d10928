"""Own objects of the pages of the province enterprise and the operator."""

from types import SimpleNamespace
from typing import Any


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address, for what the enterprise has of Jiaxian's producer."""
    return {"province:order": {"pk": made.part}}
