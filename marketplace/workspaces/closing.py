"""Closing a gift year, as the union's approver and the officers above it do; and the years of a subtree, closed and open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.workspaces.doors import HouseRequest
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.pages import carried_out, thanks, today
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.subtree import year_choices
from procurement.compliance.closing import close_year, returns_until, still_open
from procurement.compliance.models import YearClosing
from procurement.compliance.queries import statement
from procurement.policy.errors import NoPolicyInForce
from procurement.priority.models import UnionYear
from procurement.priority.years import left_to_buy


def closing_page(
    request: HouseRequest, union: Organisation, year: int, template: str, back: str, *, may_close: bool
) -> HttpResponse:
    """What is still open of a year, what closing would seal and carry over; posted, it closes the year and goes `back`."""
    if not 2000 <= year <= today().year:
        raise Http404
    if request.method == "POST":
        if not carried_out(request, lambda: close_year(request.user, union, year)):
            return redirect(request.path)
        thanks(request, gettext("The gift year %(year)s is closed and its statement sealed.") % {"year": year})
        return redirect(back)
    return render(request, template, closing_context(union, year) | {"may_close": may_close, "back": back})


def closing_context(union: Organisation, year: int) -> dict[str, Any]:
    """Everything that the page shows: constant statements."""
    context: dict[str, Any] = {"union": union, "year": year, "next_year": year + 1, "closing": closing_of(union, year)}
    try:
        context["statement"] = statement(union, year)
    except NoPolicyInForce as error:
        return context | {"faults": [str(error)]}
    if context["closing"] is not None:
        return context
    # What is still open may lie with others: complaints of members, parcels on their way.
    with seen_by(None):
        faults = [sentence for fault in still_open(union, year) for sentence in fault.sentences]
        return context | {"faults": faults, "returns_until": returns_until(union, year)}


def closing_of(union: Organisation, year: int) -> YearClosing | None:
    """The year's closing with who closed it, if it is closed."""
    found: YearClosing | None = (
        YearClosing.objects.filter(union=union, gift_year=year)
        .select_related("closed_by", "closed_for", "entry")
        .first()
    )
    return found


class YearFilters(Filters):
    """By name, gift year, and whether it is closed. The year is asked for even when nothing else is."""

    q = words()
    year = choice(_("Gift year"), [])
    state = choice(
        _("State"), [("closed", pgettext_lazy("state of a gift year", "Closed")), ("open", _("Not closed yet"))]
    )

    def __init__(self, request: HttpRequest, years: list[int], year: int) -> None:
        super().__init__(request)
        self.fields["year"].choices = year_choices(years, year)  # type: ignore[attr-defined]

    def narrowed(self, rows: Any) -> Any:
        """The years that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "union__name", "union__name_en", "union__code"))
        if state := self.wishes.get("state"):
            rows = rows.filter(closed_at__isnull=state == "open")
        return rows


def years_listing(request: HttpRequest, top: Organisation, year: int, years: list[int]) -> Listing:
    """The gift year of every union of the subtree that began it: whether it is closed, its shortfall, what goes on from it."""
    rows = UnionYear.objects.filter(union__path__startswith=top.path, gift_year=year).select_related("union")

    def present(found: Sequence[Any]) -> list[Any]:
        for row in found:
            row.name, row.state = row.union.display_name, "closed_year" if row.closed_at else "open_year"
            row.url = reverse("oversight:close_year", args=[row.union.code, row.gift_year])
            is_closed = row.closed_share_bp is not None
            row.goes_on = left_to_buy(row.counted, row.ordinary, row.closed_share_bp) if is_closed else None
            row.unspent = row.shortfall if is_closed else None
        return list(found)

    columns = (
        Column("name", _("Union"), url="url"),
        Column("state", _("State"), "state"),
        Column("closed_at", _("Closed on"), "date"),
        Column("assistance", _("Assistance"), "money"),
        Column("ordinary", _("Ordinary"), "money"),
        Column("unspent", _("Shortfall carried over"), "money"),
        Column("brought_forward", _("Brought forward"), "money"),
        Column("goes_on", _("Left to be bought"), "money"),
    )
    empty = Empty(_("No union has gifts in this year"), icon="calendar")
    return Listing(
        request,
        rows.order_by("union__path"),
        columns,
        gettext("Gift years"),
        empty,
        filters=YearFilters(request, years, year),
        present=present,
        sums={"assistance": Sum("assistance"), "ordinary": Sum("ordinary")},
        size=50,
    )
