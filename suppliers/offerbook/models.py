"""The offer book: every offer as it stands is an entry of the log, and a signed root says which entries stood together.

Plain SQL triggers (migrations/0002) write an entry `offer.stands` with every change of an offer's listing, price, product, class,
accreditation or delivery, and `offer.capacity` when what can be promised passes a power of two; `offers.book` is the root of all of
them. Nobody else may write these kinds, nor the tables here.
The tables here say nothing that the log does not: `manage.py check_offer_book` computes all of them anew from it.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.evidence.models import Entry


class StandingOffer(models.Model):
    """What the last entry of an offer (stock record) says of it, as canonical JSON. Written by the triggers alone."""

    offer = models.BigIntegerField(primary_key=True)
    product = models.BigIntegerField()
    body = models.TextField()

    def __str__(self) -> str:
        return str(self.offer)


class Version(models.Model):
    """An entry of an offer, or of a stock's capacity, with the part of the log for which it holds: from `since` up to `until`.

    `class_code` is empty unless it is an assistance product of a class; `offer` is null where the entry is of a stock's capacity.
    """

    since = models.BigIntegerField(primary_key=True, help_text="the entry's place in the log")
    until = models.BigIntegerField(null=True, help_text="the place of the entry that replaced it")
    offer = models.BigIntegerField(null=True)
    stock = models.BigIntegerField(null=True)
    class_code = models.CharField(max_length=12, blank=True)
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        indexes = [
            models.Index(fields=["class_code", "since"], name="versions_of_class", condition=~Q(class_code="")),
            models.Index(fields=["offer", "since"], name="versions_of_offer", condition=Q(offer__isnull=False)),
            models.Index(fields=["stock", "since"], name="versions_of_capacity", condition=Q(offer__isnull=True)),
        ]

    def __str__(self) -> str:
        return str(self.since)


class Book(models.Model):
    """The book as the first `size` entries of the log make it. Its root is in an entry of the log, and so under its signature.

    Numbered without gaps. Append-only.
    """

    number = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField()
    root = models.CharField(max_length=64, db_index=True)
    offers = models.PositiveIntegerField(help_text="assistance products in it")
    classes = models.PositiveIntegerField()
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.number)
