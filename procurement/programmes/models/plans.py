"""A plan (慰问方案): one union's intention to give one gift on one occasion, from its draft to its order."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.ledger.models import Purse
from marketplace.organisations.models import Organisation, User
from marketplace.organisations.scopes import scoped
from marketplace.shop.order.models import Order
from procurement.policy.models import GiftForm, Occasion


class Delivery(models.TextChoices):
    """Where parcels go."""

    HOME = "home", _("To each home")
    WORKPLACE = "workplace", _("To the workplace, by department")
    VOUCHER = "voucher", _("By voucher: each member calls for theirs")


class ProgrammeState(models.TextChoices):
    """A plan is drafted, submitted, approved by another person, placed. What happens then is the order's to say.

    While members choose, nothing else in the plan changes; when the choosing closes, it is a draft again.
    """

    DRAFT = "draft", _("Draft")
    CHOOSING = "choosing", _("Members are choosing")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    PLACED = "placed", _("Placed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


PROGRAMME_MOVES: dict[str, list[str]] = {
    "draft": ["choosing", "submitted", "withdrawn"],
    "choosing": ["draft"],
    "submitted": ["approved", "draft"],
    "approved": ["placed", "draft"],
}


class Programme(models.Model):
    """One plan. `per_head` is the standard in fen for one member."""

    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="programmes")
    title = models.CharField(max_length=120)
    occasion = models.CharField(max_length=20, choices=Occasion)
    form = models.CharField(max_length=20, choices=GiftForm, default=GiftForm.GOODS)
    gift_year = models.PositiveSmallIntegerField()
    per_head = models.PositiveIntegerField()
    need_date = models.DateField()
    delivery = models.CharField(max_length=10, choices=Delivery, default=Delivery.HOME)
    purse = models.ForeignKey(Purse, on_delete=models.PROTECT, related_name="programmes")
    quotations = models.PositiveSmallIntegerField(default=0, help_text="quotations on file")
    approvers = models.PositiveSmallIntegerField(default=1, help_text="people who decided, as the minutes name them")
    state = models.CharField(max_length=10, choices=ProgrammeState, default=ProgrammeState.DRAFT)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    approved_at = models.DateTimeField(null=True)
    sent_back_because = models.CharField(
        max_length=400, blank=True, help_text="the approver's words, until submitted again"
    )
    terms = models.JSONField(
        default=list,
        db_default=[],
        help_text="what it was submitted for: [[product, region, fen a unit, assistance], …]",
    )
    order = models.OneToOneField(Order, on_delete=models.PROTECT, null=True, related_name="programme")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (~Q(approved_by=F("created_by")) & ~Q(approved_by=F("submitted_by"))),
                name="another_person_approves",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "placed"]) | Q(approved_by__isnull=False),
                name="approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="placed", order__isnull=False) | ~Q(state="placed"), name="placed_has_an_order"
            ),
            models.CheckConstraint(
                condition=~Q(delivery="voucher") | Q(form="voucher_named"), name="a_voucher_names_shop_and_item"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title
