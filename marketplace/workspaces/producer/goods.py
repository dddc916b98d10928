"""A producer's goods: put on offer from a phone, their prices with the band and the history, their photographs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.organisations.regions import region_name
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.shop.partner.models import PriceRecord, StockRecord
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, containing, words
from marketplace.workspaces.pages import put_into, thanks
from marketplace.workspaces.producer.goods_forms import GoodsForm, MorePhotosForm, NewPriceForm
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.storefront.queries import per_base
from suppliers.goods.actions import list_goods
from suppliers.goods.models import Photo, PriceRequest, RequestState
from suppliers.goods.photos import MAX_BYTES, add_photos
from suppliers.goods.pricing import Band, band_of, change_price

_PRICES_SHOWN = 20
_COLUMNS = (
    Column("title", pgettext_lazy("what a producer sells", "Goods"), url="url"),
    Column("sku", gettext_lazy("Article")),
    Column("class", gettext_lazy("Commodity class")),
    Column("price", gettext_lazy("Price"), "money"),
    Column("per", gettext_lazy("Unit price")),
    Column("available", gettext_lazy("Available"), "count"),
    Column("offer", gettext_lazy("Offer")),
)


class GoodsFilters(Filters):
    """By words."""

    q = words()

    def narrowed(self, rows: Any) -> Any:
        """The goods that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "partner_sku", "product__title", "product__title_en"))
        return rows


@open_to(Role.PRODUCER)
def index(request: HouseRequest) -> HttpResponseBase:
    """All goods of the producer, the newest first."""
    empty = Empty(
        _("No goods yet"),
        _("List what you sell with its class, size, price and delivery: unions find it in the catalogue at once."),
        "basket",
    )
    listing = Listing(
        request,
        _own(request).order_by("-pk"),
        _COLUMNS,
        pgettext("what a producer sells", "Goods"),
        empty,
        filters=GoodsFilters(request),
        present=_rows,
    )
    actions = [{"url": reverse("producer:goods_new"), "label": _("List goods"), "icon": "plus"}]
    return listing.answer("list.html", actions=actions)


def _own(request: HouseRequest) -> Any:
    rows = StockRecord.objects.filter(partner__organisation=request.organisation)
    return rows.select_related("product__commodity_class", "stock", "partner__organisation")


def _rows(found: Sequence[Any]) -> list[dict[str, Any]]:
    waiting = PriceRequest.objects.filter(stockrecord__in=found, state=RequestState.WAITING)
    waits = set(waiting.values_list("stockrecord", flat=True))
    return [
        {
            "title": one.product.get_title(),
            "url": reverse("producer:goods_one", args=[one.pk]),
            "sku": one.partner_sku,
            "class": one.product.commodity_class or _("not classified"),
            "price": one.price_fen,
            "per": _per(one.price_fen, one.product.net_content, one.product.commodity_class),
            "available": one.stock.available,
            "offer": _offer_in_words(one, one.pk in waits),
        }
        for one in found
    ]


def _offer_in_words(offer: Any, waits: bool) -> str:
    if waits:
        return _("On offer; a new price waits") if offer.listed else _("Its price waits for a second person")
    return _("On offer") if offer.listed else _("Not on offer")


def _per(price: int, content: int, commodity_class: CommodityClass | None) -> str:
    """The price by kilogram, litre or piece, rounded as the listings round it."""
    if commodity_class is None or not content:
        return ""
    units = 1 if commodity_class.base_unit == "pc" else 1_000
    return per_base((2 * price * units + content) // (2 * content), commodity_class.base_unit)


@open_to(Role.PRODUCER)
def new(request: HouseRequest) -> HttpResponse:
    """List simple goods. The button beside the price shows what it is by unit and what the band is, and changes nothing."""
    form = GoodsForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and "look" not in request.POST:
        goods = form.goods()
        try:
            offer = list_goods(request.user, request.organisation, goods)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _listed(offer))
            return redirect("producer:goods_one", pk=offer.pk)
    looked_up = _looked_up(form)
    if "look" in request.POST:
        form.errors.clear()
    return render(request, "producer/goods_new.html", {"form": form, "max_bytes": MAX_BYTES} | looked_up)


