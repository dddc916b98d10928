"""One row per listed offer, with all that a card, its filters and sorting need. Public, never scoped.

Plain SQL triggers (migrations/0002) write it in the transaction that changes price, product, class, county, accreditation or
organisation; nobody else may. How much is left is not in the row: every order would write it. Join the stock.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import County, Organisation
from marketplace.shop.catalogue.models import CommodityClass, Product
from marketplace.shop.partner.models import StockRecord
from marketplace.stock.models import Stock


class ProducerKind(models.TextChoices):
    """What kind of body sells, as its credit code says (GB 32100)."""

    COOPERATIVE = "cooperative", _("Cooperative")
    COLLECTIVE = "collective", _("Village collective")
    ENTERPRISE = "enterprise", _("County enterprise")
    TRADER = "trader", _("Ordinary supplier")


def _mirrored(to: type[models.Model], **options: Any) -> models.ForeignKey[Any, Any]:
    """A reference that the triggers keep: the database need not check it a second time."""
    return models.ForeignKey(to, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", **options)


class Listing(models.Model):
    """An offer as the shop window shows it.

    `price` in fen a sales unit without freight; `unit_price` in fen a kilogram, litre or piece, None where the content is not
    known. It is an assistance offer on a day with `assistance_from` <= day < `assistance_to`: accredited, from a listed county,
    by a producer in good standing.
    """

    stockrecord = models.OneToOneField(
        StockRecord, on_delete=models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="listing"
    )
    product = models.ForeignKey(Product, on_delete=models.DO_NOTHING, db_constraint=False, related_name="listings")
    stock = _mirrored(Stock)
    sku = models.CharField(max_length=128)
    title = models.CharField(max_length=255)
    title_en = models.CharField(max_length=255)
    is_box = models.BooleanField()
    commodity_class = _mirrored(CommodityClass, null=True)
    group = _mirrored(CommodityClass, null=True)
    class_code = models.CharField(max_length=12)
    class_name = models.CharField(max_length=40)
    class_name_en = models.CharField(max_length=60)
    base_unit = models.CharField(max_length=4)
    county = _mirrored(County, null=True)
    county_name = models.CharField(max_length=40)
    county_name_en = models.CharField(max_length=80)
    city = models.CharField(max_length=40)
    producer = _mirrored(Organisation)
    producer_name = models.CharField(max_length=120)
    producer_name_en = models.CharField(max_length=160)
    producer_kind = models.CharField(max_length=12, choices=ProducerKind)
    price = models.IntegerField()
    unit_price = models.BigIntegerField(null=True)
    assistance_from = models.DateField(null=True)
    assistance_to = models.DateField(null=True)
    words = models.TextField(help_text="what the search looks in, in lower case")
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            # The orders of the catalogue, each read from where the page begins.
            models.Index(fields=["-product", "stockrecord"], name="listings_newest"),
            models.Index(fields=["price", "stockrecord"], name="listings_cheapest"),
            models.Index(fields=["unit_price", "stockrecord"], name="listings_cheapest_by_unit"),
            models.Index(fields=["title", "stockrecord"], name="listings_by_name"),
            # All that the catalogue's facets count, so that counting reads this index and not the wide rows.
            models.Index(
                fields=[
                    "group",
                    "commodity_class",
                    "county",
                    "producer_kind",
                    "price",
                    "assistance_from",
                    "assistance_to",
                    "stock",
                ],
                name="listings_counted",
            ),
        ]

    def __str__(self) -> str:
        return self.sku

    def _told(self, name: str) -> str:
        english = str(getattr(self, f"{name}_en")) if get_language() == "en" else ""
        return english or str(getattr(self, name))

    @property
    def name(self) -> str:
        """The product's title in the reader's language."""
        return self._told("title")

    @property
    def county_told(self) -> str:
        """The county's name in the reader's language."""
        return self._told("county_name")

    @property
    def producer_told(self) -> str:
        """The seller's name in the reader's language."""
        return self._told("producer_name")
