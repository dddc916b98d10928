"""The union's plans as a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.sheets import Column
from procurement.policy.models import Occasion
from procurement.programmes.models import ProgrammeState

_COLUMNS = (
    Column("title", _("Plan")),
    Column("state", _("State"), "state"),
    Column("occasion_words", _("Occasion")),
    Column("gift_year_words", _("Gift year")),
    Column("need_date", _("Needed by"), "date"),
    Column("per_head", _("Per head"), "money"),
    Column("order_number", _("Order")),
)


class ProgrammeFilters(Filters):
    """By words, state, occasion and the day needed."""

    q = words()
    state = choice(_("State"), ProgrammeState.choices)
    occasion = choice(_("Occasion"), Occasion.choices)
    since = day(_("Needed from"))
    until = day(_("Needed until"))

    def narrowed(self, rows: Any) -> Any:
        """The plans that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "title", "order__number"))
        fitting = {name: self.wishes[name] for name in ("state", "occasion") if name in self.wishes}
        return between(rows.filter(**fitting), "need_date", self.wishes)


def programme_listing(request: HttpRequest, rows: Any) -> Listing:
    """Plans, newest first."""
    empty = Empty(_("No programme yet"), icon="gift")
    filters = ProgrammeFilters(request)
    return Listing(request, rows, _COLUMNS, gettext("Programmes"), empty, filters=filters, present=_rows, size=24)


def _rows(found: Sequence[Any]) -> list[Any]:
    for plan in found:
        plan.occasion_words = plan.get_occasion_display()
        plan.gift_year_words = str(plan.gift_year)
        plan.order_number = plan.order.number if plan.order else ""
    return list(found)
