"""What a plan can begin with: the festivals ahead, what has to be made good, a parcel that failed; and a first draft of the form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.models import Organisation
from marketplace.organisations.personal import mask_name
from marketplace.workspaces.pages import id_in
from marketplace.workspaces.union import queries
from procurement.policy.errors import NoPolicyInForce
from procurement.policy.festivals import Festival, upcoming
from procurement.policy.models import Occasion
from procurement.policy.queries import policy_of
from procurement.programmes.models import Complaint, Programme

# Goods should be with the last member some days before the festival.
_DAYS_BEFORE = 3
# What comes in place of a parcel is needed soon, and cannot be there at once.
_DAYS_TO_REPLACE = 14


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


@dataclass(frozen=True)
class Lost:
    """A parcel that a member complained about, to be given again: whose (masked), what, worth how many fen."""

    who: str
    member_no: str
    goods: tuple[tuple[str, int], ...]
    amount: int


@dataclass(frozen=True)
class Beginning:
    """What a new plan begins with: the form's first values, and what it makes good, if anything."""

    start: dict[str, Any]
    due: queries.Due | None = None
    lost: Lost | None = None


def begin(union: Organisation, day: date, wishes: Mapping[str, str]) -> Beginning:
    """What the address of a new plan asks for; what makes no sense is left out."""
    year, complaint = wishes.get("make_good", ""), id_in(wishes.get("in_place_of", ""))
    if re.fullmatch(r"20\d\d", year) and (due := queries.due(union, int(year))):
        return Beginning(draft_to_make_good(union, day, due.year), due=due)
    rows = Complaint.objects.filter(union=union).select_related("recipient__programme", "parcel")
    if complaint and (found := rows.filter(pk=complaint).first()):
        lost = _lost(found)
        return Beginning(_in_place(found.recipient.programme, day, lost.amount), lost=lost)
    return Beginning(first_draft(union, day, wishes.get("occasion", "")))


def _lost(complaint: Complaint) -> Lost:
    items = list(complaint.parcel.lines.select_related("line__product"))
    return Lost(
        who=mask_name(complaint.recipient.name),
        member_no=complaint.recipient.member_no,
        goods=tuple((item.line.product.get_title(), item.quantity) for item in items),
        amount=sum(item.quantity * item.line.unit_price_fen for item in items),
    )


def _in_place(programme: Programme, day: date, amount: int) -> dict[str, Any]:
    title = _("In place: %(title)s") % {"title": programme.title}
    return {
        "title": title[:120],
        "occasion": programme.occasion,
        "per_head": amount,
        "need_date": day + timedelta(days=_DAYS_TO_REPLACE),
        "delivery": programme.delivery,
        "purse": programme.purse_id,
    }


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
