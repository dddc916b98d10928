"""How the rule works out, in figures for a gift year: what it stopped, what was bought instead, what passed and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from marketplace.evidence.actions import record
from procurement.compliance.estimating import Estimate, estimate
from procurement.compliance.models import RuleFigures
from procurement.watch.queries import refuted

# Leakage: covered lines, to the unit and the fen, less what allowing decisions of that very line, purse and order cover. Zero by
# construction (I1), counted all the same, in a way that would find a line to which any part of that is missing.
_COUNTED = """
    WITH judged AS (
        SELECT id, allowed, output FROM priority_judgement WHERE gift_year = %(year)s
    ), covered AS (
        SELECT l.id, (l.line_price_incl_tax * 100)::bigint AS fen, l.order_id, l.purse_id
        FROM order_line l JOIN order_order o ON o.id = l.order_id JOIN ledger_purse p ON p.id = l.purse_id
        WHERE o.gift_year = %(year)s AND p.covered
    )
    SELECT
        (SELECT count(*) FROM judged) AS attempts,
        (SELECT count(*) FROM judged WHERE NOT allowed) AS refused,
        (SELECT count(*) FROM judged, jsonb_array_elements(output::jsonb -> 'violations') v
            WHERE v ->> 'code' = 'assistance_first') AS blocks,
        (SELECT count(*) FROM programmes_programme p JOIN evidence_entry e ON e.subject = 'programme:' || p.id
            WHERE p.gift_year = %(year)s AND e.kind = 'gift.substituted') AS substitutions,
        (SELECT count(DISTINCT d.exception_id) FROM priority_decision d WHERE d.gift_year = %(year)s) AS exceptions,
        (SELECT count(*) FROM priority_certificate c JOIN priority_judgement j ON j.id = c.judgement_id
            WHERE j.gift_year = %(year)s) AS certificates,
        (SELECT coalesce(sum(greatest(c.fen - coalesce(decided.fen, 0), 0)), 0)::bigint FROM covered c
            LEFT JOIN LATERAL (
                SELECT sum(d.amount)::bigint AS fen FROM priority_decision d JOIN priority_judgement j ON j.id = d.judgement_id
                WHERE d.line_id = c.id AND d.order_id = c.order_id AND d.purse_id = c.purse_id AND j.allowed
                    AND d.outcome <> 'blocked'
            ) decided ON true) AS leakage,
        (SELECT count(*) FROM watch_challenge ch WHERE date_part('year', ch.opened_at AT TIME ZONE 'Asia/Shanghai') = %(year)s)
            AS challenges,
        (SELECT count(*) FROM watch_challenge ch WHERE date_part('year', ch.opened_at AT TIME ZONE 'Asia/Shanghai') = %(year)s
            AND ch.state = 'upheld') AS challenges_upheld
"""


@dataclass(frozen=True)
class Counted:
    """A gift year over all unions. Counts, `leakage` and `refuted` in fen; challenges by the year in which they were opened.

    `refuted` is what certificates allowed that a challenge refuted later.
    """

    attempts: int
    refused: int
    blocks: int
    substitutions: int
    exceptions: int
    certificates: int
    leakage: int
    challenges: int
    challenges_upheld: int
    refuted: int


def counted(gift_year: int) -> Counted:
    """Count now. Two statements; within a scope that sees all."""
    found = sum(one.amount for one in refuted() if one.gift_year == gift_year)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, {"year": gift_year})
        return Counted(*(int(value) for value in [*(cursor.fetchone() or (0,) * 9), found]))


def publish(gift_year: int) -> RuleFigures:
    """Count a year, estimate what escaped, and put both into the log and on the public page. Within a scope that sees all."""
    now = timezone.now()
    figures: dict[str, Any] = asdict(counted(gift_year)) | {
        f"estimate_{name}": value for name, value in asdict(_estimate(gift_year)).items()
    }
    entry = record("figures.published", {"year": gift_year, **figures}, subject=f"figures:{gift_year}")
    return RuleFigures.objects.create(gift_year=gift_year, figures=figures, entry=entry, at=now)


def _estimate(gift_year: int) -> Estimate:
    # Whoever knows the day can draw the same sample again.
    return estimate(gift_year, seed=timezone.localdate().toordinal())
