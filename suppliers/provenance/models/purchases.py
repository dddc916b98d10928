"""What was bought from households, note by note."""

from __future__ import annotations

from django.db import models

from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import scoped
from suppliers.provenance.models.households import BenefitAgreement


class Collection(models.Model):
    """Produce bought from a household: weight in grams, price in fen for the whole."""

    agreement = models.ForeignKey(BenefitAgreement, on_delete=models.PROTECT, related_name="collections")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="collections")
    produce = models.CharField(max_length=40)
    grams = models.PositiveIntegerField()
    price = models.PositiveIntegerField()
    collected_on = models.DateField()
    note = models.CharField(max_length=80, help_text="the producer's number of the purchase note")

    objects = scoped("producer")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["producer", "note"], name="a_purchase_note_is_entered_once")]

    def __str__(self) -> str:
        return self.note
