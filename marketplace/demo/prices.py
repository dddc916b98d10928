"""A price that jumps: one seller asks more shortly before a festival, and less again afterwards. Auditors find it as a red flag."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial

from django.utils import timezone

from marketplace.demo.gifts import PLACED_BEFORE
from marketplace.demo.story import Year
from marketplace.evidence.actions import record
from marketplace.shop.partner.models import PriceRecord, StockRecord
from procurement.policy.festivals import of_year
from procurement.policy.models import Occasion

_MOONCAKES = "BH-MOON-480"
_RISE_PERCENT = 18
_BEFORE, _AFTER = timedelta(days=12), timedelta(days=20)  # before the orders of the festival, and after them


def note_prices(year: Year) -> None:
    """Note that the price of one kind of mooncakes rises before each Mid-Autumn Festival of the past, and falls again."""
    supply = year.supply
    first = supply.offers[_MOONCAKES]
    dear = first.price * (100 + _RISE_PERCENT) / 100
    _keep(first, first.price)
    for festival in (
        of_year(number)[Occasion.MID_AUTUMN] for number in range(supply.begun.year, supply.today.year + 1)
    ):
        for day, price in (
            (festival - PLACED_BEFORE - _BEFORE, dear),
            (festival - PLACED_BEFORE + _AFTER, first.price),
        ):
            if supply.begun < day < supply.today:
                year.diary.note(day, partial(_ask, first, price), 8)


def _ask(offer: StockRecord, price: Decimal) -> None:
    """Set the price, as it will be asked from this day on."""
    StockRecord.objects.filter(pk=offer.pk).update(price=price)
    _keep(offer, price)
    body = {"sku": offer.partner_sku, "product": offer.product_id, "price": int(price * 100)}
    record("offer.priced", body, subject=f"product:{offer.product_id}")


def _keep(offer: StockRecord, price: Decimal) -> None:
    """The price's own record carries the day of the database; this one carries the day of the story."""
    PriceRecord.objects.create(stockrecord=offer, price=int(price * 100), at=timezone.now())
