"""What the mall may tell everybody about itself: counts, never a union, never a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection

_FIGURES = """
    SELECT count(*) FILTER (WHERE l.assistance_from <= %(day)s AND l.assistance_to > %(day)s),
        count(DISTINCT l.county_id) FILTER (WHERE l.assistance_from <= %(day)s AND l.assistance_to > %(day)s),
        count(DISTINCT l.producer_id) FILTER (WHERE l.assistance_from <= %(day)s AND l.assistance_to > %(day)s),
        (SELECT count(DISTINCT household_id) FROM provenance_benefitagreement WHERE confirmed_at IS NOT NULL),
        (SELECT coalesce(sum(amount), 0) FROM settlement_householdaccrual),
        (SELECT count(*) FROM order_order),
        (SELECT coalesce(max(size), 0) FROM evidence_checkpoint)
    FROM listings_listing l
"""


@dataclass(frozen=True)
class Figures:
    """Assistance products on offer, their counties and producers; households with a confirmed agreement, and what lots sold have
    earned them (fen); orders placed; entries of the signed log.
    """

    products: int
    counties: int
    producers: int
    households: int
    earned: int
    orders: int
    entries: int


def live_figures(day: date) -> Figures:
    """The figures of this moment, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"day": day})
        return Figures(*map(int, cursor.fetchone()))
