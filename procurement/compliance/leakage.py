"""Leakage (漏损): covered lines, to the unit and the fen, less what allowing decisions of that very line, purse and order cover.

Zero by construction (I1), counted all the same, in a way that would find a line to which any part of that is missing.
"""

from __future__ import annotations

from django.db import connection

from marketplace.organisations.models import Organisation

_LEAKAGE = """
    SELECT coalesce(sum(greatest((l.line_price_incl_tax * 100)::bigint - coalesce(decided.fen, 0), 0)), 0)::bigint
    FROM order_line l JOIN order_order o ON o.id = l.order_id JOIN ledger_purse p ON p.id = l.purse_id
    LEFT JOIN LATERAL (
        SELECT sum(d.amount)::bigint AS fen FROM priority_decision d JOIN priority_judgement j ON j.id = d.judgement_id
        WHERE d.line_id = l.id AND d.order_id = l.order_id AND d.purse_id = l.purse_id AND j.allowed AND d.outcome <> 'blocked'
    ) decided ON true
    WHERE o.gift_year = %(year)s AND (%(union)s::bigint IS NULL OR o.union_id = %(union)s) AND p.covered
"""


def leakage(gift_year: int, union: Organisation | None = None) -> int:
    """Fen of a gift year that no decision covers, of one union or of all. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_LEAKAGE, {"year": gift_year, "union": union.pk if union else None})
        (fen,) = cursor.fetchone() or (0,)
    return int(fen)
