"""Accreditations (认定): a product of a producer in a listed county, with the benefit mechanism and how long it holds."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import County, Organisation
from marketplace.shop.catalogue.models import Product


class Mechanism(models.TextChoices):
    """How households benefit (联农带农机制)."""

    ORDER_PURCHASE = "order_purchase", _("Order purchase")
    EMPLOYMENT = "employment", _("Employment")
    SHARE_DIVIDEND = "share_dividend", _("Share dividend")
    LAND_LEASE = "land_lease", _("Land lease")
    COMMISSION = "commission", _("Sale on commission")
    ASSET_INCOME = "asset_income", _("Asset income")


class AccreditationState(models.TextChoices):
    """The way of an accreditation: the county decides, higher levels supervise, then public notice."""

    DRAFT = "draft", _("Draft")
    APPLIED = "applied", _("Applied")
    TOWN_REVIEW = "town_review", _("Town reviewed")
    SECTOR_REVIEW = "sector_review", _("Sector reviewed")
    COUNTY_DECISION = "county_decision", _("County decided")
    PUBLIC_NOTICE = "public_notice", _("Public notice")
    VALID = "valid", _("Valid")
    REFUSED = "refused", _("Refused")
    SUSPENDED = "suspended", _("Suspended")
    REVOKED = "revoked", _("Revoked")


ACCREDITATION_MOVES: dict[str, list[str]] = {
    "draft": ["applied"],
    "applied": ["town_review", "refused"],
    "town_review": ["sector_review", "refused"],
    "sector_review": ["county_decision", "refused"],
    "county_decision": ["public_notice", "refused"],
    "public_notice": ["valid", "refused"],
    "valid": ["suspended", "revoked"],
    "suspended": ["valid", "revoked"],
}


class Accreditation(models.Model):
    """One accreditation. Valid at an instant when its state is valid and the day lies in its period; that it expires is no state."""

    number = models.CharField(max_length=40, unique=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="accreditations")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="accreditations")
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="accreditations")
    mechanism = models.CharField(max_length=16, choices=Mechanism)
    households = models.PositiveIntegerField(default=0, help_text="households that benefit, as applied for")
    state = models.CharField(max_length=16, choices=AccreditationState, default=AccreditationState.DRAFT)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["valid", "suspended"])
                | Q(valid_from__isnull=False, valid_to__gt=F("valid_from")),
                name="valid_for_a_period",
            ),
            models.UniqueConstraint(
                fields=["product"], condition=Q(state="valid"), name="one_valid_accreditation_per_product"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def state_today(self) -> str:
        """The state as people say it: a valid one whose period is over is called expired."""
        over = self.valid_to is not None and self.valid_to <= timezone.localdate()
        return "expired" if over and self.state == AccreditationState.VALID else self.state
