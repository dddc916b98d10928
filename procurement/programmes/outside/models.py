"""What a union bought elsewhere: registered as it happened, never edited, shown apart from its share."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from marketplace.evidence.models import Entry
from marketplace.organisations.models import Organisation, User
from marketplace.organisations.papers import Scan
from marketplace.organisations.scopes import scoped
from procurement.policy.models import GiftForm, Occasion, Policy
from procurement.programmes.models.papers import PaperKind


class OutsidePurchase(models.Model):
    """One purchase elsewhere, by its invoice. Append-only: a wrong one is reversed, and the right one `replaces` it.

    It counts in the cap of each member whom it reached, `per_head` fen, and neither in A nor in O. Without a list of who they were
    (`named`) it counts for every member. `found` is what the rule of that day said against it, as [[code, data], …].
    """

    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="outside_purchases")
    number = models.CharField(max_length=60, unique=True)
    gift_year = models.PositiveSmallIntegerField()
    bought_on = models.DateField()
    occasion = models.CharField(max_length=20, choices=Occasion)
    form = models.CharField(max_length=20, choices=GiftForm, default=GiftForm.GOODS)
    supplier = models.CharField(max_length=120)
    invoice = models.CharField(max_length=30, help_text="the invoice's number, capital letters and digits")
    amount = models.BigIntegerField(help_text="fen")
    members = models.PositiveIntegerField(help_text="reached by it")
    per_head = models.PositiveIntegerField(help_text="fen, rounded up")
    named = models.BooleanField(default=False, help_text="a list says who the members were")
    quotations = models.PositiveSmallIntegerField(default=0)
    approvers = models.PositiveSmallIntegerField(default=1)
    note = models.CharField(max_length=400, blank=True)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, null=True, related_name="+")
    found = models.JSONField(default=list)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="replaced_by", help_text="the reversed one"
    )
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")

    objects = scoped("union")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, members__gt=0), name="something_was_bought_for_somebody"),
            # An invoice is registered once; again only in the place of a reversed one with the same number.
            models.UniqueConstraint(
                fields=["union", "invoice"], condition=Q(replaces__isnull=True), name="an_invoice_is_registered_once"
            ),
        ]
        indexes = [models.Index(fields=["union", "gift_year"], name="outside_of_a_year")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number

    @property
    def is_reversed(self) -> bool:
        """Whether it was taken back; `reversal` says why."""
        return hasattr(self, "reversal")


class OutsideMember(models.Model):
    """A member whom a purchase from outside reached, by the blind index that finds them in programmes. Append-only."""

    purchase = models.ForeignKey(OutsidePurchase, on_delete=models.PROTECT, related_name="reached")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.CharField(max_length=32, db_index=True)

    objects = scoped("union")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["purchase", "person"], name="reached_once")]

    def __str__(self) -> str:
        return f"{self.purchase_id}/{self.person[:8]}"


class OutsideReversal(models.Model):
    """A purchase registered wrongly, taken back with the reason. Append-only; it stays beside what it reverses."""

    purchase = models.OneToOneField(OutsidePurchase, on_delete=models.PROTECT, related_name="reversal")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    gift_year = models.PositiveSmallIntegerField()
    because = models.CharField(max_length=400)
    reversed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")

    objects = scoped("union")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(because=""), name="a_reversal_says_why")]

    def __str__(self) -> str:
        return f"{self.purchase} reversed"


class OutsidePaper(Scan):
    """A scanned paper beside a purchase from outside. Append-only."""

    purchase = models.ForeignKey(OutsidePurchase, on_delete=models.PROTECT, related_name="papers")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=PaperKind, default=PaperKind.INVOICE)
    at = models.DateTimeField(default=timezone.now)

    objects = scoped("union")

    class Meta(Scan.Meta):
        constraints = [models.UniqueConstraint(fields=["purchase", "sha256"], name="an_outside_paper_is_filed_once")]
