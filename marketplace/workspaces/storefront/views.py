"""The shop window: open to all, in a few statements a page."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Product
from marketplace.shop.partner.models import StockRecord
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.pages import page_of, today
from marketplace.workspaces.regions import region_name
from marketplace.workspaces.storefront import queries
from marketplace.workspaces.storefront.forms import CatalogueForm
from suppliers.accreditation.models import Accreditation, AccreditationState
from suppliers.settlement.models import Contract

_ON_HOME = 8


@open_to_all
def home(request: HttpRequest) -> HttpResponse:
    """What the mall is, the classes of goods, and the newest assistance products."""
    newest = queries.offers(today()).filter(assistance=True).order_by("-product_id")[:_ON_HOME]
    return render(
        request,
        "storefront/home.html",
        {"products": queries.listings(newest), "classes": queries.classes_on_offer()},
    )


@open_to_all
def catalogue(request: HttpRequest) -> HttpResponse:
    """The list of products, narrowed by words, class, county and kind."""
    form = CatalogueForm(request.GET)
    page = page_of(request, queries.narrowed(queries.offers(today()), form.wishes))
    page.object_list = queries.listings(page.object_list)
    return render(request, "storefront/catalogue.html", {"form": form, "page": page})


@open_to_all
def product(request: HttpRequest, pk: int) -> HttpResponse:
    """One product: price by unit and by kilogram, origin, producer, accreditation, the three tiers, delivery."""
    deliveries = StockRecord.objects.select_related("partner__organisation", "stock").prefetch_related("deliveries")
    found = get_object_or_404(
        Product.objects.filter(is_public=True)
        .select_related("commodity_class", "county")
        .prefetch_related(
            Prefetch("stockrecords", queryset=deliveries.filter(listed=True), to_attr="listed_offers"),
            Prefetch("accreditations", queryset=_public_accreditations(), to_attr="public_accreditations"),
            "components__product",
        ),
        pk=pk,
    )
    return render(request, "storefront/product.html", {"product": found, **_origins(found)})


def _public_accreditations() -> Any:
    hidden = [AccreditationState.DRAFT, AccreditationState.APPLIED, AccreditationState.REFUSED]
    return Accreditation.objects.exclude(state__in=hidden).select_related("producer", "county").order_by("-id")


def _origins(found: Any) -> dict[str, Any]:
    """The offer shown first, its accreditation in force, the tiers behind it, where it is delivered."""
    day = today()
    offer = next(iter(found.listed_offers), None)
    accreditation = next(
        (
            a
            for a in found.public_accreditations
            if a.state == AccreditationState.VALID and a.valid_from <= day < a.valid_to
        ),
        None,
    )
    context: dict[str, Any] = {
        "offer": offer,
        "accreditation": accreditation,
        "outcome": "assistance" if accreditation else "ordinary",
    }
    if offer:
        context |= {
            "per": queries.price_per_base(offer.price_fen, found),
            "producer": offer.partner.organisation,
            "enterprise": _enterprise(offer.partner.organisation_id),
            "deliveries": [
                {
                    "region": region_name(d.region),
                    "freight": d.freight,
                    "days": d.days,
                    "price": offer.price_fen + d.freight,
                }
                for d in sorted(offer.deliveries.all(), key=lambda d: d.region)
            ],
        }
    return context


def _enterprise(producer: int) -> Any:
    """The province enterprise that the producer's contract in force names. Which one it is, is public; the terms are not."""
    with seen_by(None):
        contract = (
            Contract.objects.filter(producer=producer, period__contains=today()).select_related("enterprise").first()
        )
    return contract.enterprise if contract else None
