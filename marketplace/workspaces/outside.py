"""Purchases from outside, as the union, the union above it and the auditors read them: a list, and each with its papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.pages import attachment
from marketplace.workspaces.sheets import Column
from procurement.priority.words import rule_label
from procurement.programmes.models import PaperKind
from procurement.programmes.outside.models import OutsidePaper, OutsidePurchase
from procurement.programmes.outside.queries import said

_SUPPLIER = Column("supplier", gettext_lazy("Supplier"), url="url")
_COLUMNS = (
    Column("bought_on", gettext_lazy("Bought on"), "date"),
    Column("occasion_words", gettext_lazy("Occasion")),
    Column("invoice", gettext_lazy("Invoice number")),
    Column("members", gettext_lazy("Members"), "count"),
    Column("per_head", gettext_lazy("Per head"), "money"),
    Column("amount", gettext_lazy("Amount"), "money"),
    Column("remark", gettext_lazy("Remark")),
)
_UNION = Column("union", gettext_lazy("Union"))
_STANDING, _AGAINST, _REVERSED = "standing", "against", "reversed"


class OutsideFilters(Filters):
    """By words, what stands against it, and the day."""

    q = words()
    show = choice(
        gettext_lazy("Show"),
        [
            (_STANDING, gettext_lazy("What counts")),
            (_AGAINST, gettext_lazy("What the rule is against")),
            (_REVERSED, gettext_lazy("Reversed")),
        ],
    )
    since = day(gettext_lazy("Bought from"))
    until = day(gettext_lazy("Bought until"))

    def narrowed(self, rows: Any) -> Any:
        """The purchases that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "number", "supplier", "invoice", "union__name", "union__name_en"))
        show = self.wishes.get("show")
        if show:
            rows = rows.filter(reversal__isnull=show != _REVERSED)
        if show == _AGAINST:
            rows = rows.exclude(found=[])
        return between(rows, "bought_on", self.wishes)


def outside_listing(request: HttpRequest, rows: QuerySet[OutsidePurchase], link: str, *, own: bool) -> Listing:
    """Purchases newest first, those of one union (`own`) without naming it; the foot sums up what counts."""

    def present(found: Sequence[Any]) -> list[Any]:
        for one in found:
            one.url, one.occasion_words = reverse(link, args=[one.number]), one.get_occasion_display()
            one.remark = _remark(one)
        return list(found)

    empty = Empty(
        gettext_lazy("Nothing bought elsewhere"),
        gettext_lazy(
            "What a union buys for its members outside this marketplace is registered here, for it counts in each member's cap."
        ),
        "document",
    )
    return Listing(
        request,
        rows.select_related("union", "reversal").order_by("-id"),
        (_SUPPLIER, *(() if own else (_UNION,)), *_COLUMNS),
        _("Purchases from outside"),
        empty,
        OutsideFilters(request),
        present=present,
        sums={"amount": Sum("amount", filter=Q(reversal__isnull=True))},
    )


def outside_context(number: str) -> dict[str, Any]:
    """One purchase within the caller's scope with its papers, what is missing of them, and what the rule said. 404 for others'."""
    rows = OutsidePurchase.objects.select_related(
        "union", "reversal__reversed_by", "registered_by", "policy", "replaces"
    )
    found: OutsidePurchase = get_object_or_404(rows, number=number)
    papers = list(found.papers.select_related("added_by").defer("content"))
    kinds = [paper.kind for paper in papers]
    return {
        "purchase": found,
        "reversed": found.reversal if found.is_reversed else None,
        "replaced_by": OutsidePurchase.objects.filter(replaces=found).first(),
        "against": said(found),
        "papers": papers,
        "invoice_missing": PaperKind.INVOICE not in kinds,
        "quotations_missing": max(0, found.quotations - kinds.count(PaperKind.QUOTATION)),
    }


def outside_paper(number: str, pk: int) -> HttpResponse:
    """One paper within the caller's scope, as a file to be saved; 404 for others'."""
    paper: OutsidePaper = get_object_or_404(OutsidePaper.objects.filter(purchase__number=number), pk=pk)
    return attachment(paper.plain(), paper.file_name, paper.media_type)


def outside_pages(workspace: str, role: Role) -> list[URLPattern]:
    """The pages of those who look on, for the urls of their workspace: all purchases of the unions in their care, and each."""

    @open_to(role)
    def index(request: HouseRequest) -> HttpResponseBase:
        lead = _(
            "What unions bought outside this marketplace. It counts in the cap of each member, never in the share."
        )
        rows = OutsidePurchase.objects.all()
        return outside_listing(request, rows, f"{workspace}:elsewhere_one", own=False).answer("list.html", lead=lead)

    @open_to(role)
    def detail(request: HouseRequest, number: str) -> HttpResponse:
        context = {"workspace": workspace, "list_url": reverse(f"{workspace}:elsewhere")}
        return render(request, "outside/one.html", outside_context(number) | context)

    @open_to(role)
    def paper(request: HouseRequest, number: str, paper: int) -> HttpResponse:
        return outside_paper(number, paper)

    return [
        path("elsewhere/", index, name="elsewhere"),
        path("elsewhere/<str:number>/", detail, name="elsewhere_one"),
        path("elsewhere/<str:number>/papers/<int:paper>/", paper, name="elsewhere_paper"),
    ]


def _remark(purchase: OutsidePurchase) -> str:
    if purchase.is_reversed:
        return _("Reversed: %(because)s") % {"because": purchase.reversal.because}
    return _(", ").join(rule_label(code) for code, _data in purchase.found)
