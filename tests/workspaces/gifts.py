"""Gifts for pages to show: one to choose from, one on its way, one of which a producer gave up a part."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from marketplace.demo import cast
from marketplace.fulfilment.losses import Report, give_up
from marketplace.fulfilment.models import SupplierOrder
from marketplace.ledger.actions import set_aside
from marketplace.steps.actions import run_all_due
from procurement.programmes.choosing import offer, open_choosing
from procurement.programmes.models import Programme, Recipient
from tests.world import (
    DATES,
    DATES_FEN,
    FUNGUS,
    MOONCAKES,
    MOONCAKES_FEN,
    TEA,
    bring,
    placed,
    planned,
    product,
    seller_of,
    side,
    supplier_orders,
)


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


def with_dates_given_up() -> SupplierOrder:
    """A producer gave up 2 of 30 bags of dates at 30.00, on which the year's mooncakes rest: 60.00 are to be made good."""
    giver = side()
    aside = cast.to_set_aside(30 * DATES_FEN, 30 * MOONCAKES_FEN, giver.reserve.account.balance, 5_000)
    set_aside(giver.buyer, giver.general, giver.reserve, aside, "aside")
    order = placed(giver, [DATES, MOONCAKES], heads=30)
    run_all_due()
    part = next(so for so in supplier_orders(order) if so.producer.code == "P-JX")
    lost = tuple(part.parcels.order_by("pk").values_list("pk", flat=True)[:2])
    give_up(seller_of(part), part, Report(lost, "cannot_supply"))
    return part
