"""The page of one product: what it costs delivered, who stands behind it, and why it counts as it does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_cache_control

from marketplace.organisations.models import Organisation
from marketplace.organisations.regions import REGIONS, region_name
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Component, Product
from marketplace.shop.partner.models import StockRecord
from marketplace.shop.prices import delivered
from marketplace.stock.models import LEFT, Condition, Lot
from marketplace.workspaces.accredited import history_of
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.pages import today
from marketplace.workspaces.storefront import queries
from marketplace.workspaces.storefront.readers import cards_for, union_of
from marketplace.workspaces.strangers import same_for_strangers
from marketplace.workspaces.templatetags._figures import fen
from suppliers.accreditation.models import Accreditation, AccreditationState
from suppliers.goods.models import Photo
from suppliers.listings.queries import listed
from suppliers.settlement.models import Contract

_ELSEWHERE = 5
_PHOTO_SECONDS = 7 * 24 * 3600
_HIDDEN = [AccreditationState.DRAFT, AccreditationState.APPLIED, AccreditationState.REFUSED]


@open_to_all
@same_for_strangers
def product(request: HttpRequest, pk: int) -> HttpResponse:
    """One product. `?region=` chooses where it is to be delivered; a union's people see the delivered price first."""
    found = _found(pk)
    offer = next(iter(found.listed_offers), None)
    row = next(iter(listed(today()).filter(product=found)), None)
    assistance = bool(row and row.assistance)
    valid = (one for one in found.public_accreditations if one.state == AccreditationState.VALID)
    context: dict[str, Any] = {
        "product": found,
        "offer": offer,
        "listing": row,
        "accreditation": next(valid, None) if assistance else None,
        "outcome": queries.outcome_of(row),
        "history": history_of(found),
        "components": _components(found),
        "elsewhere": _elsewhere(request, found),
    }
    if offer:
        context |= _offer(request, found, offer, row)
    return render(request, "storefront/product.html", context)


@open_to_all
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    """One photograph of goods in the shop. It never changes under its number, so whoever has it need not ask again."""
    found = get_object_or_404(Photo.objects.filter(product__is_public=True), pk=pk)
    response = HttpResponse(bytes(found.content), content_type="image/jpeg")
    response["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, public=True, max_age=_PHOTO_SECONDS, immutable=True)
    return response


def _found(pk: int) -> Any:
    offers = StockRecord.objects.filter(listed=True).select_related("partner__organisation__county", "stock", "terms")
    told = Accreditation.objects.exclude(state__in=_HIDDEN).select_related("producer", "county").order_by("-id")
    rows = (
        Product.objects.filter(is_public=True)
        .select_related("commodity_class", "county")
        .prefetch_related(
            Prefetch("stockrecords", queryset=offers.prefetch_related("deliveries"), to_attr="listed_offers"),
            Prefetch("accreditations", queryset=told, to_attr="public_accreditations"),
            Prefetch("photos", queryset=Photo.objects.defer("content")),
        )
    )
    return get_object_or_404(rows, pk=pk)


def _offer(request: HttpRequest, found: Any, offer: Any, row: Any) -> dict[str, Any]:
    """What follows from there being an offer: seller, delivery to the chosen region, the class's reference, lots."""
    seller = offer.partner.organisation
    union = union_of(request)
    region = _region(request.GET.get("region", ""), union)
    arrives = delivered([found.pk], [region]).get((found.pk, region))
    with seen_by(None):
        good = Lot.objects.filter(stock=offer.stock, condition=Condition.GOOD).annotate(free=LEFT).filter(free__gt=0)
        lots = list(good.order_by("best_before", "id")[:3])
        contract = (
            Contract.objects.filter(producer=seller, period__contains=today()).select_related("enterprise").first()
        )
    reference = found.commodity_class.reference_price if found.commodity_class else 0
    unit_price = row.unit_price if row else None
    return {
        "per": queries.per_base(unit_price, row.base_unit) if row else "",
        "reference": queries.per_base(reference, found.commodity_class.base_unit) if reference else "",
        "above_reference": (unit_price * 100 + reference // 2) // reference - 100 if reference and unit_price else None,
        "seller": seller,
        "is_producer": seller.kind == "producer",
        "enterprise": contract.enterprise if contract else None,
        "region": region,
        "region_name": region_name(region),
        "for_union": union is not None,
        "regions": [(code, name) for code, name in REGIONS.items() if len(code) == 4],
        "arrives": arrives,
        "freight": arrives.unit_price - offer.price_fen if arrives else None,
        "arrival": today() + timedelta(days=arrives.days) if arrives else None,
        "deliveries": [
            {
                "region": region_name(d.region),
                "freight": d.freight,
                "days": d.days,
                "price": offer.price_fen + d.freight,
            }
            for d in sorted(offer.deliveries.all(), key=lambda d: d.region)
        ],
        "lots": lots,
        "terms": getattr(offer, "terms", None),
    }


def _region(asked: str, union: Organisation | None) -> str:
    """The region that was asked for if it is one; else the union's own, else the capital's."""
    home = queries.destination_of(union)[:4] if union else ""
    return next((one for one in (asked, home) if one in REGIONS and len(one) == 4), queries.CAPITAL)


def _components(found: Any) -> list[dict[str, Any]]:
    """The parts of a box, each with its own badge and its part of the price."""
    parts = list(Component.objects.filter(box=found).select_related("product"))
    rows = (
        {row.product_id: row for row in listed(today()).filter(product__in=[p.product_id for p in parts])}
        if parts
        else {}
    )
    shown = []
    for part in parts:
        row: Any = rows.get(part.product_id)
        shown.append(
            {
                "part": part,
                "outcome": queries.outcome_of(row),
                "county": row.county_told if row else "",
                "price": fen(part.price),
            }
        )
    return shown


def _elsewhere(request: HttpRequest, found: Any) -> list[queries.Card]:
    """Other products of the class, assistance products first, then the cheapest by weight."""
    if found.commodity_class_id is None:
        return []
    rows = (
        listed(today())
        .filter(commodity_class=found.commodity_class_id)
        .exclude(product=found.pk)
        .order_by("-assistance", F("unit_price").asc(nulls_last=True), "stockrecord_id")
    )
    return cards_for(request, rows[:_ELSEWHERE])
