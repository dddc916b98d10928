"""A producer's purchase ledger: what was bought from which household, note by note. An entry is never edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import F, Q, Sum
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, Role
from marketplace.organisations.personal import mask_name
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.fields import DayInput, YuanField
from marketplace.workspaces.households import STATES
from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.pages import put_into, thanks, today
from marketplace.workspaces.sheets import Column
from suppliers.provenance.models import BenefitAgreement, Collection, CollectionPayment
from suppliers.provenance.purchases import collect, is_paid, payments_of

_KILO = 1_000
_COLUMNS = (
    Column("note", gettext_lazy("Purchase note"), url="url"),
    Column("state", gettext_lazy("State"), "state"),
    Column("household", gettext_lazy("Household"), url="household_url"),
    Column("produce", gettext_lazy("Produce")),
    Column("collected_on", gettext_lazy("Day"), "date"),
    Column("kilos", gettext_lazy("Weight, kg")),
    Column("left_kilos", gettext_lazy("Not used yet, kg")),
    Column("price", gettext_lazy("Price"), "money"),
    Column("paid_on", gettext_lazy("Paid on"), "date"),
    Column("slip", gettext_lazy("Slip")),
)
_REVERSED = "reversed"


class PurchaseFilters(Filters):
    """By words, days, whether it is paid, whether the household has confirmed, and whether the entry was reversed."""

    q = words()
    state = choice(gettext_lazy("State"), [*STATES[1:3], (_REVERSED, gettext_lazy("Reversed"))])
    paid = choice(gettext_lazy("Payment"), [("no", gettext_lazy("Not paid yet")), ("yes", gettext_lazy("Paid"))])
    since = day(gettext_lazy("On or after"))
    until = day(gettext_lazy("Until"))

    def narrowed(self, rows: Any) -> Any:
        """The purchases that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "note", "produce", "agreement__household__code"))
        if state := self.wishes.get("state"):
            rows = rows.filter(reversal__isnull=state != _REVERSED)
        if state in ("unconfirmed", "confirmed_by_household"):
            rows = rows.filter(agreement__confirmed_at__isnull=state == "unconfirmed")
        if paid := self.wishes.get("paid"):
            rows = rows.filter(is_paid() if paid == "yes" else ~is_paid(), reversal__isnull=True)
        return between(rows, "collected_on", self.wishes)


class PurchaseForm(forms.Form):
    """One purchase note, as it stands on the paper."""

    agreement = forms.TypedChoiceField(label=gettext_lazy("Household"), coerce=int)
    produce = forms.CharField(label=gettext_lazy("Produce"), max_length=40)
    weight = forms.DecimalField(label=gettext_lazy("Weight, kg"), min_value=0, max_digits=9, decimal_places=3)
    price = YuanField(label=gettext_lazy("Price of the whole, yuan"), min_value=0)
    collected_on = forms.DateField(label=gettext_lazy("Day"), widget=DayInput(), initial=today)
    note = forms.CharField(
        label=gettext_lazy("Number of the purchase note"),
        max_length=80,
        help_text=gettext_lazy("Each number of yours is entered once."),
    )

    def __init__(self, producer: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = BenefitAgreement.objects.filter(producer=producer).exclude(
            disowned_at__isnull=False, confirmed_at__isnull=True
        )
        self.agreements = {
            one.pk: one for one in rows.select_related("household", "producer").order_by("household__code")
        }
        told = [(pk, _in_words(one)) for pk, one in self.agreements.items()]
        self.fields["agreement"].choices = [("", _("Choose…")), *told]  # type: ignore[attr-defined]


def _in_words(agreement: BenefitAgreement) -> str:
    household = agreement.household
    return f"{household.code} · {mask_name(household.head_name)} · {household.village}"


@open_to(Role.PRODUCER)
def index(request: HouseRequest) -> HttpResponseBase:
    """The whole ledger, newest first."""

    def present(found: Sequence[Any]) -> list[Any]:
        paid = payments_of(found)
        return [_row(one, paid.get(one.pk)) for one in found]

    empty = Empty(
        _("No purchase yet"),
        _(
            "Enter each purchase note with its household: lots are made of what was bought from households that have confirmed."
        ),
        "document",
    )
    rows = Collection.objects.filter(producer=request.organisation).select_related("agreement__household", "reversal")
    rows = rows.annotate(left=F("grams") - Sum("used_in__grams", default=0)).order_by("-collected_on", "-pk")
    filters, sums = PurchaseFilters(request), {"price": Sum("price", filter=Q(reversal__isnull=True))}
    listing = Listing(request, rows, _COLUMNS, _("Purchase ledger"), empty, filters=filters, present=present, sums=sums)
    actions = [
        {"url": reverse("producer:purchase_new"), "label": _("Enter a purchase"), "icon": "plus"},
        {"url": reverse("producer:purchase_sheet"), "label": _("By spreadsheet"), "icon": "upload"},
        {"url": reverse("producer:households"), "label": _("Households"), "icon": "people"},
    ]
    return listing.answer("list.html", actions=actions)


def _row(one: Any, payment: CollectionPayment | None) -> dict[str, Any]:
    household = one.agreement.household
    return {
        "note": one.note,
        "household": household.code,
        "url": reverse("producer:purchase", args=[one.pk]),
        "household_url": reverse("producer:household", args=[household.pk]),
        "produce": one.produce,
        "collected_on": one.collected_on,
        "kilos": f"{one.grams / _KILO:,.3f}",
        "left_kilos": "" if one.is_reversed else f"{one.left / _KILO:,.3f}",
        "price": one.price,
        "paid_on": payment.paid_on if payment else None,
        "slip": payment.slip if payment else "",
        "state": _REVERSED if one.is_reversed else one.agreement.state,
    }


@open_to(Role.PRODUCER)
def new(request: HouseRequest) -> HttpResponse:
    """Enter one purchase; a household's page leads here with it chosen, a reversed entry with its number too."""
    chosen = {name: request.GET.get(name, "") for name in ("agreement", "note")}
    form = PurchaseForm(request.organisation, request.POST or None, initial=chosen)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        agreement, grams = form.agreements[told["agreement"]], int(told["weight"] * _KILO)
        note = told["note"].strip()
        try:
            collect(request.user, agreement, told["produce"].strip(), grams, told["price"], told["collected_on"], note)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Purchase note %(note)s is entered.") % {"note": note})
            return redirect("producer:purchases")
    return render(request, "producer/purchase_new.html", {"form": form})
