"""Households, what ties them to a producer, and what they said of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import County, Organisation
from marketplace.organisations.papers import Scan
from marketplace.organisations.personal import EncryptedTextField
from marketplace.organisations.scopes import scoped
from suppliers.accreditation.models import Mechanism


class Household(models.Model):
    """A household lifted from poverty (脱贫户): a record, masked on screen, never a login."""

    code = models.CharField(max_length=40, unique=True)
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+")
    village = models.CharField(max_length=60)
    head_name = EncryptedTextField()
    phone = EncryptedTextField()
    phone_index = models.CharField(max_length=32, db_index=True, blank=True, default="")
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


class Witness(models.TextChoices):
    """How the household's side confirmed an agreement."""

    CODE = "code", _("By a code sent to its phone")
    OFFICE = "office", _("At the town office")


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
    confirmed_by = models.CharField(max_length=6, choices=Witness, blank=True, default="")
    disowned_at = models.DateTimeField(null=True, help_text="when the household said that it knows nothing of it")

    objects = scoped("producer")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "producer"], name="one_agreement_per_household_and_producer"),
            models.CheckConstraint(condition=Q(share_bp__lte=10_000), name="a_share_is_at_most_the_whole"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by="")
                | Q(confirmed_at__isnull=False, confirmed_by__in=Witness.values),
                name="confirmed_in_some_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household} ↔ {self.producer}"

    @property
    def state(self) -> str:
        """Where it stands: waiting for the household's side, confirmed, or disowned."""
        if self.confirmed_at:
            return "confirmed_by_household"
        return "disowned" if self.disowned_at else "unconfirmed"


class PaperKind(models.TextChoices):
    """What lies beside an agreement."""

    CONTRACT = "contract", _("Purchase contract")
    WAGES = "wages", _("Wage sheet")
    SHARES = "shares", _("Share agreement")
    PAYOUTS = "payouts", _("Payout list")
    LEASE = "lease", _("Lease")
    COMMISSION = "commission", _("Commission note")
    ASSETS = "assets", _("Agreement on the income of an asset")
    CONFIRMED = "confirmed", _("Confirmation signed by the household")


# The papers that prove each mechanism; the first is the one that is signed.
EVIDENCE: dict[str, tuple[PaperKind, ...]] = {
    Mechanism.ORDER_PURCHASE: (PaperKind.CONTRACT,),
    Mechanism.EMPLOYMENT: (PaperKind.WAGES,),
    Mechanism.SHARE_DIVIDEND: (PaperKind.SHARES, PaperKind.PAYOUTS),
    Mechanism.LAND_LEASE: (PaperKind.LEASE,),
    Mechanism.COMMISSION: (PaperKind.COMMISSION,),
    Mechanism.ASSET_INCOME: (PaperKind.ASSETS, PaperKind.PAYOUTS),
}


class AgreementPaper(Scan):
    """A scan beside an agreement. Append-only."""

    agreement = models.ForeignKey(BenefitAgreement, on_delete=models.PROTECT, related_name="papers")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=PaperKind)

    objects = scoped("producer")

    class Meta(Scan.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "kind", "sha256"], name="a_paper_is_filed_once_beside_an_agreement"
            )
        ]


class HouseholdCode(models.Model):
    """A question sent to a household's phone: is this agreement yours? Of the link only a hash is kept, of the code a salt."""

    agreement = models.ForeignKey(BenefitAgreement, on_delete=models.PROTECT, related_name="codes")
    token_hash = models.CharField(max_length=64, unique=True)
    salt = models.CharField(max_length=32)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["agreement", "-asked_at"], name="codes_of_an_agreement")]

    def __str__(self) -> str:
        return f"code {self.pk}"
