"""The catalogue as the operator keeps it comparable: unclassified goods first, classes with their reference prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, Max, Min, OuterRef, Prefetch, Subquery
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.evidence.models import Entry
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.shop import determinations
from marketplace.shop.catalogue.models import CommodityClass, Determination, Product
from marketplace.shop.partner.models import StockRecord
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.log_words import kind_in_words
from marketplace.workspaces.operate.bounds import bounds_context
from marketplace.workspaces.operate.forms import ClassifyForm, GroundForm, PriceForm
from marketplace.workspaces.pages import id_in, put_into, thanks
from marketplace.workspaces.sheets import Column
from procurement.watch.sweep import open_proposals
from suppliers.accreditation.models import Accreditation
from suppliers.accreditation.queries import valid_on
from suppliers.goods.pricing import refuse_unagreed


class ProductFilters(Filters):
    """By words, class, offer and kind."""

    q = words()
    commodity_class = choice(gettext_lazy("Commodity class"), [])
    listed = choice(gettext_lazy("Offer"), [("yes", gettext_lazy("On offer")), ("no", gettext_lazy("Not on offer"))])
    kind = choice(
        gettext_lazy("Kind"),
        [("assistance", gettext_lazy("Assistance products")), ("ordinary", gettext_lazy("Ordinary products"))],
    )

    def __init__(self, request: HouseRequest) -> None:
        super().__init__(request)
        leaves = CommodityClass.objects.filter(products__isnull=False).distinct()
        known = [("none", _("not classified")), *((one.code, str(one)) for one in leaves)]
        self.fields["commodity_class"].choices = [("", _("All")), *known]  # type: ignore[attr-defined]

    def narrowed(self, rows: Any) -> Any:
        """The products that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(
                containing(text, "title", "title_en", "upc", "stockrecords__partner__organisation__name")
            )
        if code := self.wishes.get("commodity_class"):
            rows = (
                rows.filter(commodity_class__isnull=True) if code == "none" else rows.filter(commodity_class__code=code)
            )
        if listed := self.wishes.get("listed"):
            rows = rows.filter(stockrecords__listed=listed == "yes")
        if kind := self.wishes.get("kind"):
            rows = rows.filter(accreditation__isnull=kind == "ordinary")
        return rows


@open_to(Role.OPERATOR)
def index(request: HouseRequest) -> HttpResponseBase:
    """All products, those without a class first: a covered purse may not buy them."""
    accreditation = valid_on().filter(product=OuterRef("pk")).values("number")[:1]
    rows = (
        Product.objects.select_related("commodity_class", "county")
        .annotate(accreditation=Subquery(accreditation), parts=Count("components", distinct=True))
        .prefetch_related(_offers())
        .order_by(F("commodity_class").asc(nulls_first=True), "title", "id")
    )
    listing = Listing(
        request,
        rows,
        (
            Column("title", _("Product"), url="url"),
            Column("class", _("Commodity class")),
            Column("content", _("Net content")),
            Column("seller", _("Seller")),
            Column("price", _("Price"), "money"),
            Column("accreditation", _("Accreditation")),
            Column("available", _("Available"), "count"),
            Column("offer", _("Offer")),
        ),
        _("Products"),
        Empty(_("No product yet"), _("Products appear when a producer or ordinary supplier lists them."), "basket"),
        filters=ProductFilters(request),
        present=_rows,
    )
    return listing.answer(
        "list.html", lead=_("Those without a class come first: no union may buy them until they are compared.")
    )


def _offers() -> Prefetch[Any]:
    return Prefetch(
        "stockrecords", queryset=StockRecord.objects.select_related("partner__organisation", "stock").order_by("id")
    )


def _rows(found: Sequence[Any]) -> list[dict[str, Any]]:
    rows = []
    for product in found:
        offer = next(iter(product.stockrecords.all()), None)
        box = _("mixed box: judged by its parts") if product.parts else ""
        rows.append(
            {
                "title": product.get_title(),
                "url": reverse("operate:product", args=[product.pk]),
                "class": product.commodity_class or box or _("not classified"),
                "content": _content(product),
                "seller": offer and offer.partner.organisation,
                "price": offer and offer.price_fen,
                "accreditation": product.accreditation,
                "available": offer and offer.stock.available,
                "offer": (_("On offer") if offer.listed else _("Not on offer")) if offer else _("No offer"),
            }
        )
    return rows


def _content(product: Product) -> str:
    if not product.commodity_class or not product.net_content:
        return ""
    return f"{product.net_content:,} {product.commodity_class.get_base_unit_display()}"