def _listed(offer: StockRecord) -> str:
    if offer.listed:
        return _("On offer. Unions see it now; make a lot of it, so that there is something to order.")
    return _("Entered. It comes on offer once a second person has agreed to its price.")


def _looked_up(form: GoodsForm) -> dict[str, Any]:
    """What the typed price is by unit, and the band of the chosen class for the typed content."""
    said = getattr(form, "cleaned_data", {})
    found = form.classes.get(said.get("commodity_class", ""))
    price, content = said.get("price"), said.get("net_content")
    if found is None or not content:
        return {}
    return {"per": _per(price, content, found) if price else ""} | _band_in_words(band_of(found), content, price or 0)


def _band_in_words(band: Band, content: int, price: int) -> dict[str, Any]:
    if not band.reference or not content:
        return {}
    return {
        "least": band.least(content),
        "most": band.most(content),
        "outside": bool(price) and not band.holds(price, content),
    }


@open_to(Role.PRODUCER)
def detail(request: HouseRequest, pk: int) -> HttpResponse:
    """One article: what it says, what it costs and has cost, how it looks."""
    return _page(request, _one(request, pk))


@open_to(Role.PRODUCER)
@require_POST
def price(request: HouseRequest, pk: int) -> HttpResponse:
    """Ask another price."""
    offer = _one(request, pk)
    form = NewPriceForm(request.POST)
    if form.is_valid():
        try:
            asked = change_price(request.user, offer, form.cleaned_data["price"], form.cleaned_data["reason"])
        except HouseError as error:
            put_into(form, error)
        else:
            waits = _("It waits for a second person: the price is outside the band. Until then the old one stands.")
            thanks(request, waits if asked else _("The new price stands."))
            return redirect("producer:goods_one", pk=pk)
    return _page(request, offer, price_form=form)


@open_to(Role.PRODUCER)
@require_POST
def photos(request: HouseRequest, pk: int) -> HttpResponse:
    """Show the goods."""
    offer = _one(request, pk)
    form = MorePhotosForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            add_photos(request.user, offer, form.cleaned_data["photos"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The photos are in the shop."))
            return redirect("producer:goods_one", pk=pk)
    return _page(request, offer, photos_form=form)


def _one(request: HouseRequest, pk: int) -> StockRecord:
    rows = _own(request).select_related("product__commodity_class", "stock", "partner__organisation", "terms")
    found: StockRecord = get_object_or_404(rows, pk=pk)
    return found


def _page(request: HouseRequest, offer: Any, **forms: Any) -> HttpResponse:
    product = offer.product
    requests = list(PriceRequest.objects.filter(stockrecord=offer).select_related("decided_by")[:_PRICES_SHOWN])
    waiting = next((one for one in requests if one.state == RequestState.WAITING), None)
    context = {
        "offer": offer,
        "product": product,
        "terms": getattr(offer, "terms", None),
        "per": _per(offer.price_fen, product.net_content, product.commodity_class),
        "offered": _offer_in_words(offer, waiting is not None),
        "waiting": waiting,
        "requests": [one for one in requests if one is not waiting],
        "deliveries": [
            {"region": region_name(one.region), "freight": one.freight, "days": one.days}
            for one in offer.deliveries.order_by("region")
        ],
        "prices": PriceRecord.objects.filter(stockrecord=offer).order_by("-at", "-pk")[:_PRICES_SHOWN],
        "photos": Photo.objects.filter(product=product).defer("content"),
        "price_form": NewPriceForm(initial={"price": offer.price_fen}, auto_id="price-%s"),
        "photos_form": MorePhotosForm(auto_id="photos-%s"),
        "max_bytes": MAX_BYTES,
    }
    context |= _band_in_words(band_of(product.commodity_class), product.net_content, offer.price_fen)
    return render(request, "producer/goods.html", context | forms)
