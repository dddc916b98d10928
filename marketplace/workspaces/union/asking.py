"""The union's requests for exceptions: where each stands, who answers by when, what is left of it, and its papers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.pages import attachment, tell, tell_faults, thanks
from marketplace.workspaces.papers import read_scan
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.union.forms import ProofForm
from procurement.priority.models import OPEN_STATES, ExceptionState, FiledPaper, PriorityException
from procurement.priority.papers import file_ground

_COLUMNS = (
    Column("title", gettext_lazy("Product")),
    Column("number", gettext_lazy("Number")),
    Column("state_today", gettext_lazy("State"), "state"),
    Column("ground_words", gettext_lazy("Ground")),
    Column("quantity", gettext_lazy("Units asked for"), "count"),
    Column("used", gettext_lazy("Used"), "count"),
    Column("valid_to", gettext_lazy("Until"), "date"),
    Column("said", gettext_lazy("Answer")),
)


class RequestFilters(Filters):
    """By words, state and the first day of the period."""

    q = words()
    state = choice(gettext_lazy("State"), ExceptionState.choices)
    since = day(gettext_lazy("Valid from"))
    until = day(gettext_lazy("Valid until"))

    def narrowed(self, rows: Any) -> Any:
        """The requests that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "number", "product__title", "product__title_en"))
        if state := self.wishes.get("state"):
            rows = rows.filter(state=state)
        return between(rows, "valid_from", self.wishes)


@open_to(Role.BUYER, Role.APPROVER)
def index(request: HouseRequest) -> HttpResponseBase:
    """Requests that wait, with their papers; and all of the union's, newest first."""
    rows = _own(request).order_by("-id")
    empty = Empty(
        gettext_lazy("No exception yet"),
        gettext_lazy(
            "Where a product is blocked and none of the equivalents can serve, ask for one in the goods of the plan."
        ),
        "shield",
    )
    listing = Listing(
        request, rows, _COLUMNS, _("Exceptions"), empty, RequestFilters(request), present=_present, size=20
    )
    waiting = list(rows.filter(state__in=OPEN_STATES).order_by("id")[:50])
    papers: defaultdict[int, list[FiledPaper]] = defaultdict(list)
    for paper in FiledPaper.objects.filter(exception__in=waiting).defer("content"):
        papers[paper.exception_id].append(paper)
    shown = [(one, papers[one.pk], ProofForm(auto_id=f"{one.number}-%s")) for one in waiting]
    return listing.answer("union/exceptions.html", waiting=shown, is_buyer=Role.BUYER in request.roles)


@open_to(Role.BUYER)
@require_POST
def file(request: HouseRequest, number: str) -> HttpResponse:
    """Put a paper beside a request."""
    found = get_object_or_404(_own(request), number=number)
    form = ProofForm(request.POST, request.FILES)
    if not form.is_valid():
        tell_faults(request, form)
        return redirect("union:exceptions")
    try:
        paper = file_ground(request.user, found, *read_scan(form.cleaned_data["paper"]))
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("“%(name)s” is on file.") % {"name": paper.file_name})
    return redirect("union:exceptions")


@open_to(Role.BUYER, Role.APPROVER)
def paper(request: HouseRequest, number: str, paper: int) -> HttpResponse:
    """One paper beside a request, as a file to be saved."""
    filed: FiledPaper = get_object_or_404(
        FiledPaper.objects.filter(exception__number=number, union=request.organisation), pk=paper
    )
    return attachment(filed.plain(), filed.file_name, filed.media_type)


def _own(request: HouseRequest) -> QuerySet[PriorityException]:
    rows: QuerySet[PriorityException] = PriorityException.objects.filter(union=request.organisation)
    return rows.select_related("product", "union__parent", "waits_for", "agreed_by", "decided_for")


def _present(rows: Sequence[Any]) -> list[Any]:
    for row in rows:
        row.title, row.ground_words = row.product.get_title(), row.get_ground_display()
        row.said = row.revoked_because or row.answer
    return list(rows)
