"""Home, statement and audit cases of a union."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.fulfilment.models import SupplierOrder
from marketplace.fulfilment.queries import with_states
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, Role
from marketplace.workspaces.cases import case_listing
from marketplace.workspaces.closing import closing_page
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import put_into, thanks, today
from marketplace.workspaces.statement_workbook import xlsx_download
from marketplace.workspaces.statements import json_download, statement_context
from marketplace.workspaces.union import queries
from marketplace.workspaces.union.forms import AnswerForm
from marketplace.workspaces.union.suggestions import festivals_ahead
from procurement.audit import actions as audit
from procurement.audit.models import AuditCase, CaseState
from procurement.priority.models import UnionYear
from procurement.programmes.models import Complaint, ComplaintState, ProgrammeState
from procurement.programmes.reattribution.queries import waiting_for
from procurement.watch.queries import refuted
from suppliers.provenance.queries import recalls_of

_FEW = 20
_RECALLS_SHOWN_DAYS = 90


@open_to(Role.BUYER, Role.APPROVER)
def home(request: HouseRequest) -> HttpResponse:
    """What to do today: plans, approvals, orders to place, goods to accept, questions to answer."""
    union, year = request.organisation, today().year
    gauge = queries.year_gauge(union, year)
    due = queries.Due(year, gauge.make_good, gauge.because) if gauge and gauge.make_good else None
    waiting = _waiting(union, year, closes=Role.APPROVER in request.roles) | {"due": due}
    context = waiting | {
        "nothing": not any(waiting.values()),
        "gauge": gauge,
        "purses": queries.purses(union, year),
        "ahead": festivals_ahead(union, today()),
        "year": year,
        "is_buyer": Role.BUYER in request.roles,
        "is_approver": Role.APPROVER in request.roles,
    }
    return render(request, "union/home.html", context)


def _waiting(union: Organisation, year: int, *, closes: bool) -> dict[str, Any]:
    """Whatever somebody of the union has to do, by its name on the page; an earlier year to close only for who closes years."""
    plans = list(queries.open_programmes(union)[:100])
    mine: QuerySet[Any] = SupplierOrder.objects.filter(union=union, confirmed_at__isnull=False)
    arrived = with_states(mine).filter(Q(in_shipped__gt=0))
    return {
        "drafts": [p for p in plans if p.state == ProgrammeState.DRAFT],
        "choosing": [p for p in plans if p.state == ProgrammeState.CHOOSING],
        "submitted": [p for p in plans if p.state == ProgrammeState.SUBMITTED],
        "approved": [p for p in plans if p.state == ProgrammeState.APPROVED],
        "arrived": arrived.select_related("order", "producer")[:_FEW],
        "refuted": [one for one in refuted([union.pk]) if one.gift_year >= year - 1 and one.amount],
        "cases": AuditCase.objects.filter(union=union, state=CaseState.OPEN)[:_FEW],
        "problems": Complaint.objects.filter(union=union, state=ComplaintState.OPEN).count(),
        "offers": waiting_for(union).count(),
        "unclosed": queries.year_to_close(union, year) if closes else None,
        "recalls": recalls_of(union, today() - timedelta(days=_RECALLS_SHOWN_DAYS))[:_FEW],
    }


@open_to(Role.BUYER, Role.APPROVER)
def statement(request: HouseRequest, year: int | None = None) -> HttpResponse:
    """The union's own compliance statement of a gift year."""
    union = request.organisation
    years = queries.years(UnionYear.objects.filter(union=union).values_list("gift_year", flat=True))
    context = statement_context(union, year or today().year) | {"years": years, "workspace": "union"}
    found = context.get("statement")
    context["can_close"] = found is not None and found.year < today().year and not found.closed_on
    return render(request, "union/statement.html", context)


@open_to(Role.BUYER, Role.APPROVER)
def close_year(request: HouseRequest, year: int) -> HttpResponse:
    """What is still open of the union's gift year, and closing it as its approver."""
    back = reverse("union:statement_year", args=[year])
    may_close = Role.APPROVER in request.roles
    return closing_page(request, request.organisation, year, "union/close_year.html", back, may_close=may_close)


@open_to(Role.BUYER, Role.APPROVER)
def statement_json(request: HouseRequest, year: int) -> HttpResponse:
    """The statement as a file for other programs."""
    return json_download(request.organisation, year)


@open_to(Role.BUYER, Role.APPROVER)
def statement_xlsx(request: HouseRequest, year: int) -> HttpResponseBase:
    """The statement as a workbook."""
    return xlsx_download(request.organisation, year)


@open_to(Role.BUYER, Role.APPROVER)
def cases(request: HouseRequest) -> HttpResponseBase:
    """What the auditors asked."""
    rows = AuditCase.objects.filter(union=request.organisation).select_related("union", "opened_by")
    lead = _("What the auditors asked your union. Answer here; everything said stays on record.")
    return case_listing(request, rows, "union:case").answer("list.html", lead=lead)


@open_to(Role.BUYER, Role.APPROVER)
def case(request: HouseRequest, pk: int) -> HttpResponse:
    """One matter, and the union's answer."""
    found: AuditCase = get_object_or_404(
        AuditCase.objects.select_related("union", "opened_by"), pk=pk, union=request.organisation
    )
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            audit.answer(request.user, found, form.cleaned_data["text"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Your answer was sent to the auditors."))
            return redirect("union:case", pk=found.pk)
    notes = found.notes.select_related("author")
    return render(request, "union/case.html", {"case": found, "notes": notes, "form": form})
