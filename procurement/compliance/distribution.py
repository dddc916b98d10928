"""Where a gift year's money went: by union, county, class, month and supplier.

As decided when the orders were placed, less what was cancelled, refused or returned since, and by the union that counts an order since
it was handed on: the sums are those of the statements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncMonth

from marketplace.organisations.scopes import seen_by
from procurement.priority.models import (
    Certificate,
    Decision,
    ExceptionState,
    Outcome,
    PriorityException,
    Release,
    UnionYear,
)
from procurement.programmes.reattribution.models import Reattribution
from procurement.programmes.reattribution.queries import taken_in

# As the statement counts: what no policy covers is no gift, and what an exception waives stands beside the share.
_ASSISTANCE = Q(outcome=Outcome.ASSISTANCE)
_WAIVED = Q(waived=True)
_ORDINARY = ~_ASSISTANCE & ~Q(outcome=Outcome.UNCOVERED) & ~_WAIVED
_SUMS = {
    name: Coalesce(Sum("live", filter=kind), 0)
    for name, kind in (("assistance", _ASSISTANCE), ("ordinary", _ORDINARY), ("waived", _WAIVED))
}
_MOST = 15


@dataclass(frozen=True)
class Row:
    """A part of the year: its names (Chinese, English) and fen of assistance goods, ordinary goods, and those outside the share."""

    name: str
    name_en: str
    assistance: int
    ordinary: int
    waived: int

    @property
    def amount(self) -> int:
        """All together, in fen."""
        return self.assistance + self.ordinary + self.waived

    @property
    def share(self) -> int | None:
        """The assistance part in basis points, of what counts in the share."""
        counting = self.assistance + self.ordinary
        return self.assistance * 10_000 // counting if counting else None


@dataclass(frozen=True)
class Grantor:
    """A union that granted exceptions: how many, for how many units, of which how many were used."""

    name: str
    name_en: str
    exceptions: int
    quantity: int
    used: int


def _moved(year: int) -> tuple[list[Reattribution], list[Reattribution]]:
    """Of orders that were handed on, the last hand-over: to a union within the caller's scope, and to one outside. One statement."""
    here = UnionYear.objects.filter(union=OuterRef("to_union"), gift_year=year)
    moved = taken_in(year).annotate(is_here=Exists(here)).select_related("order__union", "to_union")
    last = list(moved.order_by("order_id", "-turn").distinct("order_id"))
    return [one for one in last if one.is_here], [one for one in last if not one.is_here]


def _live(year: int, here: Iterable[Reattribution], away: Iterable[Reattribution]) -> QuerySet[Decision]:
    """The decisions that unions within the caller's scope count in the year, with the fen that are `live`."""
    counted = Decision.objects.filter(gift_year=year).exclude(order__in=[one.order_id for one in away])
    with seen_by(None):
        counted = counted | Decision.objects.filter(gift_year=year, order__in=[one.order_id for one in here])
        releases = Release.objects.filter(decision=OuterRef("pk"))
    released = releases.order_by().values("decision").annotate(fen=Sum("amount"))
    return counted.annotate(live=F("amount") - Coalesce(Subquery(released.values("fen")), 0))


def by(year: int, *names: str, most: int | None = _MOST, where: Q | None = None) -> list[Row]:
    """The year's live decisions summed up by the two columns that hold the Chinese and English name, largest first.

    Within the caller's scope; two statements.
    """
    return _rows(_live(year, *_moved(year)), *names, most=most, where=where)


def _rows(live: QuerySet[Decision], *names: str, most: int | None, where: Q | None = None) -> list[Row]:
    rows = live.filter(where or Q()).values(*names).annotate(**_SUMS).order_by(names[0])
    found = [
        Row(row[names[0]] or "", row[names[-1]] or "", row["assistance"], row["ordinary"], row["waived"])
        for row in rows
    ]
    return sorted((row for row in found if row.amount), key=lambda row: -row.amount)[:most]


def by_union(year: int) -> list[Row]:
    """By union: the sums of the statements, with what was handed on from one to another."""
    here, away = _moved(year)
    rows = {row.name: row for row in _rows(_live(year, here, away), "union__name", "union__name_en", most=None)}
    for one in here:
        for sign, union in ((-1, one.order.union), (1, one.to_union)):
            row = rows.get(union.name) or Row(union.name, union.name_en, 0, 0, 0)
            rows[union.name] = replace(
                row,
                assistance=row.assistance + sign * one.assistance,
                ordinary=row.ordinary + sign * one.ordinary,
                waived=row.waived + sign * one.waived,
            )
    return sorted((row for row in rows.values() if row.amount > 0), key=lambda row: -row.amount)[:_MOST]


def by_county(year: int) -> list[Row]:
    """Assistance goods by county of origin."""
    return by(year, "product__county__name", "product__county__name_en", where=_ASSISTANCE, most=20)


def by_class(year: int) -> list[Row]:
    """By commodity class."""
    return by(year, "product__commodity_class__name", "product__commodity_class__name_en")


def by_seller(year: int) -> list[Row]:
    """By who sold it: the largest suppliers."""
    return by(year, "line__partner__organisation__name", "line__partner__organisation__name_en")


def by_month(year: int) -> list[tuple[Any, int, int, int]]:
    """(month, fen of assistance, ordinary and waived goods) by when the orders were placed, oldest first."""
    rows: Any = (
        _live(year, *_moved(year))
        .annotate(month=TruncMonth("order__date_placed"))
        .values("month")
        .annotate(**_SUMS)
        .order_by("month")
    )
    return [(row["month"], row["assistance"], row["ordinary"], row["waived"]) for row in rows]


def grantors(year: int) -> list[Grantor]:
    """Who granted the exceptions that begin in the year, most first."""
    granted = PriorityException.objects.filter(
        state__in=[ExceptionState.GRANTED, ExceptionState.REVOKED], valid_from__year=year
    )
    rows = granted.values("decided_for__name", "decided_for__name_en").annotate(
        n=Count("id"), quantity_sum=Sum("quantity"), used_sum=Sum("used")
    )
    return [
        Grantor(r["decided_for__name"], r["decided_for__name_en"], r["n"], r["quantity_sum"], r["used_sum"])
        for r in rows.order_by("-n", "decided_for__name")
    ]


def certificates(year: int, unions: list[int]) -> list[tuple[str, str, int]]:
    """(Chinese name, English name, certificates) of commodity classes for which nothing suitable was on offer, most first."""
    rows = (
        Certificate.objects.filter(judgement__gift_year=year, union__in=unions)
        .values("commodity_class__name", "commodity_class__name_en")
        .annotate(n=Count("id"))
        .order_by("-n", "commodity_class__name")
    )
    return [(row["commodity_class__name"], row["commodity_class__name_en"], row["n"]) for row in rows]
