"""Prices outside the band of their class, as those see them who agree or refuse: the province enterprise and the operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.db.models import F
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.shop.partner.models import PriceRecord
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.pages import put_into, thanks
from marketplace.workspaces.sheets import Column
from suppliers.goods.models import PriceRequest, RequestState
from suppliers.goods.pricing import Band, agree_to_price, refuse_price

_PRICES_SHOWN = 20
_COLUMNS = (
    Column("title", pgettext_lazy("what a producer sells", "Goods"), url="url"),
    Column("producer", gettext_lazy("Producer")),
    Column("price", gettext_lazy("Price asked"), "money"),
    Column("before", gettext_lazy("Price now"), "money"),
    Column("least", gettext_lazy("Band from"), "money"),
    Column("most", gettext_lazy("Band to"), "money"),
    Column("asked_at", gettext_lazy("Asked"), "time"),
    Column("state", gettext_lazy("State")),
)


class PriceFilters(Filters):
    """By words and state."""

    q = words()
    state = choice(gettext_lazy("State"), RequestState.choices)

    def narrowed(self, rows: Any) -> Any:
        """The requests that fit."""
        if text := self.wishes.get("q"):
            names = ("stockrecord__partner_sku", "stockrecord__product__title", "producer__name", "producer__name_en")
            rows = rows.filter(containing(text, *names))
        if state := self.wishes.get("state"):
            rows = rows.filter(state=state)
        return rows


class DecideForm(forms.Form):
    """A word to the producer; needed where the price is refused."""

    words = forms.CharField(
        label=gettext_lazy("To the producer"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Needed when you refuse."),
    )


def pages(workspace: str, role: Role) -> tuple[Callable[..., HttpResponseBase], Callable[..., HttpResponseBase]]:
    """The list and the page of one request, for this role in its workspace."""

    def mine(request: HouseRequest) -> Any:
        rows = PriceRequest.objects.select_related(
            "stockrecord__product__commodity_class", "producer", "enterprise", "asked_by", "decided_by"
        )
        return rows if role == Role.OPERATOR else rows.filter(enterprise=request.organisation)

    @open_to(role)
    def index(request: HouseRequest) -> HttpResponseBase:
        """Those that wait first, the oldest on top."""
        empty = Empty(
            _("No price outside the band"),
            _("A producer's price far from its class's reference waits here until a second person agrees."),
            "scales",
        )
        rows = mine(request).order_by(F("decided_at").desc(nulls_first=True), "asked_at", "pk")

        def present(found: Sequence[Any]) -> list[Any]:
            return [_row(workspace, one) for one in found]

        filters = PriceFilters(request)
        listing = Listing(request, rows, _COLUMNS, _("Prices to decide"), empty, filters=filters, present=present)
        return listing.answer("list.html", lead=_("Outside the band a price stands only with your word."))

    @open_to(role)
    def detail(request: HouseRequest, pk: int) -> HttpResponse:
        """One price: reason, band, history; agree or refuse."""
        found = get_object_or_404(mine(request), pk=pk)
        form = DecideForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            agrees = request.POST.get("decision") == "agree"
            try:
                if agrees:
                    agree_to_price(request.user, found)
                else:
                    refuse_price(request.user, found, form.cleaned_data["words"])
            except HouseError as error:
                put_into(form, error)
            else:
                thanks(request, _("The price stands.") if agrees else _("Refused; the producer reads why."))
                return redirect(f"{workspace}:price", pk=pk)
        context = {"asked": found, "form": form, "workspace": workspace} | _row(workspace, found)
        context["list_url"] = reverse(f"{workspace}:prices")
        rows = PriceRecord.objects.filter(stockrecord=found.stockrecord_id).order_by("-at", "-pk")
        context["prices"] = rows[:_PRICES_SHOWN]
        return render(request, "price_asked.html", context)

    return index, detail


def _row(workspace: str, one: Any) -> dict[str, Any]:
    offer, band = one.stockrecord, Band(one.reference, one.band_bp)
    content = offer.product.net_content
    return {
        "title": offer.product.get_title(),
        "url": reverse(f"{workspace}:price", args=[one.pk]),
        "producer": one.producer,
        "price": one.price,
        # Goods that come on offer with this price have none yet.
        "before": None if one.is_first and one.state != RequestState.AGREED else offer.price_fen,
        "least": band.least(content),
        "most": band.most(content),
        "asked_at": one.asked_at,
        "state": one.get_state_display(),
    }
