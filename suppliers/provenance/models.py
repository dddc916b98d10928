"""Households, what ties them to a producer, what was collected from them, and which lots it went into (I4)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.organisations.models import County, Organisation
from marketplace.organisations.personal import EncryptedTextField
from marketplace.organisations.scopes import scoped
from marketplace.stock.models import Lot
from suppliers.accreditation.models import Mechanism


class Household(models.Model):
    """A household lifted from poverty (脱贫户): a record, masked on screen, never a login."""

    code = models.CharField(max_length=40, unique=True)
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+")
    village = models.CharField(max_length=60)
    head_name = EncryptedTextField()
    phone = EncryptedTextField()
    id_number = EncryptedTextField()
    id_index = models.CharField(max_length=32, db_index=True, blank=True)
    bank_account = EncryptedTextField()
    producer = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="households", help_text="who recorded it"
    )

    objects = scoped("producer")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["producer", "id_index"], condition=~Q(id_index=""), name="a_household_is_recorded_once"
            )
        ]

    def __str__(self) -> str:
        return self.code


class BenefitAgreement(models.Model):
    """Ties a household to a producer by a mechanism; counts only once the household's side has confirmed it.

    `share_bp`: the part of what a lot sells for that is the households' (hundredths of a per cent), split by the weight each brought.
    """

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="agreements")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="agreements")
    mechanism = models.CharField(max_length=16, choices=Mechanism)
    share_bp = models.PositiveSmallIntegerField()
    signed_on = models.DateField()
    confirmed_at = models.DateTimeField(null=True)

    objects = scoped("producer")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "producer"], name="one_agreement_per_household_and_producer"),
            models.CheckConstraint(condition=Q(share_bp__lte=10_000), name="a_share_is_at_most_the_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.household} ↔ {self.producer}"


class Collection(models.Model):
    """Produce bought from a household: weight in grams, price in fen for the whole."""

    agreement = models.ForeignKey(BenefitAgreement, on_delete=models.PROTECT, related_name="collections")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="collections")
    produce = models.CharField(max_length=40)
    grams = models.PositiveIntegerField()
    price = models.PositiveIntegerField()
    collected_on = models.DateField()
    note = models.CharField(max_length=80, unique=True, help_text="number of the purchase note")

    objects = scoped("producer")

    def __str__(self) -> str:
        return self.note


class LotRecipe(models.Model):
    """How a lot was made: the declared yield (hundredths of a per cent of the input weight), its unit weight and waste (grams)."""

    lot = models.OneToOneField(Lot, on_delete=models.PROTECT, related_name="recipe")
    yield_bp = models.PositiveIntegerField()
    unit_grams = models.PositiveIntegerField()
    waste_grams = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.lot} {self.yield_bp / 100} %"


class LotInput(models.Model):
    """Grams of a collection that went into a lot."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="inputs")
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="used_in")
    grams = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lot", "collection"], name="a_collection_enters_a_lot_once")]

    def __str__(self) -> str:
        return f"{self.collection} → {self.lot}"