@open_to(Role.OPERATOR)
def product(request: HouseRequest, pk: int) -> HttpResponse:
    """One product: determine its class and marks, or look at what was determined."""
    found = _one(pk)
    form = ClassifyForm(request.POST or None, initial=ClassifyForm.of(found))
    if request.method == "POST" and form.is_valid():
        wish = form.cleaned_data
        marks = determinations.Marks(wish["net_content"], wish["grade"], wish["processing"], wish["dietary"])
        try:
            determinations.classify(request.user, found, wish["commodity_class"], marks, wish["ground"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Determined. What is judged from now on sees it; what was decided stays."))
            return redirect("operate:product", pk=pk)
    return render(request, "operate/product.html", _context(found) | {"form": form})


@open_to(Role.OPERATOR)
@require_POST
def offer(request: HouseRequest, pk: int) -> HttpResponse:
    """Put a product's offer on or off: which of the two, the form says, so that a repeat changes nothing."""
    found = _one(pk)
    row = StockRecord.objects.filter(product=found, pk=id_in(request.POST.get("offer", ""))).first()
    if row is None:
        return redirect("operate:product", pk=pk)
    form = GroundForm(request.POST, prefix="offer")
    puts_on = request.POST.get("listed") == "yes"
    verb = determinations.put_on_offer if puts_on else determinations.take_off_offer
    if form.is_valid():
        try:
            if puts_on:
                refuse_unagreed(row)
            verb(request.user, row, form.cleaned_data["ground"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Done; the reason is in the log."))
            return redirect("operate:product", pk=pk)
    context = _context(found) | {"form": ClassifyForm(initial=ClassifyForm.of(found)), "offer_form": form}
    return render(request, "operate/product.html", context)


@open_to(Role.OPERATOR)
@require_POST
def remove(request: HouseRequest, pk: int) -> HttpResponse:
    """Take a product out of its class."""
    found = _one(pk)
    form = GroundForm(request.POST, prefix="remove")
    if form.is_valid():
        try:
            determinations.remove(request.user, found, form.cleaned_data["ground"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Taken out of its class. No union may buy it until it has one again."))
            return redirect("operate:product", pk=pk)
    context = _context(found) | {"form": ClassifyForm(initial=ClassifyForm.of(found)), "remove_form": form}
    return render(request, "operate/product.html", context)


@open_to(Role.OPERATOR)
def classes(request: HouseRequest) -> HttpResponseBase:
    """The classes within which products are compared, with what their products cost."""
    per_unit = F("products__stockrecords__price") * 100_000 / F("products__net_content")
    fitting = {"products__stockrecords__listed": True, "products__net_content__gt": 0}
    listing = Listing(
        request,
        CommodityClass.objects.filter(children__isnull=True)
        .select_related("parent")
        .annotate(count=Count("products", distinct=True))
        .order_by("code"),
        (
            Column("name", _("Commodity class"), url="url"),
            Column("code", _("Short code")),
            Column("group", _("Group")),
            Column("unit", _("Compared by")),
            Column("reference_price", _("Reference price"), "money"),
            Column("lowest", _("Lowest on offer"), "money"),
            Column("highest", _("Highest on offer"), "money"),
            Column("count", _("Products"), "count"),
        ),
        _("Commodity classes"),
        Empty(_("No class yet"), _("Products are compared within a class at the end of the tree."), "tag"),
        filters=ClassFilters(request),
        present=lambda found: _class_rows(found, per_unit, fitting),
        size=60,
    )
    return listing.answer(
        "list.html", lead=_("Prices are for 1,000 base units: a kilogram, a litre, a thousand pieces.")
    )


class ClassFilters(Filters):
    """By words."""

    q = words()

    def narrowed(self, rows: Any) -> Any:
        """The classes that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "name", "name_en", "code", "parent__name", "parent__name_en"))
        return rows


def _class_rows(found: Sequence[Any], per_unit: Any, fitting: dict[str, Any]) -> list[dict[str, Any]]:
    priced = CommodityClass.objects.filter(pk__in=[one.pk for one in found], **fitting)
    prices = {
        pk: (low, high) for pk, low, high in priced.values_list("pk").annotate(low=Min(per_unit), high=Max(per_unit))
    }
    rows = []
    for one in found:
        low, high = prices.get(one.pk, (None, None))
        rows.append(
            {
                "name": one.display_name,
                "url": reverse("operate:class", args=[one.code]),
                "code": one.code,
                "group": one.parent,
                "unit": one.get_base_unit_display(),
                "reference_price": one.reference_price or None,
                "lowest": low and int(low),
                "highest": high and int(high),
                "count": one.count,
            }
        )
    return rows


@open_to(Role.OPERATOR)
def commodity_class(request: HouseRequest, code: str) -> HttpResponse:
    """One class: its reference price."""
    found = get_object_or_404(CommodityClass.objects.filter(children__isnull=True).select_related("parent"), code=code)
    form = PriceForm(request.POST or None, initial={"price": found.reference_price})
    if request.method == "POST" and form.is_valid():
        try:
            determinations.set_reference_price(request.user, found, form.cleaned_data["price"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The reference price is published."))
            return redirect("operate:class", code=code)
    prices = Entry.objects.filter(subject=f"class:{code}", kind="class.reference_price").order_by("-id")[:30]
    history = [{"when": entry.written_at, **entry.body} for entry in prices]
    context = {"class": found, "form": form, "history": history} | bounds_context(found, request.user)
    return render(request, "operate/class.html", context)


def _one(pk: int) -> Product:
    rows = Product.objects.select_related("commodity_class", "county").prefetch_related(_offers())
    found: Product = get_object_or_404(rows, pk=pk)
    return found


def _context(found: Product) -> dict[str, Any]:
    entries = Entry.objects.filter(subject=f"product:{found.pk}").order_by("-id")[:50]
    return {
        "product": found,
        "content": _content(found),
        "offers": found.stockrecords.all(),
        "parts": found.components.select_related("product__commodity_class"),
        "accreditations": Accreditation.objects.filter(product=found).select_related("county").order_by("-id"),
        "offer_form": GroundForm(prefix="offer"),
        "remove_form": GroundForm(prefix="remove"),
        "determinations": Determination.objects.filter(product=found)[:20],
        "proposals": open_proposals().filter(product=found),
        "trail": [
            {
                "when": entry.written_at,
                "title": kind_in_words(entry.kind),
                "text": entry.body.get("ground", ""),
                "mark": bytes(entry.leaf_hash).hex(),
            }
            for entry in entries
        ],
    }
