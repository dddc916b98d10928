"""What the gift consists of: lines, and short lists among which members choose."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.ledger.models import Purse
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import scoped
from marketplace.shop.catalogue.models import Product
from procurement.programmes.models.plans import Programme


class Option(models.Model):
    """One product of a part's short list, among which each member chooses; who does not choose gets the default.

    What a member chose stays here. The gift lines of the option are what is bought for those who chose it: at first this product,
    after a substitution others.
    """

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="options")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    slot = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    is_default = models.BooleanField(default=False)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "slot", "product"], name="a_product_is_offered_once"),
            models.UniqueConstraint(
                fields=["programme", "slot"], condition=Q(is_default=True), name="one_default_in_a_short_list"
            ),
        ]
        ordering = ["slot", "id"]

    def __str__(self) -> str:
        return f"{self.programme_id}/{self.slot}? {self.product_id}"


class GiftLine(models.Model):
    """Part of the gift. Every recipient gets exactly one line of each slot: a slot with one line is for all.

    A line with an option serves only those who chose it. Where a slot, or an option, has several lines (so many from this producer,
    the rest from that), a recipient is served by the first line of their region that still has `heads` left, then by the first line
    for every region.
    """

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="gift_lines")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    slot = models.PositiveSmallIntegerField()
    option = models.ForeignKey(Option, on_delete=models.CASCADE, null=True, related_name="gift_lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    region = models.CharField(max_length=6, blank=True, help_text="only for recipients of this region; empty for all")
    per_head = models.PositiveSmallIntegerField(default=1, help_text="units for each recipient")
    heads = models.PositiveIntegerField(null=True, help_text="recipients served; null for all the rest")
    purse = models.ForeignKey(Purse, on_delete=models.PROTECT, related_name="+")

    objects = scoped("union")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(per_head__gt=0), name="a_gift_line_gives_something"),
            models.UniqueConstraint(
                fields=["programme", "slot", "option", "region", "product", "purse"],
                nulls_distinct=False,
                name="a_product_fills_a_slot_once",
            ),
            models.UniqueConstraint(
                fields=["programme", "slot", "option", "region"],
                condition=Q(heads__isnull=True),
                nulls_distinct=False,
                name="one_line_takes_the_rest_of_a_slot",
            ),
        ]
        ordering = ["slot", "id"]

    def __str__(self) -> str:
        return f"{self.programme_id}/{self.slot} {self.product}"
