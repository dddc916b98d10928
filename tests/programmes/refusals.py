"""What a refusal says, and that it left nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from marketplace.organisations.errors import HouseError, Refusals
from marketplace.shop.placement import Refused
from procurement.programmes.placement import place
from tests.world import approved


def rows() -> dict[str, int]:
    """How many rows each table of the house holds."""
    ours = {"marketplace", "suppliers", "procurement"}
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model.__module__.split(".")[0] in ours and model._meta.managed:
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(model._meta.db_table)}")
                found[model.__name__] = cursor.fetchone()[0]
    return found


def refused(call: Callable[[], Any], *, writes: dict[str, int] | None = None) -> HouseError:
    """The refusal; and that it left no row behind but those that `writes` names."""
    before = rows()
    with pytest.raises(HouseError) as caught:
        call()
    after = rows()
    assert {name: after[name] - n for name, n in before.items() if after[name] != n} == (writes or {})
    return caught.value


def told(refusal: HouseError) -> list[tuple[str, str]]:
    """Code and sentence of every fault."""
    faults = refusal.refusals if isinstance(refusal, Refusals) else [refusal]
    return [(fault.code, str(fault)) for fault in faults]


def refusals(giver: Any, goods: Any, heads: int = 2, **changes: Any) -> list[str]:
    """The codes of what stands against placing this gift; nothing of it stays."""
    plan = approved(giver, goods, heads, **changes)
    with pytest.raises(Refused) as caught:
        place(giver.buyer, plan, f"attempt-{plan.pk}")
    return [refusal.code for refusal in caught.value.refusals]
