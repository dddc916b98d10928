"""What members say: what they choose, where their voucher's goods go, that a parcel has come, what is wrong with it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.fulfilment.models import Parcel
from marketplace.organisations.models import Organisation, User
from marketplace.organisations.personal import EncryptedTextField
from marketplace.organisations.scopes import scoped
from procurement.programmes.models.gifts import Option
from procurement.programmes.models.plans import Programme
from procurement.programmes.models.rosters import Recipient


class Choosing(models.Model):
    """The time in which members choose. Closed: `closed_at` is set, by whom, or by the deadline (null).

    `salt` belongs to the commitment in the evidence log by which the choices can be proven later without naming anybody there.
    """

    programme = models.OneToOneField(Programme, on_delete=models.CASCADE, related_name="choosing")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    salt = models.BinaryField()

    objects = scoped("union")

    def __str__(self) -> str:
        return f"{self.programme_id} until {self.closes_at:%Y-%m-%d}"


class Choice(models.Model):
    """What a member chose in one part of the gift; `recorded_by` names the buyer where the member has no phone."""

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="choices")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    slot = models.PositiveSmallIntegerField()
    option = models.ForeignKey(Option, on_delete=models.CASCADE, related_name="choices")
    at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)

    objects = scoped("union")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "slot"], name="one_choice_in_each_part")]

    def __str__(self) -> str:
        return f"{self.recipient_id}/{self.slot}: {self.option_id}"


class CalledTo(models.TextChoices):
    """Where the goods of a voucher go: as its member said, or by default when its last day is over."""

    HOME = "home", _("To the member's address")
    WORKPLACE = "workplace", _("To the workplace")
    DEFAULT = "default", _("To the workplace, as nobody called for it")


class Voucher(models.Model):
    """A pick-up voucher (提货券): one member's right to the parcels that wait for them, until its last day (included).

    It has no value and no goods of its own: seller and item are those of the parcels' order lines, which are the invoice's. What is
    not called for by the last day goes to the workplace.
    """

    recipient = models.OneToOneField(Recipient, on_delete=models.PROTECT, related_name="voucher")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    last_day = models.DateField()
    called_to = models.CharField(max_length=10, choices=CalledTo, blank=True)
    called_at = models.DateTimeField(null=True)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(called_to="", called_at__isnull=True)
                | Q(called_to__in=["home", "workplace", "default"], called_at__isnull=False),
                name="called_for_to_somewhere",
            )
        ]
        indexes = [
            models.Index(fields=["last_day"], condition=Q(called_at__isnull=True), name="vouchers_to_be_called_for")
        ]

    def __str__(self) -> str:
        return f"{self.recipient_id} until {self.last_day}"


class Receipt(models.Model):
    """A member's word that a parcel has come. It changes nothing for the union's acceptance."""

    parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, related_name="receipt")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="receipts")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union")

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.at:%Y-%m-%d}"


class ComplaintReason(models.TextChoices):
    """What is wrong with a parcel."""

    MISSING = "missing", _("It has not come")
    INCOMPLETE = "incomplete", _("Something is missing from it")
    DAMAGED = "damaged", _("It is damaged or spoilt")
    WRONG = "wrong", _("It holds something else")


class ComplaintState(models.TextChoices):
    """A complaint is open, answered by the union, closed."""

    OPEN = "open", _("Open")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")


COMPLAINT_MOVES: dict[str, list[str]] = {
    "open": ["answered", "closed"],
    "answered": ["open", "closed"],
}


class Complaint(models.Model):
    """A member's problem with a parcel, and the union's answer. People write names and numbers: both lie encrypted."""

    parcel = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="complaints")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="complaints")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=12, choices=ComplaintReason)
    words = EncryptedTextField()
    answer = EncryptedTextField()
    state = models.CharField(max_length=10, choices=ComplaintState, default=ComplaintState.OPEN)
    at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["parcel", "reason"], condition=~Q(state="closed"), name="a_problem_is_reported_once"
            )
        ]
        indexes = [models.Index(fields=["union", "state"], name="complaints_by_state")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.reason}"
