"""Gifts as members find them: one to choose from, one on its way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from procurement.programmes.choosing import offer, open_choosing
from procurement.programmes.models import Programme, Recipient
from tests.world import DATES, FUNGUS, TEA, bring, placed, planned, product, side


def open_gift(heads: int = 3, **changes: Any) -> Programme:
    """Dates for all, fungus or tea to choose, and the choosing open."""
    giver = side()
    programme = planned(giver, [DATES, FUNGUS], heads, **changes)
    offer(giver.buyer, programme, 2, product(TEA))
    open_choosing(giver.buyer, programme, timezone.now() + timedelta(days=5))
    programme.refresh_from_db()
    return programme


def shipped_gift(stage: str = "shipped") -> Recipient:
    """The first recipient of an order that is on its way."""
    giver = side()
    order = placed(giver, [DATES])
    bring(order, giver.buyer, stage)
    return Recipient.objects.filter(programme__order=order).order_by("id")[0]
