"""R: money set aside for assistance products."""

from __future__ import annotations

from django.db.models import Sum
from django.db.models.functions import Coalesce

from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.models import Organisation


def reserve(union: Organisation, gift_year: int) -> int:
    """R: the unspent balance (fen) of the union's assistance-only purses for the year; nothing once it is closed and carried over."""
    purses = Purse.objects.filter(union=union, gift_year=gift_year, kind=PurseKind.RING_FENCED)
    return int(purses.aggregate(total=Coalesce(Sum("account__balance"), 0))["total"])
