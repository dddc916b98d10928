"""What members had in gifts in a calendar year: of their union's orders, and of what the union bought elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from marketplace.organisations.models import Organisation
from procurement.programmes.models import Programme

# The union's gifts of the year, and whether they still count here or in the year of another union, which took the order over.
PLACED = """
    SELECT p.id, coalesce((SELECT h.to_union_id FROM programmes_reattribution h
        WHERE h.order_id = p.order_id AND h.state = 'taken' ORDER BY h.turn DESC LIMIT 1), p.union_id) = p.union_id AS counts
    FROM programmes_programme p WHERE p.gift_year = %(year)s AND p.state = 'placed' AND p.union_id = %(union)s
"""

# An order that was handed on to another union still reached its members: it counts in their cap there as well as here, but its
# assistance goods only there. A purchase from outside counts for the members on its list; without a list for every member, for
# nobody can say who was left out.
EARLIER = f"""
    SELECT r.person, r.received AS fen, CASE WHEN p.counts THEN r.received_assistance ELSE 0 END AS assistance,
        CASE WHEN p.counts THEN r.received_fenced ELSE 0 END AS fenced, 0 AS elsewhere
    FROM programmes_recipient r JOIN ({PLACED}) p ON p.id = r.programme_id
    UNION ALL
    SELECT m.person, m.received, CASE WHEN EXISTS (SELECT FROM programmes_reattribution later WHERE later.order_id = h.order_id
        AND later.state = 'taken' AND later.turn > h.turn) THEN 0 ELSE m.assistance END, 0, 0
    FROM programmes_reattributedmember m JOIN programmes_reattribution h ON h.id = m.reattribution_id
    WHERE h.gift_year = %(year)s AND h.to_union_id = %(union)s AND h.state = 'taken'
        AND NOT EXISTS (SELECT FROM programmes_reattribution again WHERE again.order_id = h.order_id
            AND again.to_union_id = h.to_union_id AND again.state = 'taken' AND again.turn > h.turn)
    UNION ALL
    SELECT m.person, o.per_head, 0, 0, o.per_head
    FROM programmes_outsidemember m JOIN programmes_outsidepurchase o ON o.id = m.purchase_id
    WHERE o.gift_year = %(year)s AND o.union_id = %(union)s
        AND NOT EXISTS (SELECT FROM programmes_outsidereversal v WHERE v.purchase_id = o.id)
"""

_FOR_EVERYBODY = """
    SELECT coalesce(sum(o.per_head), 0)::bigint FROM programmes_outsidepurchase o
    WHERE o.gift_year = %(year)s AND o.union_id = %(union)s AND NOT o.named
        AND NOT EXISTS (SELECT FROM programmes_outsidereversal v WHERE v.purchase_id = o.id)
"""

# The most of any, the least in assistance goods of any, and those nearest to the cap, as (gifts, of them from assistance-only
# purses, of them bought elsewhere): who had as much as another, and no more of it fenced.
_HAD = f"""
    WITH asked AS ({{asked}}), everybody AS MATERIALIZED ({_FOR_EVERYBODY}), had AS (
        SELECT asked.person, coalesce(sum(e.fen), 0) + (TABLE everybody) AS fen, coalesce(sum(e.assistance), 0) AS assistance,
            coalesce(sum(e.fenced), 0) AS fenced, coalesce(sum(e.elsewhere), 0) + (TABLE everybody) AS elsewhere
        FROM asked LEFT JOIN ({EARLIER}) e USING (person)
        GROUP BY asked.person
    ), ranked AS (
        SELECT fen, fenced, elsewhere, min(fenced) OVER (
            ORDER BY fen DESC, fenced, elsewhere DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS least FROM had
    )
    SELECT coalesce(max(fen), 0)::bigint, coalesce(min(assistance), 0)::bigint, coalesce((
        SELECT array_agg(ARRAY[fen, fenced, elsewhere]::bigint[] ORDER BY fen DESC) FROM ranked WHERE least IS NULL OR fenced < least
    ), '{{{{}}}}') FROM had
"""


@dataclass(frozen=True)
class Had:
    """Fen that members had in the year: the most of any, the least in assistance goods of any, and for the cap every pair of
    (gifts, of them from assistance-only purses) that no other one tops; `elsewhere` is what of each of these came from outside."""

    most: int
    least_assistance: int
    heads: tuple[tuple[int, int], ...]
    elsewhere: tuple[int, ...]


def had_by_recipients(programme: Programme) -> Had:
    """What those on a plan's list had in its gift year. One statement; within the union's scope."""
    asked = "SELECT DISTINCT person FROM programmes_recipient WHERE programme_id = %(programme)s"
    return _had(asked, programme.union, programme.gift_year, programme=programme.pk)


def had_by(union: Organisation, year: int, persons: Collection[str]) -> Had:
    """What these members (blind indexes) had in the year; without any, whoever of the union's members had something. One statement."""
    if persons:
        return _had("SELECT unnest(%(persons)s::text[]) AS person", union, year, persons=sorted(persons))
    # One nobody knows is among those whom a purchase without a list may have reached.
    return _had(f"SELECT DISTINCT person FROM ({EARLIER}) known UNION SELECT ''", union, year)


def _had(asked: str, union: Organisation, year: int, **known: int | list[str]) -> Had:
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"union": union.pk, "year": year, **known}
        cursor.execute(_HAD.format(asked=asked), parameters)
        most, least_assistance, heads = cursor.fetchone() or (0, 0, [])
    return Had(
        int(most),
        int(least_assistance),
        tuple((had, fenced) for had, fenced, _elsewhere in heads),
        tuple(elsewhere for _had, _fenced, elsewhere in heads),
    )
