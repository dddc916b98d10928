"""A union's gift year that is over: its purses, and what was bought in it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from marketplace.ledger.actions import fund, open_purse
from marketplace.ledger.models import PurseKind
from marketplace.shop.order.models import Order
from tests.world import Side, bring, placed, side


def last_year(aside: int = 200_000) -> tuple[Side, int]:
    """Yanta's union with the purses of the year before."""
    now = side()
    year = timezone.localdate().year - 1
    general = open_purse(now.union, now.general.name, year)
    reserve = open_purse(now.union, now.reserve.name, year, kind=PurseKind.RING_FENCED)
    fund(general, 1_000_000, "general-before")
    if aside:
        fund(reserve, aside, "aside-before")
    return Side(now.union, now.buyer, now.approver, general, reserve), year


def delivered(giver: Side, goods: list[str], year: int, heads: int = 10, **changes: Any) -> Order:
    return bring(placed(giver, goods, heads=heads, gift_year=year, **changes), giver.buyer, "paid")
