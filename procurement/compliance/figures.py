"""How the rule works out, in figures for a gift year: what it stopped, what was bought instead, what passed and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import connection
from django.utils import timezone

from marketplace.evidence.actions import record
from procurement.compliance.estimating import Gone, estimate
from procurement.compliance.leakage import leakage
from procurement.compliance.models import RuleFigures
from procurement.watch.queries import refuted

_COUNTED = """
    WITH judged AS (
        SELECT id, allowed, output FROM priority_judgement WHERE gift_year = %(year)s
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
    challenges: int
    challenges_upheld: int
    leakage: int
    refuted: int


def counted(gift_year: int) -> Counted:
    """Count now. Three statements; within a scope that sees all."""
    found = sum(one.amount for one in refuted() if one.gift_year == gift_year)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, {"year": gift_year})
        row = cursor.fetchone() or (0,) * 8
    return Counted(*(int(value) for value in [*row, leakage(gift_year), found]))


def figures_of(gift_year: int, so_far: Gone | None = None) -> dict[str, int]:
    """What was counted and what is estimated, by name; `so_far` may have been judged again before. Within a scope that sees all."""
    # Whoever knows the day can draw the same sample again.
    estimated = asdict(estimate(gift_year, seed=timezone.localdate().toordinal(), so_far=so_far))
    return asdict(counted(gift_year)) | {f"estimate_{name}": value for name, value in estimated.items()}


def publish(gift_year: int, so_far: Gone | None = None) -> RuleFigures:
    """Count a year, estimate what escaped, and put both into the log and on the public page. Within a scope that sees all."""
    now, figures = timezone.now(), figures_of(gift_year, so_far)
    entry = record("figures.published", {"year": gift_year, **figures}, subject=f"figures:{gift_year}")
    return RuleFigures.objects.create(gift_year=gift_year, figures=figures, entry=entry, at=now)
