"""Sellers as Oscar knows them, what they ask, and where they deliver. Public, never scoped."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from oscar.apps.partner.abstract_models import AbstractPartner, AbstractStockRecord

from marketplace.organisations.models import Organisation
from marketplace.stock.models import Stock


class Partner(AbstractPartner):
    """Oscar's partner is one of our organisations: a producer or an ordinary supplier."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="partner")


class StockRecord(AbstractStockRecord):
    """A seller's price for a product. How much there is, is the stock app's matter alone, so Oscar's counters are not stored."""

    num_in_stock = None
    num_allocated = None
    low_stock_threshold = None
    stock = models.OneToOneField(Stock, on_delete=models.PROTECT, related_name="offer")
    listed = models.BooleanField(default=True)

    @property
    def net_stock_level(self) -> int:
        """Units that can still be promised."""
        return int(self.stock.available)

    @property
    def price_fen(self) -> int:
        """The price of one sales unit, without freight, in fen."""
        return int(self.price * 100)


class PriceRecord(models.Model):
    """What an offer cost (fen), from a moment on. Written by a trigger on every path, append-only."""

    stockrecord = models.ForeignKey(StockRecord, on_delete=models.PROTECT, related_name="prices")
    price = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["stockrecord", "at"], name="prices_in_time")]

    def __str__(self) -> str:
        return f"{self.stockrecord_id}: {self.price}"


class Delivery(models.Model):
    """That an offer is delivered to a region: freight (fen a sales unit) and days from order to arrival.

    The region is a GB/T 2260 prefix; the longest that fits a destination counts.
    """

    stockrecord = models.ForeignKey(StockRecord, on_delete=models.CASCADE, related_name="deliveries")
    region = models.CharField(max_length=6)
    freight = models.PositiveIntegerField(default=0)
    days = models.PositiveSmallIntegerField(default=7)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stockrecord", "region"], name="one_freight_per_region")]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.stockrecord} → {self.region}"


from oscar.apps.partner.models import *  # noqa: E402, F403  Oscar's remaining models, after ours
