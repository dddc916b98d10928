"""Reads about where goods come from and where they went. What leaves here names no person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.db.models import Count, F, Q, Sum

from marketplace.fulfilment.models import Allocation, ParcelState
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.stock.models import Condition, Lot
from suppliers.provenance.graph import Behind, behind
from suppliers.provenance.models import (
    Collection,
    Household,
    Incident,
    IncidentKind,
    Input,
    Output,
    Transformation,
)


@dataclass(frozen=True)
class Village:
    """What came from one village: county (also in English) and village by name, households, grams."""

    county: str
    county_en: str
    name: str
    households: int
    grams: int


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


@dataclass(frozen=True)
class Origin:
    """A lot traced back: `made` units of `unit_grams` each, for which households brought `grams`; none where none were shown."""

    code: str
    produced_on: date
    best_before: date
    made: int
    unit_grams: int
    yield_bp: int
    grams: int
    households: int
    villages: tuple[Village, ...]
    harvest: Harvest | None


@dataclass(frozen=True)
class Balance:
    """Mass balance in grams: bought from confirmed households, used in lots, made of it (waste included)."""

    collected: int
    used: int
    made: int


def trace_back(lot: Lot) -> Origin:
    """From whom a lot came, for everyone to see: counts and villages, never a household. Two statements."""
    output = Output.objects.filter(lot=lot).select_related("transformation").first()
    history = behind([lot.pk])
    places: defaultdict[tuple[str, str, str], dict[int, Fraction]] = defaultdict(dict)
    for collection, grams in history.of(lot.pk).items():
        source = history.sources[collection]
        households = places[source.county, source.county_en, source.village]
        households[source.household] = households.get(source.household, Fraction()) + grams
    return Origin(
        code=lot.code,
        produced_on=lot.produced_on,
        best_before=lot.best_before,
        made=lot.made,
        unit_grams=output.unit_grams if output else 0,
        yield_bp=output.transformation.yield_bp if output else 0,
        grams=round(sum(history.of(lot.pk).values())),
        households=len(history.by_household(lot.pk)),
        villages=tuple(
            Village(*place, len(brought), round(sum(brought.values()))) for place, brought in sorted(places.items())
        ),
        harvest=_harvest(lot, history),
    )


def _harvest(lot: Lot, history: Behind) -> Harvest | None:
    brought = [(history.sources[collection], grams) for collection, grams in history.of(lot.pk).items()]
    whole = sum(grams for _source, grams in brought)
    if not whole:
        return None
    return Harvest(
        produce=tuple(sorted({source.produce for source, _grams in brought})),
        since=min(source.collected_on for source, _grams in brought),
        until=max(source.collected_on for source, _grams in brought),
        paid=round(sum(source.price * grams / source.grams for source, grams in brought)),
        share_bp=round(sum(source.share_bp * grams for source, grams in brought) / whole),
    )


def left_of(collections: Iterable[Collection]) -> dict[int, int]:
    """Collection id → grams not yet used in a lot. One statement."""
    grams = {collection.pk: collection.grams for collection in collections}
    used = Input.objects.filter(collection__in=grams).values_list("collection").annotate(Sum("grams"))
    return grams | {pk: grams[pk] - spent for pk, spent in used}


def balance_of(producer: Organisation, since: date, until: date) -> Balance:
    """The producer's balance of what was collected, not reversed, and produced between two days, both included. Four statements."""
    with seen_by([producer.pk]):
        collected = Collection.objects.filter(
            producer=producer,
            agreement__confirmed_at__isnull=False,
            reversal__isnull=True,
            collected_on__range=(since, until),
        ).aggregate(total=Sum("grams", default=0))["total"]
        works = Transformation.objects.filter(producer=producer, done_on__range=(since, until))
        used = Input.objects.filter(transformation__in=works)
        weight = F("lot__made") * F("unit_grams")
        made = Output.objects.filter(transformation__in=works).aggregate(total=Sum(weight, default=0))["total"]
        waste = works.aggregate(total=Sum("waste_grams", default=0))["total"]
        sums = used.aggregate(
            collected=Sum("grams", filter=Q(collection__isnull=False), default=0),
            reworked=Sum("grams", filter=Q(lot__isnull=False), default=0),
        )
    # What was made of lots is no more of anything: it comes off what these had weighed.
    return Balance(collected=collected, used=sums["collected"], made=made + waste - sums["reworked"])


def households_of(producer: Organisation) -> int:
    """How many households the producer has a confirmed agreement with."""
    with seen_by([producer.pk]):
        return (
            Household.objects.filter(agreements__producer=producer, agreements__confirmed_at__isnull=False)
            .distinct()
            .count()
        )


def same_household(household: Household) -> list[Household]:
    """Other records, by any producer, with its identity number or its phone: for officers, never for a producer. One statement."""
    same = Q(id_index=household.id_index) & ~Q(id_index="") | Q(phone_index=household.phone_index) & ~Q(phone_index="")
    with seen_by(None):
        return list(Household.objects.filter(same).exclude(pk=household.pk).select_related("producer").order_by("pk"))


def recalls_of(union: Organisation, since: date) -> list[Incident]:
    """Recalls since a day that reached parcels of the union, newest first, with `parcels`: in how many they are. One statement."""
    reaching = Q(concerns__lot__allocations__parcel_line__parcel__union=union) & ~Q(
        concerns__lot__allocations__parcel_line__parcel__state=ParcelState.CANCELLED
    )
    with seen_by(None):
        rows = (
            Incident.objects.filter(reaching, kind=IncidentKind.RECALL, opened_at__date__gte=since)
            .annotate(parcels=Count("concerns__lot__allocations__parcel_line__parcel", distinct=True, filter=reaching))
            .select_related("lot__stock__offer__product", "producer")
        )
        return list(rows.order_by("-pk"))


def recalled_in(parcels: Iterable[int]) -> dict[int, list[str]]:
    """Parcel (id) → codes of the recalled lots that it holds; only parcels that hold any. One statement."""
    rows = Allocation.objects.filter(parcel_line__parcel__in=list(parcels), lot__condition=Condition.RECALLED)
    found: defaultdict[int, list[str]] = defaultdict(list)
    for parcel, code in rows.values_list("parcel_line__parcel", "lot__code").order_by("lot").distinct():
        found[parcel].append(code)
    return dict(found)
