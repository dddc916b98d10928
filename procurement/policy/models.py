"""Dated rules. Everything a rule-maker can change is a row here, drafted, approved by a second person, never edited afterwards."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import User


class Occasion(models.TextChoices):
    """Occasions on which gifts may be given; a policy lists those that it allows."""

    NEW_YEAR = "new_year", _("New Year")
    SPRING_FESTIVAL = "spring_festival", _("Spring Festival")
    QINGMING = "qingming", _("Qingming")
    LABOUR_DAY = "labour_day", _("Labour Day")
    DRAGON_BOAT = "dragon_boat", _("Dragon Boat Festival")
    MID_AUTUMN = "mid_autumn", _("Mid-Autumn")
    NATIONAL_DAY = "national_day", _("National Day")
    BIRTHDAY = "birthday", _("Birthday")
    WEDDING = "wedding", _("Wedding")
    CHILDBIRTH = "childbirth", _("Childbirth")
    ILLNESS = "illness", _("Illness")
    FUNERAL = "funeral", _("Funeral")
    RETIREMENT = "retirement", _("Retirement")
    DISASTER = "disaster", _("Disaster")


class GiftForm(models.TextChoices):
    """The form that a gift takes; a policy lists those that it forbids."""

    GOODS = "goods", _("Goods")
    VOUCHER_NAMED = "voucher_named", _("Voucher that names shop and item")
    VOUCHER_GENERIC = "voucher_generic", _("Generic voucher")
    SHOPPING_CARD = "shopping_card", _("Shopping card")
    CASH = "cash", _("Cash")


class Policy(models.Model):
    """The rule in force in a region (GB/T 2260 prefix) for a period. Amounts in fen, ratios in hundredths of a per cent."""

    version = models.CharField(max_length=40, unique=True)
    region = models.CharField(max_length=6)
    period = DateRangeField()
    first_choice = models.BooleanField(default=True)
    minimum_share_bp = models.PositiveIntegerField()
    price_band_bp = models.PositiveIntegerField()
    max_producers = models.PositiveSmallIntegerField()
    hold_days = models.PositiveSmallIntegerField()
    rotation_band_bp = models.PositiveIntegerField()
    cap = models.PositiveIntegerField(default=0)
    floor = models.PositiveIntegerField(default=0)
    planning_days = models.PositiveSmallIntegerField()
    acceptance_days = models.PositiveSmallIntegerField(
        default=7, help_text="silence after delivery counts as acceptance"
    )
    return_days = models.PositiveSmallIntegerField(
        default=7, help_text="goods can be returned so long after acceptance"
    )
    occasions = ArrayField(models.CharField(max_length=20))
    urgent_occasions = ArrayField(models.CharField(max_length=20), default=list)
    forbidden_forms = ArrayField(models.CharField(max_length=20), default=list)
    approval_steps = models.JSONField(default=list, help_text='[{"from", "quotations", "people"}], from in fen')
    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    source = models.CharField(max_length=200, help_text="the document that sets the rule")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_policy_at_a_time",
                expressions=[(F("region"), RangeOperators.EQUAL), (F("period"), RangeOperators.OVERLAPS)],
                condition=Q(approved_by__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("drafted_by")),
                name="a_second_person_approves_policy",
            ),
            models.CheckConstraint(condition=Q(minimum_share_bp__lte=10_000), name="a_share_is_at_most_all"),
        ]
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.version
