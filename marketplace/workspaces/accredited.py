"""Accreditations as their producers, the officers of their county and the storefront show them: lists, history, papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from marketplace.evidence.models import Entry
from marketplace.shop.catalogue.models import Product
from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.pages import attachment
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.templatetags._labels import state as state_label
from suppliers.accreditation.applying import missing_of
from suppliers.accreditation.models import UNDER_WAY, Accreditation, AccreditationState, ApplicationPaper

_TONES = {"valid": "success", "suspended": "danger", "revoked": "danger", "public_notice": "info"}
_SHOWN = 12
_READ = 60  # of a product with several accreditations, those of one are picked
_WAY = (*UNDER_WAY, AccreditationState.VALID)


class AccreditationFilters(Filters):
    """By words, state and when it ends."""

    q = words()
    state = choice(_("State"), AccreditationState.choices)
    since = day(_("Ends from"))
    until = day(_("Ends until"))

    def narrowed(self, rows: Any) -> Any:
        """The accreditations that fit."""
        if text := self.wishes.get("q"):
            names = ("number", "product__title", "product__title_en", "producer__name", "producer__name_en")
            rows = rows.filter(containing(text, *names))
        if state := self.wishes.get("state"):
            rows = rows.filter(state=state)
        return between(rows, "valid_to", self.wishes)


def accreditation_listing(
    request: HttpRequest, rows: Any, address: str, title: str, empty: Empty, *, own: bool
) -> Listing:
    """Accreditations of a producer (`own`) or of a county, newest first; each row leads to its page at that address."""

    def present(found: Sequence[Any]) -> list[Any]:
        for row in found:
            row.title, row.url = row.product.get_title(), reverse(address, args=[row.number])
        return list(found)

    columns = (
        Column("title", _("Product"), url="url"),
        Column("number", _("Number")),
        *(() if own else (Column("producer", _("Producer")),)),
        Column("state_today", _("State"), "state"),
        Column("households", _("Households"), "count"),
        Column("valid_from", _("From"), "date"),
        Column("valid_to", _("Until"), "date"),
    )
    filters = AccreditationFilters(request)
    return Listing(request, rows.order_by("-id"), columns, title, empty, filters=filters, present=present)


def history_of(product: Product, number: str = "") -> list[dict[str, Any]]:
    """What the log says about the product's accreditations, or the one of that number, newest first: decisions, notices, reasons."""
    entries = Entry.objects.filter(subject=f"product:{product.pk}", kind__startswith="accreditation.").order_by("-id")
    told = []
    for entry in entries[: _READ if number else _SHOWN]:
        body, code = entry.body, entry.kind.partition(".")[2]
        if number and body.get("number") != number:
            continue
        told.append(
            {
                "when": entry.written_at,
                "code": code,
                "title": state_label(code).words,
                "actor": body.get("number", ""),
                "text": body.get("reason", ""),
                "until": body.get("notice_until", ""),
                "tone": _TONES.get(code, "neutral"),
                "entry": entry.pk,
            }
        )
    return told


def stages_of(accreditation: Accreditation, history: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps from application to validity as the stepper shows them; where it was refused, that step with the reason."""
    refused = next((told for told in history if told["code"] == AccreditationState.REFUSED), None)
    reached = {told["code"] for told in history} | {accreditation.state}
    is_beyond = accreditation.valid_from is not None
    last = len(_WAY) - 1 if is_beyond else max((at for at, state in enumerate(_WAY) if state in reached), default=-1)
    steps = []
    for at, state in enumerate(_WAY):
        step = {"label": state_label(state).words, "state": "done" if at <= last else "ahead"}
        if at == last + 1:
            step |= {"state": "failed", "note": refused["text"]} if refused else {"state": "current"}
        steps.append(step)
    return steps


def papers_context(accreditation: Accreditation) -> dict[str, Any]:
    """The papers beside an application, and which of the wanted ones are not there. One statement."""
    papers = list(accreditation.papers.select_related("added_by").defer("content"))
    return {"papers": papers, "missing": missing_of(papers)}


def paper_answer(accreditation: Accreditation, pk: int) -> HttpResponse:
    """One paper as a file to be saved. 404 for a paper of another application."""
    paper: ApplicationPaper = get_object_or_404(accreditation.papers.all(), pk=pk)
    return attachment(paper.plain(), paper.file_name, paper.media_type)
