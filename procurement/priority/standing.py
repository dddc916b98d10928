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
    JOIN order_line l ON l.id = pl.line_id
    JOIN catalogue_product c ON c.id = l.product_id AND c.commodity_class_id = ANY(%(classes)s)
    JOIN partner_stockrecord sr ON sr.id = l.stockrecord_id
    JOIN stock_stock s ON s.id = sr.stock_id
    LEFT JOIN fulfilment_loss lost ON lost.id = p.loss_id
    WHERE p.state IN ('uncalled', 'placed', 'assigned') OR (p.state = 'cancelled' AND lost.by = 'union' AND lost.at >= %(held_since)s)
    GROUP BY l.product_id
"""

# What producers gave up of this union's assistance goods before shipping, of late, by class: base units, less what it has bought of
# the class since (clause 2: their refusal releases the shortfall at once); what products they were, and until when they were needed.
_SHORTFALLS = """
    SELECT gone.class, greatest(0, gone.base - coalesce((
            SELECT sum((d.quantity - coalesce((SELECT sum(r.quantity) FROM priority_release r WHERE r.decision_id = d.id), 0))
                * greatest(p.net_content, 1))
            FROM priority_decision d JOIN priority_judgement j ON j.id = d.judgement_id JOIN catalogue_product p ON p.id = d.product_id
            WHERE d.union_id = %(union)s AND j.at > gone.since AND p.commodity_class_id = gone.class
                AND d.outcome <> 'uncovered'), 0))::bigint AS base,
        gone.refused, gone.needed
    FROM (
        SELECT p.commodity_class_id AS class, sum(r.quantity * greatest(p.net_content, 1)) AS base, min(l.at) AS since,
            jsonb_agg(DISTINCT d.product_id) AS refused, max(d.need_date) AS needed
        FROM fulfilment_loss l
        JOIN priority_release r ON r.loss_id = l.id
        JOIN priority_decision d ON d.id = r.decision_id AND d.outcome = 'assistance'
        JOIN catalogue_product p ON p.id = d.product_id
        WHERE l.union_id = %(union)s AND l.by = 'producer' AND l.kind = 'cancelled' AND l.at >= %(held_since)s
        GROUP BY p.commodity_class_id
    ) gone
"""

# Whose turn it is: how often each county was chosen by this union lately, so that near-equal offers take turns.
_STANDING = f"""
    SELECT coalesce(y.assistance, 0), coalesce(y.ordinary, 0), coalesce(y.brought_forward, 0), coalesce(y.make_good_due, false),
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
        (SELECT coalesce(jsonb_object_agg(h.product, h.units), '{{}}') FROM ({_HELD}) h),
        (SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM ({_SHORTFALLS}) s WHERE s.base > 0)
    FROM (SELECT) one LEFT JOIN priority_unionyear y ON y.union_id = %(union)s AND y.gift_year = %(year)s
"""


@dataclass(frozen=True)
class Shortfall:
    """Base units of a class that producers refused this union of late and that it has not bought otherwise since.

    `refused` are the products that they gave up; `needed` is the last day on which their goods were needed.
    """

    base: int
    refused: frozenset[int]
    needed: str


@dataclass(frozen=True)
class Standing:
    """The union's gift year and last year's assistance goods in fen, its rotation by county, the offer book's latest signed root.

    `brought_forward` is what closed years left to be bought.
    `held` are sales units by product that its own subtree keeps off the shelf;
    `shortfalls` are by commodity class (id).
    """

    assistance: int
    ordinary: int
    brought_forward: int
    make_good_due: bool
    reserve: int
    rotation: tuple[tuple[str, int], ...]
    last_assistance: int
    offer_book_root: str
    held: Mapping[int, int]
    shortfalls: Mapping[int, Shortfall]


def standing(union: Organisation, gift_year: int, day: date, hold_days: int, classes: Iterable[int]) -> Standing:
    """How the union stands on a day of the Shanghai calendar, and what it holds of goods of these classes. One statement."""
    asked: dict[str, Any] = {
        "union": union.pk,
        "year": gift_year,
        "since": _days_before(day, _ROTATION_DAYS),
        "path": union.path,
        "classes": sorted(set(classes)),
        "held_since": _days_before(day, hold_days - 1),
    }
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, asked)
        row = cursor.fetchone() or (0, 0, 0, False, 0, "[]", 0, "", "{}", "[]")
    assistance, ordinary, brought, due, reserve, rotation, last, root, held, short = row
    turns = tuple((county, times) for county, times in json.loads(rotation))
    units = {int(product): number for product, number in json.loads(held).items()}
    shortfalls = {
        one["class"]: Shortfall(one["base"], frozenset(one["refused"]), one["needed"]) for one in json.loads(short)
    }
    return Standing(assistance, ordinary, brought, due, reserve, turns, last, root, units, shortfalls)


def _days_before(day: date, days: int) -> datetime:
    return datetime.combine(day - timedelta(days=days), time(), timezone.get_default_timezone())
