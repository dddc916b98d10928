"""Orders booked to the wrong union: offered to the right one, taken over with their money, declined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, Role
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.pages import carried_out, put_into, tell_faults, thanks
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.union.forms import PurseField
from procurement.programmes.reattribution import actions as verbs
from procurement.programmes.reattribution.models import Reattribution, ReattributionState

_WAITING_SHOWN = 100
_COLUMNS = (
    Column("number", gettext_lazy("Order")),
    Column("booked_by", gettext_lazy("Booked by")),
    Column("belongs_to", gettext_lazy("Belongs to")),
    Column("amount", gettext_lazy("Amount"), "money"),
    Column("state_words", gettext_lazy("State")),
    Column("offered_at", gettext_lazy("Offered on"), "date"),
    Column("answered_at", gettext_lazy("Answered on"), "date"),
    Column("because", gettext_lazy("Reason")),
    Column("answer", gettext_lazy("Answer")),
)


class HandingFilters(Filters):
    """By words and state."""

    q = words()
    state = choice(gettext_lazy("State"), ReattributionState.choices)

    def narrowed(self, rows: Any) -> Any:
        """The re-attributions that fit."""
        if text := self.wishes.get("q"):
            unions = ("union__name", "union__name_en", "to_union__name", "to_union__name_en")
            rows = rows.filter(containing(text, "order__number", "because", *unions))
        state = self.wishes.get("state")
        return rows.filter(state=state) if state else rows


class HandOnForm(forms.Form):
    """To which union the order belongs, and why it was booked here."""

    to = forms.TypedChoiceField(label=gettext_lazy("The right union"), coerce=int)
    because = forms.CharField(
        label=gettext_lazy("Why it was booked here"), max_length=400, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, union: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unions = [(one.pk, one.display_name) for one in verbs.around(union)]
        self.fields["to"].choices = [("", _("Choose…")), *unions]  # type: ignore[attr-defined]


class TakeOverForm(forms.Form):
    """From which purse the order is paid now."""

    purse = PurseField(label=gettext_lazy("Paid from"), queryset=Purse.objects.none(), empty_label=None)

    def __init__(self, union: Organisation, year: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purses = Purse.objects.filter(union=union, gift_year=year, kind=PurseKind.GENERAL, covered=True)
        self.fields["purse"].queryset = purses.select_related("account").order_by("id")  # type: ignore[attr-defined]


class DeclineForm(forms.Form):
    """Why the order belongs elsewhere."""

    answer = forms.CharField(label=gettext_lazy("Why it is not yours"), max_length=400, required=False)


@open_to(Role.BUYER, Role.APPROVER)
def index(request: HouseRequest) -> HttpResponseBase:
    """Offers that wait for this union; its own, and what moved, newest first."""
    union = request.organisation
    rows, offered = _own(request).order_by("-id"), Q(to_union=union, state=ReattributionState.OFFERED)
    empty = Empty(
        _("Nothing was booked to the wrong union"),
        _("If an order belongs to another union, open the order and offer it there."),
        "swap",
    )
    filters = HandingFilters(request)
    listing = Listing(request, rows.exclude(offered), _COLUMNS, _("Re-attribution"), empty, filters, present=_present)
    context = {
        "waiting": [
            (one, TakeOverForm(union, one.gift_year, auto_id=f"purse-{one.pk}-%s"), _decline_form(one))
            for one in rows.filter(offered)[:_WAITING_SHOWN]
        ],
        "union": union,
        "is_buyer": Role.BUYER in request.roles,
    }
    return listing.answer("union/handing.html", **context)


def _decline_form(one: Reattribution) -> DeclineForm:
    return DeclineForm(auto_id=f"answer-{one.pk}-%s")


def _present(rows: Sequence[Any]) -> list[Any]:
    for row in rows:
        row.number, row.state_words = row.order.number, row.get_state_display()
        row.booked_by, row.belongs_to = row.union.display_name, row.to_union.display_name
    return list(rows)


@open_to(Role.BUYER)
def hand_on(request: HouseRequest, number: str) -> HttpResponse:
    """Offer an order that counts here to the union to which it belongs."""
    union, order = request.organisation, _counted_here(request, number)
    form = HandOnForm(union, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            to = Organisation.objects.get(pk=form.cleaned_data["to"])
            verbs.offer(request.user, order, to, form.cleaned_data["because"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("%(union)s has been asked to take the order over.") % {"union": to.display_name})
            return redirect("union:handing")
    return render(request, "union/hand_on.html", {"form": form, "order": order, "own": order.union_id == union.pk})


@open_to(Role.BUYER, Role.APPROVER)
@require_POST
def take_over(request: HouseRequest, pk: int) -> HttpResponse:
    """Take an order over, paid from one of the union's purses."""
    found = _offer(request, pk, to_union=request.organisation)
    form = TakeOverForm(request.organisation, found.gift_year, request.POST)
    if not form.is_valid():
        tell_faults(request, form)
    elif carried_out(request, lambda: verbs.take_over(request.user, found, form.cleaned_data["purse"])):
        thanks(request, _("The order %(order)s counts in your year now.") % {"order": found.order.number})
    return redirect("union:handing")


@open_to(Role.BUYER, Role.APPROVER)
@require_POST
def decline(request: HouseRequest, pk: int) -> HttpResponse:
    """Say that the order belongs elsewhere."""
    found = _offer(request, pk, to_union=request.organisation)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        tell_faults(request, form)
    elif carried_out(request, lambda: verbs.decline(request.user, found, form.cleaned_data["answer"])):
        thanks(request, _("The offer is declined."))
    return redirect("union:handing")


@open_to(Role.BUYER)
@require_POST
def withdraw(request: HouseRequest, pk: int) -> HttpResponse:
    """Take an offer back."""
    found = _offer(request, pk, union=request.organisation)
    if carried_out(request, lambda: verbs.withdraw(request.user, found)):
        thanks(request, _("The offer is withdrawn."))
    return redirect("union:handing")


def _own(request: HouseRequest) -> QuerySet[Reattribution]:
    union = request.organisation
    rows: QuerySet[Reattribution] = Reattribution.objects.filter(Q(union=union) | Q(to_union=union))
    # The order itself stays with the union that placed it: here only its number is shown.
    return rows.select_related("order", "union", "to_union", "offered_by", "answered_by")


def _offer(request: HouseRequest, pk: int, **side: Organisation) -> Reattribution:
    found: Reattribution = get_object_or_404(_own(request).filter(**side), pk=pk)
    return found


def _counted_here(request: HouseRequest, number: str) -> Order:
    """An order that this union's year counts, wherever it was placed. 404 for any other."""
    with seen_by(None):
        order: Order | None = Order.objects.select_related("union", "programme").filter(number=number).first()
        if order is None or verbs.counted_by(order) != request.organisation:
            raise Http404
    return order
