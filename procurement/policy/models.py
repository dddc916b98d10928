"""Dated rules. Everything a rule-maker can change is a row here, drafted, approved by a second person, never edited afterwards."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.ledger.models import PursePurpose
from marketplace.organisations.models import UnionLevel, User

EVERY_LEVEL = 0
_NO_RULES = {"id", "period", "drafted_by", "approved_by"}


def any_amount() -> list[dict[str, int]]:
    """Every union above the buyer's may grant an exception, whatever the goods are worth."""
    return [{"level": int(UnionLevel.COUNTY), "up_to": 0}]


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

    GOODS = "goods", pgettext_lazy("form of a gift", "Goods")
    VOUCHER_NAMED = "voucher_named", _("Voucher that names shop and item")
    VOUCHER_GENERIC = "voucher_generic", _("Generic voucher")
    SHOPPING_CARD = "shopping_card", _("Shopping card")
    CASH = "cash", _("Cash")


class Policy(models.Model):
    """The rule in force in a region (GB/T 2260 prefix) for a period, for the unions of one level of the tree or of all.

    Amounts in fen, ratios in hundredths of a per cent. For a union the nearest region counts, then its own level before all levels.
    """

    version = models.CharField(max_length=40, unique=True)
    region = models.CharField(max_length=6)
    level = models.PositiveSmallIntegerField(
        choices=[(EVERY_LEVEL, _("Every level")), *UnionLevel.choices], default=EVERY_LEVEL
    )
    period = DateRangeField()
    first_choice = models.BooleanField(default=True)
    minimum_share_bp = models.PositiveIntegerField()
    price_band_bp = models.PositiveIntegerField()
    max_producers = models.PositiveSmallIntegerField()
    hold_days = models.PositiveSmallIntegerField()
    rotation_band_bp = models.PositiveIntegerField()
    cap = models.PositiveIntegerField(default=0)
    floor = models.PositiveIntegerField(default=0)
    ring_fence = models.PositiveIntegerField(
        default=0, help_text="a member and year: so much from assistance-only purses comes on top of the cap"
    )
    keep_last_year = models.BooleanField(
        default=False, help_text="before ordinary goods, a union has as many assistance goods as the year before"
    )
    uncovered_purposes = ArrayField(
        models.CharField(max_length=12, choices=PursePurpose), default=list, help_text="purses that it does not bind"
    )
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
    exception_grants = models.JSONField(
        default=any_amount,
        help_text='[{"level", "up_to"}]: from which level upwards a union may grant an exception for goods worth up to so many'
        " fen; 0 = whatever they are worth",
    )
    exception_days = models.PositiveSmallIntegerField(
        default=5, help_text="a request not answered by then goes to a delegate, then to the union above"
    )
    exception_second_from = models.PositiveBigIntegerField(
        default=0, help_text="from this value (fen) on a second person has to agree; 0 = never"
    )
    challenge_days = models.PositiveSmallIntegerField(
        default=15, help_text="so long sellers may challenge a determination or a certificate"
    )
    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    source = models.CharField(max_length=200, help_text="the document that sets the rule")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_policy_at_a_time",
                expressions=[
                    (F("region"), RangeOperators.EQUAL),
                    (F("level"), RangeOperators.EQUAL),
                    (F("period"), RangeOperators.OVERLAPS),
                ],
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

    def rules(self) -> dict[str, Any]:
        """All that it says, from its first day on, as the log keeps it: integers, strings and lists of them."""
        names = (field.name for field in self._meta.concrete_fields if field.name not in _NO_RULES)
        said = {name: getattr(self, name) for name in names}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
        return plain | {"from": self.period.lower.isoformat()}
