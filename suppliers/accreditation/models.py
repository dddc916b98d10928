"""Accreditations (认定): a product of a producer in a listed county, with the benefit mechanism and how long it holds."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import County, Organisation, User
from marketplace.organisations.papers import Scan
from marketplace.organisations.personal import EncryptedTextField, mask_name
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

# Where offices have it before them: a product has one such application at a time.
UNDER_WAY = (
    AccreditationState.APPLIED,
    AccreditationState.TOWN_REVIEW,
    AccreditationState.SECTOR_REVIEW,
    AccreditationState.COUNTY_DECISION,
    AccreditationState.PUBLIC_NOTICE,
)


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
            models.UniqueConstraint(
                fields=["product"], condition=Q(state__in=UNDER_WAY), name="one_application_under_way_per_product"
            ),
            models.UniqueConstraint(
                fields=["product", "producer"], condition=Q(state="draft"), name="one_draft_per_product_and_producer"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def state_today(self) -> str:
        """The state as people say it: a valid one whose period is over is called expired."""
        over = self.valid_to is not None and self.valid_to <= timezone.localdate()
        return "expired" if over and self.state == AccreditationState.VALID else self.state


class ApplicationPaperKind(models.TextChoices):
    """What lies beside an application: quality, price and benefit are its three elements."""

    LICENCE = "licence", _("Business licence")
    QUALITY = "quality", _("Test report")
    PRICE = "price", _("Evidence of the price")
    BENEFIT = "benefit", _("Proof of what households get")
    ORIGIN = "origin", _("Proof of origin")
    OTHER = "other", _("Another paper")


# What officers look for; whatever is not there is shown as missing.
WANTED_PAPERS = tuple(kind for kind in ApplicationPaperKind if kind != ApplicationPaperKind.OTHER)


class ApplicationPaper(Scan):
    """A scan beside an application, for its producer and the officers of its county. Append-only."""

    accreditation = models.ForeignKey(Accreditation, on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(max_length=8, choices=ApplicationPaperKind)

    class Meta(Scan.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["accreditation", "kind", "sha256"], name="a_paper_is_filed_once_beside_an_application"
            )
        ]


class ObjectionState(models.TextChoices):
    """An objection is open until the county has answered it."""

    OPEN = "open", _("To be answered")
    UPHELD = "upheld", _("Upheld")
    DISMISSED = "dismissed", _("Dismissed")


OBJECTION_MOVES: dict[str, list[str]] = {"open": ["upheld", "dismissed"]}


class Objection(models.Model):
    """What somebody says against an accreditation while it is on public notice, and what the county answers.

    All of it is public but for the contact, and of the name no more than a mask shows.
    """

    accreditation = models.ForeignKey(Accreditation, on_delete=models.PROTECT, related_name="objections")
    name = EncryptedTextField()
    contact = EncryptedTextField()
    contact_index = models.CharField(max_length=32)
    address_index = models.CharField(max_length=32, db_index=True, help_text="of the network address it came from")
    raised_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, help_text="null: a visitor"
    )
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=ObjectionState, default=ObjectionState.OPEN)
    answer = models.TextField(blank=True, default="")
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["accreditation", "contact_index"], name="one_objection_per_contact"),
            models.CheckConstraint(
                condition=Q(state="open", answer="", answered_by__isnull=True, answered_at__isnull=True)
                | (Q(answered_by__isnull=False, answered_at__isnull=False) & ~Q(state="open") & ~Q(answer="")),
                name="an_objection_is_answered_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(raised_by__isnull=True) | Q(answered_by__isnull=True) | ~Q(answered_by=F("raised_by")),
                name="an_objection_is_answered_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.accreditation} #{self.pk}"

    @property
    def masked_name(self) -> str:
        """The name as it is published."""
        return mask_name(self.name)
