"""The counties that the mall exists for, and the producers in them."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import Count, F, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from marketplace.organisations.models import County, Organisation, OrganisationKind
from marketplace.organisations.regions import region_name
from marketplace.organisations.scopes import seen_by
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.pages import page_of, today
from marketplace.workspaces.storefront.readers import cards_for
from marketplace.workspaces.strangers import same_for_strangers
from suppliers.accreditation.models import Accreditation, AccreditationState
from suppliers.listings.models import Listing, ProducerKind
from suppliers.listings.queries import assistance_on, listed
from suppliers.provenance.models import BenefitAgreement
from suppliers.settlement.models import Contract

# Where a city's block stands in the tile map, from north to south; by the first four digits of its counties.
_PLACES = ("6108", "6106", "6104", "6102", "6105", "6103", "6101", "6110", "6107", "6109")
_TOLD = [
    AccreditationState.PUBLIC_NOTICE,
    AccreditationState.VALID,
    AccreditationState.SUSPENDED,
    AccreditationState.REVOKED,
]


@dataclass(frozen=True)
class KnownFor:
    """Produce that a county is known for, and its designation where one was found published."""

    produce: str
    designation: str


@dataclass(frozen=True)
class Tile:
    """A county in the tile map: assistance products on offer, their producers, and how deep the tile's colour is (0 to 3)."""

    county: County
    products: int
    producers: int

    @property
    def shade(self) -> int:
        """0 where nothing is on offer."""
        return (self.products > 0) + (self.products > 2) + (self.products > 5)


@dataclass(frozen=True)
class City:
    """A block of the tile map."""

    code: str
    name: str
    tiles: tuple[Tile, ...]


@cache
def known_for() -> dict[str, list[KnownFor]]:
    """County code → what it is known for, as published sources say (data/known_for.csv)."""
    found: defaultdict[str, list[KnownFor]] = defaultdict(list)
    with (Path(__file__).parent / "data" / "known_for.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["county"]].append(KnownFor(row["produce"], row["designation"]))
    return dict(found)


def tile_map() -> list[City]:
    """The listed counties by city, in two statements."""
    offered = {
        row["county"]: (row["products"], row["producers"])
        for row in Listing.objects.filter(assistance_on(today()))
        .values("county")
        .annotate(products=Count("pk"), producers=Count("producer", distinct=True))
    }
    cities: defaultdict[str, list[Tile]] = defaultdict(list)
    for county in County.objects.filter(listed=True).order_by("code"):
        cities[county.code[:4]].append(Tile(county, *offered.get(county.code, (0, 0))))
    order = {code: place for place, code in enumerate(_PLACES)}
    return [
        City(code, region_name(code), tuple(tiles))
        for code, tiles in sorted(cities.items(), key=lambda item: order.get(item[0], 99))
    ]


@open_to_all
@same_for_strangers
def counties(request: HttpRequest) -> HttpResponse:
    """All listed counties as a map of tiles, north above south, each with what it offers."""
    cities = tile_map()
    tiles = [tile for city in cities for tile in city.tiles]
    context = {
        "cities": cities,
        "counties": len(tiles),
        "offering": sum(tile.products > 0 for tile in tiles),
        "products": sum(tile.products for tile in tiles),
    }
    return render(request, "storefront/counties.html", context)


@open_to_all
@same_for_strangers
def county(request: HttpRequest, code: str) -> HttpResponse:
    """One county: what it is known for, its producers and households, its products, its accreditations."""
    found = get_object_or_404(County, code=code)
    rows = listed(today()).filter(county=found).order_by("-assistance", "title", "stockrecord_id")
    page = page_of(request, rows, 24)
    page.object_list = cards_for(request, page.object_list)
    context = {
        "county": found,
        "city": region_name(code[:4]),
        "known_for": known_for().get(code, []),
        "page": page,
        "producers": _producers(Q(county=found)),
        "accreditations": _accreditations(county=found)[:30],
        "households": _households(county=found),
    }
    return render(request, "storefront/county.html", context)


@open_to_all
@same_for_strangers
def producer(request: HttpRequest, code: str) -> HttpResponse:
    """One producer: where and what it is, how many households are tied to it and how, its products and accreditations."""
    kinds = [OrganisationKind.PRODUCER, OrganisationKind.TRADER]
    found = get_object_or_404(Organisation.objects.filter(kind__in=kinds).select_related("county"), code=code)
    rows = listed(today()).filter(producer=found).order_by("-assistance", "title", "stockrecord_id")
    page = page_of(request, rows, 24)
    page.object_list = cards_for(request, page.object_list)
    with seen_by(None):
        contract = (
            Contract.objects.filter(producer=found, period__contains=today()).select_related("enterprise").first()
        )
        mechanisms = list(
            BenefitAgreement.objects.filter(producer=found, confirmed_at__isnull=False)
            .values("mechanism")
            .annotate(households=Count("household", distinct=True))
            .order_by("-households")
        )
        villages = list(
            BenefitAgreement.objects.filter(producer=found, confirmed_at__isnull=False)
            .values(name=F("household__village"))
            .annotate(households=Count("household", distinct=True))
            .order_by("-households", "name")
        )
    words = dict(BenefitAgreement._meta.get_field("mechanism").flatchoices)
    context = {
        "producer": found,
        "kind": _kind(found),
        "page": page,
        "enterprise": contract.enterprise if contract else None,
        "mechanisms": [(words.get(row["mechanism"], row["mechanism"]), row["households"]) for row in mechanisms],
        "villages": villages,
        "households": sum(row["households"] for row in villages),
        "accreditations": _accreditations(producer=found)[:30],
    }
    return render(request, "storefront/producer.html", context)


def _kind(producer: Organisation) -> str:
    if producer.kind != OrganisationKind.PRODUCER:
        return str(ProducerKind.TRADER.label)
    head = producer.credit_code[:2]
    kinds = {"93": ProducerKind.COOPERATIVE, "N1": ProducerKind.COLLECTIVE, "N2": ProducerKind.COLLECTIVE}
    return str(kinds.get(head, ProducerKind.ENTERPRISE).label)


def _producers(which: Q) -> list[dict[str, Any]]:
    rows = Organisation.objects.filter(which, kind=OrganisationKind.PRODUCER).order_by("code")
    with seen_by(None):
        tied = dict(
            BenefitAgreement.objects.filter(producer__in=rows, confirmed_at__isnull=False)
            .values_list("producer")
            .annotate(Count("household", distinct=True))
        )
    offered = dict(Listing.objects.filter(producer__in=rows).values_list("producer").annotate(Count("pk")))
    return [
        {
            "row": row,
            "kind": _kind(row),
            "households": tied.get(row.pk, 0),
            "products": offered.get(row.pk, 0),
        }
        for row in rows
    ]


def _accreditations(**which: Any) -> Any:
    return (
        Accreditation.objects.filter(state__in=_TOLD, **which)
        .select_related("product", "producer", "county")
        .order_by("-id")
    )


def _households(**which: Any) -> int:
    """Households that valid accreditations say benefit, each producer's highest figure once."""
    valid = Accreditation.objects.filter(state=AccreditationState.VALID, **which)
    return sum(row["most"] for row in valid.values("producer").annotate(most=Max("households")))
