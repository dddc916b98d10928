"""How a union stands before a gift is judged: its year, what it has set aside, whose turn it is, what it keeps off the shelf.

One statement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from marketplace.organisations.models import Organisation

_ROTATION_DAYS = 90

# Held: what the union and those below it have in parcels not shipped yet counts as on offer (clause 2), so that nobody can empty the
# shelf to make Q = 0; and what they cancelled lately and somebody else has taken since: what nobody took is on the shelf again.
_HELD = """
    SELECT l.product_id AS product, (coalesce(sum(pl.quantity) FILTER (WHERE p.state IN ('uncalled', 'placed', 'assigned')), 0)
        + greatest(0, coalesce(sum(pl.quantity) FILTER (WHERE p.state = 'cancelled'), 0) - min(s.in_stock - s.allocated)))::bigint
        AS units
    FROM fulfilment_parcel p
    JOIN organisations_organisation u ON u.id = p.union_id AND starts_with(u.path, %(path)s)
    JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
    JOIN order_line l ON l.id = pl.line_id AND l.product_id = ANY(%(products)s)
    JOIN partner_stockrecord sr ON sr.id = l.stockrecord_id
    JOIN stock_stock s ON s.id = sr.stock_id
    LEFT JOIN fulfilment_loss lost ON lost.id = p.loss_id
    WHERE p.state IN ('uncalled', 'placed', 'assigned') OR (p.state = 'cancelled' AND lost.by = 'union' AND lost.at >= %(held_since)s)
    GROUP BY l.product_id
"""

# Whose turn it is: how often each county was chosen by this union lately, so that near-equal offers take turns.
_STANDING = f"""
    SELECT coalesce(y.assistance, 0), coalesce(y.ordinary, 0), coalesce(y.make_good_due, false),
        (SELECT coalesce(sum(a.balance), 0)::bigint FROM ledger_purse p JOIN ledger_account a ON a.id = p.account_id
            WHERE p.union_id = %(union)s AND p.gift_year = %(year)s AND p.kind = 'ring_fenced'),
        (SELECT coalesce(jsonb_agg(jsonb_build_array(c.county, c.times) ORDER BY c.county), '[]') FROM (
            SELECT p.county_id AS county, count(DISTINCT d.order_id) AS times
            FROM priority_decision d
            JOIN priority_judgement j ON j.id = d.judgement_id
            JOIN catalogue_product p ON p.id = d.product_id
            WHERE d.union_id = %(union)s AND d.outcome = 'assistance' AND j.at >= %(since)s AND p.county_id IS NOT NULL
            GROUP BY p.county_id
        ) c),
        coalesce((SELECT b.assistance FROM priority_unionyear b
            WHERE b.union_id = %(union)s AND b.gift_year = %(year)s - 1), 0),
        coalesce((SELECT b.root FROM offerbook_book b JOIN evidence_position p ON p.entry_id = b.entry_id
            ORDER BY b.number DESC LIMIT 1), ''),
        (SELECT coalesce(jsonb_object_agg(h.product, h.units), '{{}}') FROM ({_HELD}) h)
    FROM (SELECT) one LEFT JOIN priority_unionyear y ON y.union_id = %(union)s AND y.gift_year = %(year)s
"""


@dataclass(frozen=True)
class Standing:
    """The union's gift year and last year's assistance goods in fen, its rotation by county, the offer book's latest signed root.

    `held` are sales units by product that its own subtree keeps off the shelf.
    """

    assistance: int
    ordinary: int
    make_good_due: bool
    reserve: int
    rotation: tuple[tuple[str, int], ...]
    last_assistance: int
    offer_book_root: str
    held: Mapping[int, int]


def standing(union: Organisation, gift_year: int, day: date, hold_days: int, products: Iterable[int]) -> Standing:
    """How the union stands on a day of the Shanghai calendar, and what it holds of these products. One statement."""
    asked: dict[str, Any] = {
        "union": union.pk,
        "year": gift_year,
        "since": _days_before(day, _ROTATION_DAYS),
        "path": union.path,
        "products": sorted(set(products)),
        "held_since": _days_before(day, hold_days - 1),
    }
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, asked)
        row = cursor.fetchone() or (0, 0, False, 0, "[]", 0, "", "{}")
    assistance, ordinary, due, reserve, rotation, last, root, held = row
    turns = tuple((county, times) for county, times in json.loads(rotation))
    units = {int(product): number for product, number in json.loads(held).items()}
    return Standing(assistance, ordinary, due, reserve, turns, last, root, units)


def _days_before(day: date, days: int) -> datetime:
    return datetime.combine(day - timedelta(days=days), time(), timezone.get_default_timezone())
