"""Stock in sales units (boxes, bags), and the lots that make it up (I3).

`allocated` on a stock record is what orders have reserved, on a lot what parcels have been given. The guarded updates in
actions.py are the only way to raise either; the CHECKs stand behind them. Movements are append-only; the counters are a cache of them.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import scoped


class Stock(models.Model):
    """What a seller can still promise of one article (sku). Public, like the catalogue."""

    holder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="stock")
    sku = models.CharField(max_length=40, unique=True)
    in_stock = models.PositiveIntegerField(default=0)
    allocated = models.PositiveIntegerField(default=0)
    withheld = models.PositiveIntegerField(
        default=0, db_default=0, help_text="units of lots that may not be assigned; not in `in_stock` while they are"
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(allocated__lte=F("in_stock")), name="never_oversold")]

    def __str__(self) -> str:
        return self.sku

    @property
    def available(self) -> int:
        """Units that can still be promised."""
        return self.in_stock - self.allocated


class Condition(models.TextChoices):
    """Whether a lot may go to parcels. It follows from its holds and recalls, a floor above."""

    GOOD = "good", _("Good")
    HELD = "held", _("Held back")
    RECALLED = "recalled", _("Recalled")


CONDITION_MOVES: dict[str, list[str]] = {"good": ["held", "recalled"], "held": ["good", "recalled"]}


class Lot(models.Model):
    """Goods of one origin and time: `made` sales units, of which `allocated` are in parcels, `shipped` have left with them, and `used`
    went into other lots.
    """

    stock = models.ForeignKey(Stock, on_delete=models.PROTECT, related_name="lots")
    holder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="lots")
    code = models.CharField(max_length=40, unique=True)
    made = models.PositiveIntegerField()
    allocated = models.PositiveIntegerField(default=0)
    shipped = models.PositiveIntegerField(default=0)
    used = models.PositiveIntegerField(default=0, db_default=0)
    produced_on = models.DateField()
    best_before = models.DateField()
    condition = models.CharField(max_length=8, choices=Condition, default=Condition.GOOD, db_default="good")
    certificate_due = models.BooleanField(
        default=False, db_default=False, help_text="needs a pass certificate that it does not have yet"
    )

    objects = scoped("holder")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(made__gte=F("allocated") + F("used")), name="lot_never_oversold"),
            models.CheckConstraint(condition=Q(shipped__lte=F("allocated")), name="shipped_only_what_was_allocated"),
        ]
        indexes = [models.Index(fields=["stock", "best_before", "id"], name="first_expired_first")]

    def __str__(self) -> str:
        return self.code

    @property
    def left(self) -> int:
        """Units that are in no parcel and in no other lot."""
        return self.made - self.allocated - self.used


LEFT = F("made") - F("allocated") - F("used")  # the same within a statement


class MovementKind(models.TextChoices):
    """Why a counter changed."""

    RECEIVE = "receive", _("Received")
    RESERVE = "reserve", _("Reserved")
    RELEASE = "release", _("Released")
    SHIP = "ship", _("Shipped")
    WRITE_OFF = "write_off", _("Promised, and not there")
    USE = "use", _("Used for other lots")
    WITHHOLD = "withhold", _("Taken off sale")
    RESTORE = "restore", _("Back on sale")


class Movement(models.Model):
    """One change of a stock record, once per cause and kind. Append-only."""

    stock = models.ForeignKey(Stock, on_delete=models.PROTECT, related_name="movements")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, related_name="movements")
    kind = models.CharField(max_length=10, choices=MovementKind)
    quantity = models.PositiveIntegerField()
    cause = models.CharField(max_length=80)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "kind", "stock", "lot"], nulls_distinct=False, name="a_cause_moves_stock_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.stock} × {self.quantity}"
