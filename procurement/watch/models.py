"""Challenges by sellers, what was said in them, whom certificates were shown to, and what the sweep found. Public but for papers."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation, User
from marketplace.organisations.papers import Scan
from marketplace.shop.catalogue.models import CommodityClass, Determination, Product
from procurement.priority.models import Certificate


class ChallengeState(models.TextChoices):
    """A challenge is open until it is decided or taken back."""

    OPEN = "open", _("Open")
    UPHELD = "upheld", _("Upheld")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


CHALLENGE_MOVES: dict[str, list[str]] = {"open": ["upheld", "rejected", "withdrawn"]}


class Challenge(models.Model):
    """A seller's objection (异议) to a determination or to a certificate, with grounds; answered by a day with a reason."""

    determination = models.ForeignKey(Determination, on_delete=models.PROTECT, null=True, related_name="challenges")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, null=True, related_name="challenges")
    challenger = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="challenges")
    grounds = models.TextField()
    answer_by = models.DateField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=ChallengeState, default=ChallengeState.OPEN)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_for = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(determination__isnull=True) ^ Q(certificate__isnull=True),
                name="a_challenge_has_one_subject",
            ),
            models.UniqueConstraint(
                fields=["determination", "challenger"],
                condition=~Q(state="withdrawn"),
                name="a_determination_is_challenged_once_by_a_seller",
            ),
            models.UniqueConstraint(
                fields=["certificate", "challenger"],
                condition=~Q(state="withdrawn"),
                name="a_certificate_is_challenged_once_by_a_seller",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["upheld", "rejected"])
                | (
                    ~Q(reason="")
                    & Q(decided_for__isnull=False, decided_at__isnull=False, decided_by__isnull=False)
                    & ~Q(decided_by=F("opened_by"))
                    & ~Q(decided_for=F("challenger"))
                ),
                name="a_challenge_is_decided_by_another_with_a_reason",
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """How people name it."""
        return f"CH-{self.pk:06d}"

    @property
    def subject(self) -> Determination | Certificate:
        """What is objected to."""
        found = self.determination or self.certificate
        assert found is not None  # the table's constraint
        return found

    @property
    def is_overdue(self) -> bool:
        """Whether its answer is late."""
        return self.state == ChallengeState.OPEN and self.answer_by < timezone.localdate()


class ChallengeMessage(models.Model):
    """Something that a side said in a challenge. Append-only."""

    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, related_name="messages")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.challenge} #{self.pk}"


class ChallengePaper(Scan):
    """A paper that a side filed in a challenge: the public sees its hash, the sides its content. Append-only."""

    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, related_name="papers")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")

    class Meta(Scan.Meta):
        constraints = [
            models.UniqueConstraint(fields=["challenge", "sha256"], name="a_challenge_files_a_paper_once"),
        ]

    def __str__(self) -> str:
        return f"{self.challenge} {self.sha256[:12]}"


class CertificateNotice(models.Model):
    """That a certificate was shown to a producer of its class. Append-only."""

    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="notices")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certificate", "producer"], name="a_producer_is_told_once")]
        indexes = [models.Index(fields=["producer", "-at"], name="notices_of_a_producer")]

    def __str__(self) -> str:
        return f"{self.certificate} → {self.producer}"


class ProposalKind(models.TextChoices):
    """What the sweep may say of a product."""

    CLASS = "class", _("Without a class: one is proposed")
    TWIN = "twin", _("Looks like another product of another class")


class ProposalState(models.TextChoices):
    """A proposal stands until the operator sets it aside, or determines the product so that it holds no more."""

    OPEN = "open", _("Open")
    DISMISSED = "dismissed", _("Set aside")


PROPOSAL_MOVES: dict[str, list[str]] = {"open": ["dismissed"]}


class Proposal(models.Model):
    """What the sweep proposes of a product: a class, and a product of that class that is like it. `likeness` in basis points."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=8, choices=ProposalKind)
    commodity_class = models.ForeignKey(CommodityClass, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, related_name="+")
    likeness = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.OPEN)
    at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_at = models.DateTimeField(null=True)
    ground = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "kind", "commodity_class"], name="the_sweep_proposes_a_thing_once"
            ),
            models.CheckConstraint(condition=~Q(state="dismissed") | ~Q(ground=""), name="set_aside_for_a_reason"),
        ]
        indexes = [models.Index(fields=["-likeness", "id"], condition=Q(state="open"), name="proposals_open")]

    def __str__(self) -> str:
        return f"{self.product} → {self.commodity_class}"
