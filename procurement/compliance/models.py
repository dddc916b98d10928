"""Evidence packs that people asked for, published figures, and years that were closed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.evidence.models import Entry
from marketplace.organisations.models import Organisation, User
from marketplace.organisations.scopes import scoped
from marketplace.shop.order.models import Order
from procurement.policy.models import Policy


class PackState(models.TextChoices):
    """A pack is asked for; what it will hold is noted in the log; it is sealed once witnesses have countersigned that."""

    DUE = "due", _("Asked for")
    INTENDED = "intended", _("Noted in the log")
    DONE = "done", _("Done")


PACK_MOVES: dict[str, list[str]] = {"due": ["intended"], "intended": ["done"]}


class EvidencePack(models.Model):
    """The evidence pack of an order, made by steps so that whoever asked can leave and come back.

    `content` holds a ZIP: of the files that were noted, while it is to be sealed, then of the pack itself. No personal data.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="packs")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=PackState, default=PackState.DUE)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    entries = ArrayField(models.BigIntegerField(), default=list)
    manifest = models.BinaryField(default=b"")
    content = models.BinaryField(default=b"")
    size = models.PositiveBigIntegerField(default=0, help_text="bytes of the pack")
    sha256 = models.CharField(max_length=64, blank=True)
    intended_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=~Q(state="done"), name="one_pack_of_an_order_is_made_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(made_at__isnull=False, size__gt=0), name="a_pack_done_has_content"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.order_id} {self.state}"


class RuleFigures(models.Model):
    """How the rule worked out in a gift year, as published at a moment: counts, leakage and its estimate. Append-only."""

    gift_year = models.PositiveSmallIntegerField()
    figures = models.JSONField(help_text="as the log's entry has them")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["gift_year", "-id"], name="figures_of_a_year")]

    def __str__(self) -> str:
        return f"{self.gift_year} {self.at:%Y-%m-%d}"


class YearClosing(models.Model):
    """A union's gift year as it was closed: its statement to the byte, whose SHA-256 is in the log. Append-only.

    To insert it is what closes the year: the database holds the statement to the year's figures and to the purses, and from then on
    lets nothing count in the year any more.
    """

    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="closings")
    gift_year = models.PositiveSmallIntegerField()
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    statement = models.TextField(help_text="JSON, keys sorted, compact")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    closed_for = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the union itself or the one above that closed it",
    )
    closed_at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["union", "gift_year"], name="a_year_is_closed_once")]

    def __str__(self) -> str:
        return f"{self.union} {self.gift_year}"
