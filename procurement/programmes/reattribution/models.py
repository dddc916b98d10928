"""An order booked to the wrong union, handed on to the right one while the year of both is open."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.ledger.models import Purse
from marketplace.organisations.models import Organisation, User
from marketplace.organisations.scopes import scoped
from marketplace.shop.order.models import Order


class ReattributionState(models.TextChoices):
    """Where it stands: offered by the union that booked it, then taken over, declined, or withdrawn."""

    OFFERED = "offered", _("Offered")
    TAKEN = "taken", pgettext_lazy("state of an offer", "Taken over")
    DECLINED = "declined", pgettext_lazy("state of an offer", "Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Reattribution(models.Model):
    """One order handed from the union that counts it to another one.

    Once taken over, what of the order is live counts in A and O of `to_union`, and no longer of `union`; its money came out of
    `purse`. The amounts (fen) are those that moved. `turn` counts an order's hand-overs; `goods` is what was in it, without
    recipients: [[title, units, fen, assistance], …].
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="reattributions")
    turn = models.PositiveSmallIntegerField()
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="handed_on")
    to_union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="taken_over")
    gift_year = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=ReattributionState, default=ReattributionState.OFFERED)
    because = models.CharField(max_length=400)
    goods = models.JSONField(default=list)
    recipients = models.PositiveIntegerField()
    assistance = models.BigIntegerField(default=0)
    ordinary = models.BigIntegerField(default=0)
    waived = models.BigIntegerField(default=0)
    purse = models.ForeignKey(
        Purse, on_delete=models.PROTECT, null=True, related_name="+", help_text="that pays for it"
    )
    offered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField(default=timezone.now)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=400, blank=True)

    objects = scoped("union", "to_union")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="offered"), name="an_order_is_offered_to_one_union"
            ),
            models.UniqueConstraint(
                fields=["order", "turn"], condition=Q(state="taken"), name="taken_over_once_a_turn"
            ),
            models.CheckConstraint(condition=~Q(union=F("to_union")), name="handed_to_another_union"),
            models.CheckConstraint(
                condition=~Q(state="taken")
                | Q(purse__isnull=False, answered_by__isnull=False, answered_at__isnull=False)
                & ~Q(answered_by=F("offered_by")),
                name="another_person_takes_over",
            ),
            models.CheckConstraint(
                condition=Q(assistance__gte=0, ordinary__gte=0, waived__gte=0), name="what_is_handed_on_is_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["union", "gift_year"], name="handed_on_in_a_year"),
            models.Index(fields=["to_union", "gift_year"], name="taken_over_in_a_year"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.order} → {self.to_union}"

    @property
    def amount(self) -> int:
        """All that moves, in fen."""
        return self.assistance + self.ordinary + self.waived


class ReattributedMember(models.Model):
    """A recipient of an order taken over, by the blind index that the new union's programmes find them with. Append-only.

    `received` is fen of it, `assistance` its part in assistance goods: they count in that union's cap and floor.
    """

    reattribution = models.ForeignKey(Reattribution, on_delete=models.PROTECT, related_name="members")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.CharField(max_length=32, db_index=True)
    received = models.PositiveIntegerField()
    assistance = models.PositiveIntegerField()

    objects = scoped("union")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reattribution", "person"], name="taken_over_once_a_member")]

    def __str__(self) -> str:
        return f"{self.reattribution_id}/{self.person[:8]}"
