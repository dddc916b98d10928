"""Audit cases as unions and auditors list them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.templatetags.house import subject_label
from procurement.audit.models import AuditCase, CaseState


class CaseFilters(Filters):
    """By words, state and the day opened."""

    q = words()
    state = choice(_("State"), CaseState.choices)
    since = day(_("Opened from"))
    until = day(_("Opened until"))

    def narrowed(self, rows: Any) -> Any:
        """The cases that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "subject", "question", "union__name", "union__name_en"))
        if state := self.wishes.get("state"):
            rows = rows.filter(state=state)
        return between(rows, "opened_at", self.wishes, moments=True)


def case_listing(request: HttpRequest, rows: Any, link: str) -> Listing:
    """Cases, newest first; `link` names the page of one."""

    def present(found: Sequence[AuditCase]) -> list[Any]:
        shown: list[Any] = list(found)
        for case in shown:
            case.url = reverse(link, args=[case.pk])
            case.about = subject_label(case.subject)
        return shown

    columns = (
        Column("about", _("About"), url="url"),
        Column("union", _("Union")),
        Column("state", _("State"), "state"),
        Column("opened_at", _("Opened"), "date"),
        Column("opened_by", _("Auditor")),
        Column("question", _("Question")),
    )
    empty = Empty(_("No case"), _("Nothing was asked yet."), "flag")
    return Listing(request, rows, columns, gettext("Audit cases"), empty, filters=CaseFilters(request), present=present)
