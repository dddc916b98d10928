"""What was bought from households, note by note: never edited, only reversed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from marketplace.evidence.models import Entry
from marketplace.organisations.models import Organisation, User
from marketplace.organisations.personal import EncryptedTextField
from marketplace.organisations.scopes import scoped
from suppliers.provenance.models.households import BenefitAgreement


class Collection(models.Model):
    """Produce bought from a household: weight in grams, price in fen for the whole.

    Append-only: a wrong one is reversed, and the right one `replaces` it under the same number.
    """

    agreement = models.ForeignKey(BenefitAgreement, on_delete=models.PROTECT, related_name="collections")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="collections")
    produce = models.CharField(max_length=40)
    grams = models.PositiveIntegerField()
    price = models.PositiveIntegerField()
    collected_on = models.DateField()
    note = models.CharField(max_length=80, help_text="the producer's number of the purchase note")
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="replaced_by", help_text="the reversed one"
    )

    objects = scoped("producer")

    class Meta:
        constraints = [
            # Again only in the place of a reversed one with the same number.
            models.UniqueConstraint(
                fields=["producer", "note"], condition=Q(replaces__isnull=True), name="a_purchase_note_is_entered_once"
            )
        ]

    def __str__(self) -> str:
        return self.note

    @property
    def is_reversed(self) -> bool:
        """Whether it was taken back; `reversal` says why."""
        return hasattr(self, "reversal")


class CollectionReversal(models.Model):
    """That a purchase was entered wrongly; only of one that nothing was made of. Append-only."""

    collection = models.OneToOneField(Collection, on_delete=models.PROTECT, related_name="reversal")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(max_length=200)
    reversed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")

    objects = scoped("producer")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(because=""), name="a_purchase_is_reversed_for_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.collection_id}: {self.because}"


class CollectionPayment(models.Model):
    """That a purchase was paid to its household: the number of the slip (transfer or receipt), the day. Append-only.

    A wrong one is replaced by the right one, which `replaces` it; the last one counts.
    """

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="payments")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    slip = models.CharField(max_length=80)
    paid_on = models.DateField()
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")

    objects = scoped("producer")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["collection"], condition=Q(replaces__isnull=True), name="a_purchase_is_paid_once"
            ),
            models.CheckConstraint(condition=~Q(slip=""), name="a_payment_has_a_slip"),
        ]

    def __str__(self) -> str:
        return self.slip


class PurchaseImport(models.Model):
    """One spreadsheet of purchases: rows found, entered, entered before; what is wrong with the others, and the copy that says so."""

    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    found = models.PositiveIntegerField()
    entered = models.PositiveIntegerField()
    known = models.PositiveIntegerField(help_text="entered before, just as they stand")
    faults = models.JSONField(default=list, help_text="[[sheet, row, column, refusal as it is kept], …]")
    annotated = EncryptedTextField(help_text="the annotated workbook, base64: nobody knows what else stands in it")
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = scoped("producer")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name
