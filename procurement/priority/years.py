"""The union-year row: its lock orders whatever changes what clause 3 counts."""

from __future__ import annotations

from marketplace.organisations.models import Organisation
from procurement.priority.models import UnionYear


def lock_year(union: Organisation, gift_year: int) -> UnionYear:
    """The union's year, locked until the transaction ends; opened when it is the first time. Within a scope that sees the union."""
    UnionYear.objects.bulk_create([UnionYear(union=union, gift_year=gift_year)], ignore_conflicts=True)
    year: UnionYear = UnionYear.objects.select_for_update().get(union=union, gift_year=gift_year)
    return year
