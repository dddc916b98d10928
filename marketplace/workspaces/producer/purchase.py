"""One purchase note: what it says, whether it is paid, which lots it went into, and how a wrong entry is taken back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import F, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.fields import DayInput
from marketplace.workspaces.pages import put_into, tell, thanks, today
from suppliers.provenance.models import Collection
from suppliers.provenance.purchase_errors import PurchaseReversed
from suppliers.provenance.purchases import record_paid, reverse_purchase


class PaidForm(forms.Form):
    """By which slip it was paid, and when; `instead_of` is the payment that is corrected."""

    slip = forms.CharField(
        label=gettext_lazy("Number of the slip"),
        max_length=80,
        help_text=gettext_lazy("Of the transfer, or of the receipt that the household signed."),
    )
    paid_on = forms.DateField(label=gettext_lazy("Paid on"), widget=DayInput(), initial=today)
    instead_of = forms.IntegerField(required=False, widget=forms.HiddenInput())


class ReversalForm(forms.Form):
    """Why the entry is wrong."""

    because = forms.CharField(
        label=gettext_lazy("What is wrong with it?"),
        max_length=200,
        help_text=gettext_lazy("For instance: wrong weight. Name nobody."),
    )


@open_to(Role.PRODUCER)
def detail(request: HouseRequest, pk: int) -> HttpResponse:
    """One note of the producer's ledger."""
    return _page(request, _own(request, pk))


@open_to(Role.PRODUCER)
@require_POST
def paid(request: HouseRequest, pk: int) -> HttpResponse:
    """Record the payment, or correct the one that is on record."""
    found = _own(request, pk)
    form = PaidForm(request.POST)
    if found.is_reversed:
        tell(request, PurchaseReversed(note=found.note))
        return redirect("producer:purchase", pk=pk)
    if form.is_valid():
        told = form.cleaned_data
        corrected = found.payments.filter(pk=told["instead_of"] or 0).first()
        try:
            record_paid(request.user, found, told["slip"], told["paid_on"], corrected)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Purchase note %(note)s is on record as paid.") % {"note": found.note})
            return redirect("producer:purchase", pk=pk)
    return _page(request, found, paid=form)


@open_to(Role.PRODUCER)
@require_POST
def reverse_entry(request: HouseRequest, pk: int) -> HttpResponse:
    """Take a wrong entry back; the right one is then entered with the same household chosen."""
    found = _own(request, pk)
    form = ReversalForm(request.POST)
    if form.is_valid():
        try:
            reverse_purchase(request.user, found, form.cleaned_data["because"])
        except HouseError as error:
            # Whatever is refused here, the page has no form for it any more.
            tell(request, error)
        else:
            thanks(
                request,
                _("Purchase note %(note)s is reversed. Its number may be entered again.") % {"note": found.note},
            )
        return redirect("producer:purchase", pk=pk)
    return _page(request, found, reversal=form)


def _own(request: HouseRequest, pk: int) -> Any:
    rows = Collection.objects.filter(producer=request.organisation).annotate(
        left=F("grams") - Sum("used_in__grams", default=0)
    )
    joined = rows.select_related("producer", "agreement__household", "replaces", "replaced_by", "reversal__reversed_by")
    return get_object_or_404(joined, pk=pk)


def _page(request: HouseRequest, one: Any, **given: forms.Form) -> HttpResponse:
    """The page with its forms; those given are shown again with their faults."""
    used = one.used_in.select_related("transformation").prefetch_related("transformation__outputs__lot").order_by("pk")
    payments = list(one.payments.select_related("recorded_by").order_by("-pk"))
    payment = payments[0] if payments else None
    typed = {"slip": payment.slip, "paid_on": payment.paid_on, "instead_of": payment.pk} if payment else None
    context: dict[str, Any] = {
        "purchase": one,
        "payment": payment,
        "corrected": payments[1:],
        "paid_form": PaidForm(initial=typed, auto_id="paid-%s"),
        "paid_opened": "paid" in given,
        "reversed": one.reversal if one.is_reversed else None,
        "replaced_by": getattr(one, "replaced_by", None),
        "used": list(used),
        "reversal_form": ReversalForm(),
    }
    return render(request, "producer/purchase.html", context | {f"{name}_form": form for name, form in given.items()})
