"""Reads about where goods come from and where they went. What leaves here names no person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Sum

from marketplace.fulfilment.models import Allocation
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.stock.models import Lot
from suppliers.provenance.models import Collection, Household, LotInput, LotRecipe


@dataclass(frozen=True)
class Village:
    """What came from one village: county (also in English) and village by name, households, grams."""

    county: str
    county_en: str
    name: str
    households: int
    grams: int


@dataclass(frozen=True)
class Origin:
    """A lot traced back: `made` units of `unit_grams` each out of `grams`. No inputs: none were shown."""

    code: str
    produced_on: date
    best_before: date
    made: int
    unit_grams: int
    yield_bp: int
    grams: int
    households: int
    villages: tuple[Village, ...]


@dataclass(frozen=True)
class Destination:
    """A lot traced forward: parcels and units in them, and the numbers of the orders that they belong to."""

    parcels: int
    units: int
    orders: tuple[str, ...]


@dataclass(frozen=True)
class Balance:
    """Mass balance in grams: bought from confirmed households, used in lots, made of it (waste included)."""

    collected: int
    used: int
    made: int


def trace_back(lot: Lot) -> Origin:
    """From whom a lot came, for everyone to see: counts and villages, never a household. Two statements."""
    recipe = LotRecipe.objects.filter(lot=lot).first()
    with seen_by(None):
        rows = list(
            LotInput.objects.filter(lot=lot).values_list(
                "grams",
                "collection__agreement__household_id",
                "collection__agreement__household__village",
                "collection__agreement__household__county__name",
                "collection__agreement__household__county__name_en",
            )
        )
    places: dict[tuple[str, str, str], tuple[set[int], int]] = {}
    for grams, household, village, county, county_en in rows:
        place = (county, county_en, village)
        households, weight = places.get(place, (set(), 0))
        places[place] = (households | {household}, weight + grams)
    return Origin(
        code=lot.code,
        produced_on=lot.produced_on,
        best_before=lot.best_before,
        made=lot.made,
        unit_grams=recipe.unit_grams if recipe else 0,
        yield_bp=recipe.yield_bp if recipe else 0,
        grams=sum(row[0] for row in rows),
        households=len({row[1] for row in rows}),
        villages=tuple(
            Village(*place, len(households), weight) for place, (households, weight) in sorted(places.items())
        ),
    )


@dataclass(frozen=True)
class Harvest:
    """What a lot's produce was bought as: its names, the days, what the households were paid for it (fen), and their agreed part
    of what the lot sells for (hundredths of a per cent, by the weight that each brought).
    """

    produce: tuple[str, ...]
    since: date
    until: date
    paid: int
    share_bp: int


_HARVEST = """
    SELECT array_agg(DISTINCT c.produce ORDER BY c.produce), min(c.collected_on), max(c.collected_on),
        round(sum(c.price::numeric * i.grams / c.grams)), round(sum(a.share_bp::numeric * i.grams) / sum(i.grams))
    FROM provenance_lotinput i
    JOIN provenance_collection c ON c.id = i.collection_id
    JOIN provenance_benefitagreement a ON a.id = c.agreement_id
    WHERE i.lot_id = %s HAVING count(*) > 0
"""


def harvest_of(lot: Lot) -> Harvest | None:
    """The purchases behind a lot, all households together; None where no provenance is shown. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_HARVEST, [lot.pk])
        row = cursor.fetchone()
    return Harvest(tuple(row[0]), row[1], row[2], int(row[3]), int(row[4])) if row else None


def trace_forward(lot: Lot) -> Destination:
    """Into whose orders a lot went, for recalls and audits. The caller decides who may see order numbers."""
    allocations = Allocation.objects.filter(lot=lot)
    orders = allocations.values_list("parcel_line__parcel__supplier_order__order__number", flat=True)
    return Destination(
        parcels=allocations.values("parcel_line__parcel").distinct().count(),
        units=allocations.aggregate(units=Sum("quantity"))["units"] or 0,
        orders=tuple(sorted(set(orders))),
    )


def left_of(collections: Iterable[Collection]) -> dict[int, int]:
    """Collection id → grams not yet used in a lot. One statement."""
    grams = {collection.pk: collection.grams for collection in collections}
    used = LotInput.objects.filter(collection__in=grams).values_list("collection").annotate(Sum("grams"))
    return grams | {pk: grams[pk] - spent for pk, spent in used}


def balance_of(producer: Organisation, since: date, until: date) -> Balance:
    """The producer's balance of what was collected and produced between two days, both included."""
    with seen_by([producer.pk]):
        collected = Collection.objects.filter(
            producer=producer, agreement__confirmed_at__isnull=False, collected_on__range=(since, until)
        ).aggregate(total=Sum("grams"))["total"]
        lots = Lot.objects.filter(holder=producer, produced_on__range=(since, until))
        recipes = list(LotRecipe.objects.filter(lot__in=lots).values_list("lot__made", "unit_grams", "waste_grams"))
        used = LotInput.objects.filter(lot__in=lots).aggregate(total=Sum("grams"))["total"]
    return Balance(
        collected=collected or 0,
        used=used or 0,
        made=sum(made * unit + waste for made, unit, waste in recipes),
    )


def households_of(producer: Organisation) -> int:
    """How many households the producer has a confirmed agreement with."""
    with seen_by([producer.pk]):
        return (
            Household.objects.filter(agreements__producer=producer, agreements__confirmed_at__isnull=False)
            .distinct()
            .count()
        )
