"""Reads of challenges, and what refuted certificates mean in money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from marketplace.organisations.models import Organisation
from procurement.watch.models import CertificateNotice, Challenge

RELATED = (
    "challenger", "decided_for", "determination__product", "certificate__union", "certificate__commodity_class",
    "determination__from_class", "determination__to_class", "certificate__judgement",
)  # fmt: skip
_SHOWN_DAYS = 30


@dataclass(frozen=True)
class Refuted:
    """What one order still buys of a class under a certificate that a challenge refuted. `amount` in fen, less what was given back."""

    union: int
    gift_year: int
    order: str
    certificate: str
    challenge: int
    amount: int


_REFUTED = """
    SELECT d.union_id, d.gift_year, o.number, c.number, min(ch.id),
        (sum(d.amount) - coalesce(sum((SELECT sum(r.amount) FROM priority_release r WHERE r.decision_id = d.id)), 0))::bigint
    FROM priority_decision d
    JOIN priority_certificate c ON c.id = d.certificate_id
    JOIN order_order o ON o.id = d.order_id
    JOIN LATERAL (SELECT min(id) AS id FROM watch_challenge WHERE certificate_id = c.id AND state = 'upheld') ch ON ch.id IS NOT NULL
    WHERE %(unions)s::bigint[] IS NULL OR d.union_id = ANY(%(unions)s)
    GROUP BY d.union_id, d.gift_year, o.number, c.number
    HAVING sum(d.amount) > coalesce(sum((SELECT sum(r.amount) FROM priority_release r WHERE r.decision_id = d.id)), 0)
    ORDER BY o.number, c.number
"""


def refuted(unions: Iterable[int] | None = None) -> list[Refuted]:
    """Purchases that count as estimated leakage because their certificate was refuted, of these unions or of all. One statement."""
    asked = None if unions is None else list(unions)
    with connection.cursor() as cursor:
        cursor.execute(_REFUTED, {"unions": asked})
        return [Refuted(*row) for row in cursor.fetchall()]


def challenges() -> QuerySet[Any]:
    """All challenges with what pages show of them, newest first."""
    return Challenge.objects.select_related(*RELATED).order_by("-id")


def shown_to(producer: Organisation) -> QuerySet[Any]:
    """Certificates that were shown to a producer in the last 30 days, newest first."""
    since = timezone.now() - timedelta(days=_SHOWN_DAYS)
    rows = CertificateNotice.objects.filter(producer=producer, at__gt=since)
    return rows.select_related("certificate__union", "certificate__commodity_class").order_by("-id")
