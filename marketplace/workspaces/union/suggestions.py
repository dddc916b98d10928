"""What a plan can begin with: the festivals ahead, when to order for them, and a first draft of the form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.models import Organisation
from procurement.policy.errors import NoPolicyInForce
from procurement.policy.festivals import Festival, upcoming
from procurement.policy.models import Occasion
from procurement.policy.queries import policy_of

# Goods should be with the last member some days before the festival.
_DAYS_BEFORE = 3


@dataclass(frozen=True)
class Ahead:
    """A festival to come, and the last day on which an order for it is planned in time; None once that has passed."""

    festival: Festival
    order_by: date | None
    days: int

    @property
    def occasion(self) -> Occasion:
        """The occasion."""
        return self.festival.occasion


def festivals_ahead(union: Organisation, day: date, number: int = 3) -> list[Ahead]:
    """The next festivals on which the union's policy allows gifts. One statement."""
    try:
        policy = policy_of(union, day)
    except NoPolicyInForce:
        return []
    ahead = []
    for festival in upcoming(day):
        if festival.occasion in policy.occasions:
            order_by = _needed_by(festival) - timedelta(days=policy.planning_days)
            ahead.append(Ahead(festival, order_by if order_by >= day else None, festival.days_from(day)))
    return ahead[:number]


def first_draft(union: Organisation, day: date, occasion: str = "") -> dict[str, Any]:
    """The form of a new plan as it is most likely wanted: the occasion asked for, or else the next festival."""
    ahead = festivals_ahead(union, day, number=len(Occasion))
    found = next((a.festival for a in ahead if not occasion or a.occasion == occasion), None)
    if found is None:
        return {"occasion": occasion} if occasion in Occasion.values else {}
    title = _("%(festival)s %(year)s") % {"festival": found.occasion.label, "year": found.day.year}
    needed_by = _needed_by(found)
    draft = {"occasion": found.occasion, "title": title, "need_date": needed_by if needed_by > day else None}
    # A gift counts in the year of its occasion: New Year's Day of 2027 is paid from the purse of 2027.
    purse = Purse.objects.filter(union=union, gift_year=found.day.year, kind=PurseKind.GENERAL).order_by("id").first()
    return draft | ({"purse": purse.pk} if purse else {})


def draft_to_make_good(union: Organisation, day: date, year: int) -> dict[str, Any]:
    """The form of a plan that makes good what a gift year lacks: for a festival of that year if one comes, else for birthdays."""
    ahead = next((a for a in festivals_ahead(union, day, number=len(Occasion)) if a.festival.day.year == year), None)
    draft = first_draft(union, day, ahead.occasion) if ahead else {"occasion": Occasion.BIRTHDAY}
    purse = Purse.objects.filter(union=union, gift_year=year, kind=PurseKind.GENERAL).order_by("id").first()
    title = _("Assistance products to make good %(year)s") % {"year": year}
    return draft | {"title": title} | ({"purse": purse.pk} if purse else {})


def _needed_by(festival: Festival) -> date:
    return festival.day - timedelta(days=_DAYS_BEFORE)
