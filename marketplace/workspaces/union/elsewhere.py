"""What the union bought elsewhere: registered with its papers, reversed when it was registered wrongly."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from django import forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.fields import DayInput, YuanField
from marketplace.workspaces.outside import outside_context, outside_listing, outside_paper
from marketplace.workspaces.pages import carried_out, put_into, thanks, today
from marketplace.workspaces.papers import read_scan
from marketplace.workspaces.union.forms import ROSTER_BYTES, PaperForm
from procurement.policy.models import GiftForm, Occasion
from procurement.programmes.models import PaperKind, Programme
from procurement.programmes.outside.actions import (
    Bought,
    file_outside_paper,
    persons_in,
    persons_of,
    register,
    reverse,
)
from procurement.programmes.outside.models import OutsidePurchase


class ElsewhereForm(forms.Form):
    """What the invoice says, for whom it was, and the papers. Who it was for is a list of a plan, a list of its own, or a number."""

    bought_on = forms.DateField(label=gettext_lazy("Bought on"), widget=DayInput())
    occasion = forms.ChoiceField(
        label=gettext_lazy("Occasion"), choices=[("", gettext_lazy("Choose…")), *Occasion.choices]
    )
    gift_year = forms.TypedChoiceField(label=gettext_lazy("Gift year"), coerce=int)
    form = forms.ChoiceField(label=gettext_lazy("Form of the gift"), choices=GiftForm.choices)
    supplier = forms.CharField(label=gettext_lazy("Supplier"), max_length=120)
    invoice = forms.CharField(
        label=gettext_lazy("Invoice number"),
        max_length=60,
        help_text=gettext_lazy("Of an old invoice its code and number, one after the other."),
    )
    amount = YuanField(label=gettext_lazy("Amount of the invoice (yuan)"))
    people: forms.ModelChoiceField[Programme] = forms.ModelChoiceField(
        label=gettext_lazy("The list of a plan"),
        queryset=Programme.objects.none(),
        required=False,
        empty_label=gettext_lazy("Choose the list of a plan…"),
        help_text=gettext_lazy(
            "The members of one of your plans; or upload their list below. Without a list it counts for every member."
        ),
    )
    roster = forms.FileField(
        label=gettext_lazy("List of members"),
        required=False,
        help_text=gettext_lazy("The workbook as you keep it. Only who they are is noted; the file itself is not kept."),
    )
    members = forms.IntegerField(
        label=gettext_lazy("How many members"),
        min_value=1,
        required=False,
        help_text=gettext_lazy("Only where there is no list."),
    )
    quotations = forms.IntegerField(label=gettext_lazy("Quotations on file"), min_value=0, max_value=99, initial=0)
    approvers = forms.IntegerField(label=gettext_lazy("People who decided"), min_value=1, max_value=99, initial=1)
    paper = forms.FileField(
        label=gettext_lazy("Scan of the invoice"),
        required=False,
        help_text=gettext_lazy("PDF, JPEG or PNG, up to 10 MB. Others can be put on file afterwards."),
    )
    note = forms.CharField(
        label=gettext_lazy("Remark"), max_length=400, required=False, widget=forms.Textarea({"rows": 2})
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, union: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        year = today().year
        self.fields["gift_year"].choices = [(one, str(one)) for one in (year, year + 1, year - 1)]  # type: ignore[attr-defined]
        lists = Programme.objects.filter(union=union, recipients__isnull=False).distinct().order_by("-id")
        self.fields["people"].queryset = lists  # type: ignore[attr-defined]

    def clean_roster(self) -> Any:
        """Refuse what is too large to read."""
        roster = self.cleaned_data["roster"]
        if roster and roster.size > ROSTER_BYTES:
            raise forms.ValidationError(_("The file is larger than 20 MB. Keep the list only, without pictures."))
        return roster

    def clean(self) -> dict[str, Any]:
        """One way to say for whom it was."""
        data = super().clean() or {}
        told = [name for name in ("people", "roster", "members") if data.get(name)]
        if len(told) > 1:
            self.add_error(told[1], _("Say it in one way: a plan's list, a list of its own, or a number."))
        return data


class ReversalForm(forms.Form):
    """Why the entry is wrong."""

    because = forms.CharField(
        label=gettext_lazy("What is wrong with it?"), max_length=400, widget=forms.Textarea({"rows": 2})
    )


@open_to(Role.BUYER, Role.APPROVER)
def index(request: HouseRequest) -> HttpResponseBase:
    """All that the union registered, newest first."""
    rows = OutsidePurchase.objects.filter(union=request.organisation)
    listing = outside_listing(request, rows, "union:elsewhere_one", own=True)
    return listing.answer("union/elsewhere.html", is_buyer=Role.BUYER in request.roles)


@open_to(Role.BUYER)
def new(request: HouseRequest) -> HttpResponse:
    """Register one purchase."""
    union = request.organisation
    form = ElsewhereForm(
        union, request.POST or None, request.FILES or None, initial={"key": token_hex(16), "gift_year": today().year}
    )
    if request.method == "POST" and form.is_valid():
        try:
            purchase = _register(request, form.cleaned_data)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The purchase from %(supplier)s is registered.") % {"supplier": purchase.supplier})
            return redirect("union:elsewhere_one", number=purchase.number)
    return render(request, "union/elsewhere_new.html", {"form": form})


def _register(request: HouseRequest, told: dict[str, Any]) -> OutsidePurchase:
    persons: frozenset[str] = frozenset()
    if told["people"]:
        persons = persons_of(told["people"])
    elif told["roster"]:
        persons = persons_in(request.organisation, told["roster"].name or "", told["roster"].read())
    names = (
        "bought_on",
        "occasion",
        "gift_year",
        "form",
        "supplier",
        "invoice",
        "amount",
        "quotations",
        "approvers",
        "note",
    )
    bought = Bought(**{name: told[name] for name in names}, members=told["members"] or 0)
    scan = told["paper"]
    papers = [(PaperKind.INVOICE, *read_scan(scan))] if scan else []
    return register(request.user, request.organisation, bought, told["key"], persons=persons, papers=papers)


@open_to(Role.BUYER, Role.APPROVER)
def detail(request: HouseRequest, number: str) -> HttpResponse:
    """One purchase: what was registered, its papers, how to reverse it."""
    return _page(request, number, PaperForm(initial={"kind": PaperKind.INVOICE}), ReversalForm())


@open_to(Role.BUYER, Role.APPROVER)
@require_POST
def file(request: HouseRequest, number: str) -> HttpResponse:
    """Put a paper on file."""
    found = _own(request, number)
    form = PaperForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, number, form, ReversalForm())
    name, content = read_scan(form.cleaned_data["paper"])
    kind = PaperKind(form.cleaned_data["kind"])
    if carried_out(request, lambda: file_outside_paper(request.user, found, kind, name, content)):
        thanks(request, _("“%(name)s” is on file.") % {"name": name})
    return redirect("union:elsewhere_one", number=number)


@open_to(Role.BUYER)
@require_POST
def take_back(request: HouseRequest, number: str) -> HttpResponse:
    """Reverse what was registered wrongly."""
    found = _own(request, number)
    form = ReversalForm(request.POST)
    if not form.is_valid():
        return _page(request, number, PaperForm(), form)
    if carried_out(request, lambda: reverse(request.user, found, form.cleaned_data["because"])):
        thanks(request, _("%(number)s is reversed. Register the right purchase now.") % {"number": number})
    return redirect("union:elsewhere_one", number=number)


@open_to(Role.BUYER, Role.APPROVER)
def paper(request: HouseRequest, number: str, paper: int) -> HttpResponse:
    """One paper, as a file to be saved."""
    return outside_paper(number, paper)


def _own(request: HouseRequest, number: str) -> OutsidePurchase:
    rows = OutsidePurchase.objects.select_related("union")
    found: OutsidePurchase = get_object_or_404(rows, number=number, union=request.organisation)
    return found


def _page(request: HouseRequest, number: str, paper_form: PaperForm, reversal_form: ReversalForm) -> HttpResponse:
    context = outside_context(number) | {
        "workspace": "union",
        "is_buyer": Role.BUYER in request.roles,
        "paper_form": paper_form,
        "reversal_form": reversal_form,
    }
    return render(request, "union/elsewhere_one.html", context)
