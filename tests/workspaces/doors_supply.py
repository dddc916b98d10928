"""Own objects of the producers' pages."""

from types import SimpleNamespace
from typing import Any


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address, for what the producer of Jiaxian has."""
    part, accrual = {"pk": made.part}, {"pk": made.accrual}
    return {f"producer:{name}": part for name in ("supplier_order", "confirm", "labels", "cannot_supply")} | {
        f"producer:{name}": accrual for name in ("accrual", "paid", "confirmed")
    }
