"""Two unions side by side, and orders so old that one may hand them to the other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from marketplace.demo import cast
from marketplace.fulfilment.models import SupplierOrder
from marketplace.ledger.actions import fund, open_purse
from marketplace.ledger.models import PurseKind
from marketplace.organisations.models import Organisation
from marketplace.shop.order.models import Order
from tests.world import Side, bring, placed, side

BAQIAO = "U-XA-BQ"


def neighbour(code: str) -> Side:
    """A union that has people but bought nothing yet, with purses as Yanta has."""
    union = Organisation.objects.get(code=code)
    year = timezone.localdate().year
    general = open_purse(union, cast.GENERAL_PURSE, year)
    open_purse(union, cast.ASSISTANCE_PURSE, year, kind=PurseKind.RING_FENCED)
    fund(general, 1_000_000, f"fund-{code}")
    return side(code)


def final(order: Order, giver: Side) -> Order:
    """Accepted and paid, and so long ago that nothing of it can be returned any more."""
    bring(order, giver.buyer, "paid")
    parts = SupplierOrder.objects.filter(order=order)
    parts.update(accepted_at=timezone.now() - timedelta(days=max(p.return_days for p in parts) + 1))
    return order


def finished(giver: Side, goods: Any, heads: int = 2, **changes: Any) -> Order:
    return final(placed(giver, goods, heads, **changes), giver)
