"""What auditors read of the unions in their care, and what they ask."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, Role
from marketplace.shop.order.models import Order
from marketplace.workspaces import subtree
from marketplace.workspaces.audit.forms import CaseForm, NoteForm
from marketplace.workspaces.cases import case_listing
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.judgements import judgement_context
from marketplace.workspaces.orders import order_context
from marketplace.workspaces.packs import ask_here, file_of, pack_context, progress_of
from marketplace.workspaces.pages import put_into, thanks
from marketplace.workspaces.papers import paper_download, papers_context
from marketplace.workspaces.statement_workbook import xlsx_download
from marketplace.workspaces.statements import json_download, statement_context
from marketplace.workspaces.templatetags.house import subject_label
from procurement.audit import actions
from procurement.audit.models import AuditCase, CaseState
from procurement.priority.models import Judgement
from procurement.programmes.outside.models import OutsidePurchase


@open_to(Role.AUDITOR)
def home(request: HouseRequest) -> HttpResponseBase:
    """The unions in the auditor's care with their shares of one gift year."""
    years = subtree.years_of(request.organisation)
    year = subtree.chosen_year(request, years)
    listing = subtree.union_listing(request, request.organisation, year, years, "audit:statement")
    context = {
        "year": year,
        "page": listing.page,
        "chart": subtree.share_chart(listing.page.object_list),
        "totals": subtree.totals(request.organisation, year),
        "answered": AuditCase.objects.filter(state=CaseState.ANSWERED).select_related("union")[:20],
    }
    return listing.answer("audit/home.html", **context)


@open_to(Role.AUDITOR)
def statement(request: HouseRequest, code: str, year: int) -> HttpResponse:
    """One union's compliance statement of a gift year."""
    union = _union(request, code)
    return render(request, "audit/statement.html", statement_context(union, year) | {"workspace": "audit"})


@open_to(Role.AUDITOR)
def statement_xlsx(request: HouseRequest, code: str, year: int) -> HttpResponseBase:
    """The statement as a workbook."""
    return xlsx_download(_union(request, code), year)


@open_to(Role.AUDITOR)
def statement_json(request: HouseRequest, code: str, year: int) -> HttpResponse:
    """The statement as a file for other programs."""
    return json_download(_union(request, code), year)


@open_to(Role.AUDITOR)
def order(request: HouseRequest, number: str) -> HttpResponse:
    """One order with its decisions and trail."""
    found = _order(number)
    judgements = Judgement.objects.filter(decisions__order=found).distinct()
    context = order_context(found) | papers_context(found.programme) | pack_context(found, "audit")
    return render(request, "audit/order.html", context | {"judgements": judgements})


@open_to(Role.AUDITOR)
def paper(request: HouseRequest, number: str, paper: int) -> HttpResponse:
    """One paper that the union put on file."""
    return paper_download(_order(number).programme, paper)


@open_to(Role.AUDITOR)
def judgement(request: HouseRequest, number: str, pk: int) -> HttpResponse:
    """What the rule saw and said."""
    found = _order(number)
    judged: Judgement = get_object_or_404(Judgement.objects.filter(decisions__order=found).distinct(), pk=pk)
    return render(request, "audit/judgement.html", judgement_context(judged) | {"order": found})


@open_to(Role.AUDITOR)
@require_POST
def pack(request: HouseRequest, number: str) -> HttpResponse:
    """Let the evidence pack of an order be made."""
    return ask_here(request, _order(number), "audit")


@open_to(Role.AUDITOR)
def pack_progress(request: HouseRequest, number: str) -> HttpResponse:
    """How far the pack is."""
    return progress_of(request, _order(number), "audit")


@open_to(Role.AUDITOR)
def pack_file(request: HouseRequest, number: str, pack: int) -> HttpResponse:
    """The pack that was made."""
    return file_of(_order(number), pack)


@open_to(Role.AUDITOR)
def cases(request: HouseRequest) -> HttpResponseBase:
    """All matters raised with the unions in the auditor's care."""
    rows = AuditCase.objects.select_related("union", "opened_by")
    lead = _("A case is opened from a statement or an order, and stays open until you close it.")
    return case_listing(request, rows, "audit:case").answer("list.html", lead=lead)


@open_to(Role.AUDITOR)
def new_case(request: HouseRequest, code: str) -> HttpResponse:
    """Raise a matter with a union."""
    union = _union(request, code)
    form = CaseForm(request.POST or None, initial={"subject": request.GET.get("about", "")[:80]})
    code = str(form["subject"].value() or "")
    about = subject_label(code)
    if about == code:  # in the auditor's own words, or not yet said
        about = ""
    else:
        form.fields["subject"].widget = forms.HiddenInput()
    if request.method == "POST" and form.is_valid():
        try:
            case_ = actions.open_case(request.user, union, form.cleaned_data["subject"], form.cleaned_data["question"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The case is open; the union sees it today."))
            return redirect("audit:case", pk=case_.pk)
    return render(request, "audit/case_new.html", {"form": form, "union": union, "about": about})


@open_to(Role.AUDITOR)
def case(request: HouseRequest, pk: int) -> HttpResponse:
    """One matter: what was asked and answered; ask again or close."""
    found: AuditCase = get_object_or_404(AuditCase.objects.select_related("union", "opened_by"), pk=pk)
    form = NoteForm(request.POST or None)
    if found.state == CaseState.OPEN:
        form.fields["then"].initial = "close"
    if request.method == "POST" and form.is_valid():
        verb = actions.close if form.cleaned_data["then"] == "close" else actions.ask_again
        try:
            verb(request.user, found, form.cleaned_data["text"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Written down."))
            return redirect("audit:case", pk=pk)
    context = {"case": found, "notes": found.notes.select_related("author"), "form": form}
    return render(request, "audit/case.html", context | {"about": _page_about(found)})


def _page_about(case: AuditCase) -> str:
    """The address of the order, purchase or statement that the case is about; empty for anything else."""
    kind, _colon, number = case.subject.partition(":")
    if kind == "order" and Order.objects.filter(number=number).exists():
        return reverse("audit:order", args=[number])
    if kind == "outside" and OutsidePurchase.objects.filter(number=number).exists():
        return reverse("audit:elsewhere_one", args=[number])
    if kind == "statement" and number.isascii() and number.isdigit() and len(number) == 4:
        return reverse("audit:statement", args=[case.union.code, int(number)])
    return ""


def _union(request: HouseRequest, code: str) -> Organisation:
    found: Organisation = get_object_or_404(subtree.unions_below(request.organisation), code=code)
    return found


def _order(number: str) -> Order:
    found: Order = get_object_or_404(Order.objects.select_related("union", "user", "programme"), number=number)
    return found
