"""How a union stands before a gift is judged: its year, what it has set aside, whose turn it is. One statement."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.utils import timezone

_ROTATION_DAYS = 90

# Whose turn it is: how often each county was chosen by this union lately, so that near-equal offers take turns.
_STANDING = """
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
        coalesce((SELECT encode(root, 'hex') FROM evidence_checkpoint ORDER BY size DESC LIMIT 1), '')
    FROM (SELECT) one LEFT JOIN priority_unionyear y ON y.union_id = %(union)s AND y.gift_year = %(year)s
"""


@dataclass(frozen=True)
class Standing:
    """The union's gift year and last year's assistance goods in fen, its rotation by county, the offer book's latest root."""

    assistance: int
    ordinary: int
    make_good_due: bool
    reserve: int
    rotation: tuple[tuple[str, int], ...]
    last_assistance: int
    offer_book_root: str


def standing(union_id: int, gift_year: int, day: date) -> Standing:
    """How the union stands on a day of the Shanghai calendar. One statement."""
    since = datetime.combine(day - timedelta(days=_ROTATION_DAYS), time(), timezone.get_default_timezone())
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"union": union_id, "year": gift_year, "since": since})
        assistance, ordinary, due, reserve, rotation, last, root = cursor.fetchone() or (0, 0, False, 0, "[]", 0, "")
    turns = tuple((county, times) for county, times in json.loads(rotation))
    return Standing(assistance, ordinary, due, reserve, turns, last, root)
