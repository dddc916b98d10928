"""What producers say of their goods beyond product, price and delivery; prices outside the band; photographs."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.organisations.models import Organisation, User
from marketplace.organisations.scopes import scoped
from marketplace.shop.catalogue.models import CommodityClass, Product
from marketplace.shop.partner.models import StockRecord


class Storage(models.TextChoices):
    """How goods are kept until they are eaten."""

    ROOM = "room", _("Dry, at room temperature")
    COOL = "cool", _("Cool, out of the light")
    CHILLED = "chilled", _("Chilled, 0 to 4 °C")
    FROZEN = "frozen", _("Frozen, at most −18 °C")


class Terms(models.Model):
    """That a producer keeps an offer itself, and on which terms. From then on the band binds its price. Public, like the offer.

    An offer whose price alone the producer changed has no storage, and is sold from one unit on.
    """

    stockrecord = models.OneToOneField(StockRecord, on_delete=models.PROTECT, related_name="terms")
    storage = models.CharField(max_length=8, choices=Storage, blank=True)
    minimum_order = models.PositiveIntegerField(default=1, help_text="sales units")
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(minimum_order__gt=0), name="something_is_ordered")]

    def __str__(self) -> str:
        return str(self.stockrecord)


class PriceBand(models.Model):
    """How far (hundredths of a per cent) a price may be from its class's reference, from a day on. Append-only.

    Without a class it is for every class that has none of its own.
    """

    commodity_class = models.ForeignKey(CommodityClass, on_delete=models.PROTECT, null=True, related_name="price_bands")
    since = models.DateField()
    band_bp = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["commodity_class", "since"], nulls_distinct=False, name="one_band_from_a_day_on"
            ),
            models.CheckConstraint(condition=Q(band_bp__lte=10_000), name="a_band_is_at_most_the_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.commodity_class} {self.since}"


class RequestState(models.TextChoices):
    """Where a price outside the band stands."""

    WAITING = "waiting", pgettext_lazy("state of a price", "Waits for a second person")
    AGREED = "agreed", pgettext_lazy("state of a price", "Agreed")
    REFUSED = "refused", pgettext_lazy("state of a price", "Refused")
    REPLACED = "replaced", pgettext_lazy("state of a price", "Replaced by a later one")


REQUEST_MOVES: dict[str, list[str]] = {"waiting": ["agreed", "refused", "replaced"]}


class PriceRequest(models.Model):
    """A price outside the band, with the producer's reason; it stands once a second person, not of the producer, has agreed.

    `price` in fen a sales unit; `reference` (fen for 1,000 base units) and `band_bp` as they were on the day. `is_first`: the goods
    come on offer with it.
    """

    stockrecord = models.ForeignKey(StockRecord, on_delete=models.PROTECT, related_name="price_requests")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="price_requests")
    enterprise = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    price = models.PositiveIntegerField()
    reference = models.PositiveIntegerField()
    band_bp = models.PositiveSmallIntegerField()
    reason = models.TextField()
    is_first = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=RequestState, default=RequestState.WAITING)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    words = models.TextField(blank=True)

    objects = scoped("producer", "enterprise")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stockrecord"], condition=Q(state="waiting"), name="one_price_of_an_offer_waits"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["agreed", "refused"])
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("asked_by"))),
                name="a_second_person_decides_on_a_price",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_price_outside_has_a_reason"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.stockrecord_id}: {self.price} {self.state}"


class Photo(models.Model):
    """A photograph of a product as the shop shows it: decoded and encoded anew by us (photos.py). Public, append-only."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="photos")
    content = models.BinaryField(help_text="JPEG, without metadata")
    sha256 = models.CharField(max_length=64)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "sha256"], name="a_photo_is_kept_once")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.sha256[:8]}"
