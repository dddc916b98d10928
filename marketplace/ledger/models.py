"""Double-entry money in integer fen (I5). Posted rows never change; balances are kept by the database itself.

What an account's balance means, by kind:
  outside   the world from which a union's money comes (may be negative)
  purse     what the union may still spend for the purse's purpose
  reserved  what the union has bound by orders placed, not yet accepted
  due       what a union owes a seller of record for goods accepted
  paid      what the seller of record has been paid for them
  revenue   the contra of what a seller owes on to its suppliers (may be negative)
  owed      what a producer or household is owed
  received  what a producer or household has been paid
  refund    what a seller of record owes a union back for goods returned after they were paid
  owed_back what a producer, its households included, owes back of what it was paid for goods returned later
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import scoped


class AccountKind(models.TextChoices):
    """The meanings listed above."""

    OUTSIDE = "outside", _("Outside")
    PURSE = "purse", _("Purse")
    RESERVED = "reserved", _("Reserved")
    DUE = "due", _("Due to the seller")
    PAID = "paid", _("Paid to the seller")
    REVENUE = "revenue", _("Revenue")
    OWED = "owed", _("Owed to the supplier")
    RECEIVED = "received", _("Received by the supplier")
    REFUND = "refund", _("Owed back by the seller")
    OWED_BACK = "owed_back", _("Owed back by the supplier")


class Account(models.Model):
    """One account; `balance` (fen) is written by a trigger on the legs alone."""

    code = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=AccountKind)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="accounts")
    balance = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(balance__gte=0) | Q(kind__in=["outside", "revenue"]),
                name="only_the_outside_goes_below_zero",
            )
        ]

    def __str__(self) -> str:
        return self.code


class PurseKind(models.TextChoices):
    """General union funds, funds ring-fenced for assistance products, a member's own money."""

    GENERAL = "general", _("Union funds")
    RING_FENCED = "ring_fenced", _("Assistance-only purse")
    PERSONAL = "personal", _("Personal money")


class PursePurpose(models.TextChoices):
    """What a purse is for; a policy may list purposes that it does not bind."""

    GIFTS = "gifts", _("Gifts to members")
    HARDSHIP = "hardship", _("Help in hardship")
    ACTIVITIES = "activities", _("Culture and sport")
    TRAINING = "training", _("Training")
    AWARDS = "awards", _("Awards")


class Purse(models.Model):
    """Money with an owner and a purpose for one gift year. The rule applies to covered purses.

    `carried_to` is the purse of the next year into which all went when the year was closed, and into which goes whatever comes back.
    """

    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="purses")
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=12, choices=PurseKind, default=PurseKind.GENERAL)
    covered = models.BooleanField(default=True)
    purpose = models.CharField(
        max_length=12, choices=PursePurpose, default=PursePurpose.GIFTS, db_default=PursePurpose.GIFTS
    )
    gift_year = models.PositiveSmallIntegerField()
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="purse")
    carried_to = models.ForeignKey("self", on_delete=models.PROTECT, related_name="carried_from", null=True)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind="personal") | Q(covered=True), name="a_union_purse_is_covered"),
            models.UniqueConstraint(fields=["union", "gift_year", "name"], name="purse_name_once_a_year"),
        ]

    def __str__(self) -> str:
        return self.name


class Transaction(models.Model):
    """One event of money. Its legs are inserted together, in one statement, and sum to zero."""

    key = models.CharField(max_length=120, unique=True, help_text="business key: repeating it posts nothing again")
    kind = models.CharField(max_length=30)
    cause = models.CharField(max_length=80, db_index=True, help_text="what it was posted for, as kind:id")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="corrections")
    legs_count = models.PositiveIntegerField()
    posted_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key


class Leg(models.Model):
    """An amount (fen, signed) that a transaction moves on one account."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="legs")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="legs")
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="a_leg_moves_something"),
            models.UniqueConstraint(fields=["transaction", "account"], name="one_leg_per_account"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount:+d}"
