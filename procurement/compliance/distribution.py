"""Where a gift year's money went: by union, county, class, month and supplier. As decided when the orders were placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce, TruncMonth

from procurement.priority.models import Certificate, Decision, ExceptionState, Outcome, PriorityException

_ASSISTANCE = Q(outcome=Outcome.ASSISTANCE)
_MOST = 15


@dataclass(frozen=True)
class Row:
    """A part of the year: its names (Chinese, English) and fen of assistance and ordinary goods."""

    name: str
    name_en: str
    assistance: int
    ordinary: int

    @property
    def amount(self) -> int:
        """Both together, in fen."""
        return self.assistance + self.ordinary

    @property
    def share(self) -> int | None:
        """The assistance part in basis points."""
        return self.assistance * 10_000 // self.amount if self.amount else None


@dataclass(frozen=True)
class Grantor:
    """A union that granted exceptions: how many, for how many units, of which how many were used."""

    name: str
    name_en: str
    exceptions: int
    quantity: int
    used: int


def by(year: int, *names: str, most: int | None = _MOST, where: Q | None = None) -> list[Row]:
    """The year's decisions summed up by the two columns that hold the Chinese and English name, largest first.

    Within the caller's scope; one statement.
    """
    rows = Decision.objects.filter(Q(gift_year=year) & (where or Q()))
    sums = (
        rows.values(*names)
        .annotate(
            assistance=Coalesce(Sum("amount", filter=_ASSISTANCE), 0),
            ordinary=Coalesce(Sum("amount", filter=~_ASSISTANCE), 0),
        )
        .order_by("-assistance", "-ordinary", names[0])
    )
    found = [Row(row[names[0]] or "", row[names[-1]] or "", row["assistance"], row["ordinary"]) for row in sums]
    return sorted(found, key=lambda row: -row.amount)[:most]


def by_union(year: int) -> list[Row]:
    """By union."""
    return by(year, "union__name", "union__name_en")


def by_county(year: int) -> list[Row]:
    """Assistance goods by county of origin."""
    return by(year, "product__county__name", "product__county__name_en", where=_ASSISTANCE, most=20)


def by_class(year: int) -> list[Row]:
    """By commodity class."""
    return by(year, "product__commodity_class__name", "product__commodity_class__name_en")


def by_seller(year: int) -> list[Row]:
    """By who sold it: the largest suppliers."""
    return by(year, "line__partner__organisation__name", "line__partner__organisation__name_en")


def by_month(year: int) -> list[tuple[Any, int, int]]:
    """(month, assistance fen, ordinary fen) by when the orders were placed, oldest first."""
    rows = (
        Decision.objects.filter(gift_year=year)
        .annotate(month=TruncMonth("order__date_placed"))
        .values("month")
        .annotate(
            assistance=Coalesce(Sum("amount", filter=_ASSISTANCE), 0),
            ordinary=Coalesce(Sum("amount", filter=~_ASSISTANCE), 0),
        )
        .order_by("month")
    )
    return [(row["month"], row["assistance"], row["ordinary"]) for row in rows]


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
