"""T4: deciding a gift of fifty lines against 100,000 offers, beside the one statement that finds the candidates.

Fifty ordinary products, each of a class of its own with fifty offers, half of them accredited: every one of those is a candidate.
Import it only once Django is set up.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone

from benchmarks.goods import fill
from benchmarks.mall import Mall, copied
from benchmarks.measure import Figure, Tell, duration, seconds, side_by_side
from marketplace.databases import renamed
from marketplace.demo import cast
from marketplace.ledger.models import Purse
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.shop.partner.models import StockRecord
from marketplace.shop.policy import PurchaseRequest, Verdict, WantedLine, purchase_policy
from procurement.priority import offers, rule

LINES = 50
REGION = "6101"
_DATABASE = "mall_bench_deciding"
_OF_A_CLASS = 50


def measure(mall: Mall, scale: str, tell: Tell) -> list[Figure]:
    """In a copy of the database with 10,000 offers (small) or 100,000 (full)."""
    number = 10_000 if scale == "small" else 100_000
    with copied(mall, _DATABASE):
        tell(f"T4 {number:,} offers")
        # An odd number of classes: producers' offers and traders' come by turns.
        took = seconds(lambda: fill(number, classes=number // _OF_A_CLASS - 1))
        with psycopg.connect(renamed(mall.owner_url, _DATABASE), autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE")
        tell(f"T4 filled in {duration(took)}, an entry of the log for each change of an offer included")
        # As a web process does once it is set up (marketplace/wsgi.py).
        gc.collect()
        gc.freeze()
        with seen_by(None):
            return _decide(_request(), number, tell)


def _request() -> PurchaseRequest:
    """Fifty ordinary products of fifty classes, for a thousand people."""
    union, today = Organisation.objects.get(code=cast.UNION), timezone.localdate()
    purse = Purse.objects.get(union=union, gift_year=today.year, name=cast.GENERAL_PURSE)
    code = "product__commodity_class__code"
    ordinary = StockRecord.objects.filter(product__accreditations=None, **{f"{code}__startswith": "bench."})
    ordinary = ordinary.order_by(code, "pk").distinct(code)[:LINES]
    lines = [
        WantedLine(
            ref=f"L{place:03d}", stockrecord_id=offer.pk, product_id=offer.product_id, quantity=100, unit_price=offer.price_fen + 100,
            region=REGION, need_date=today + timedelta(days=cast.NEED_IN_DAYS), purse_id=purse.pk,
        )
        for place, offer in enumerate(ordinary)
    ]  # fmt: skip
    return PurchaseRequest(
        union=union, subject="bench:deciding", gift_year=today.year, decided_on=today, occasion=cast.OCCASION, form="goods",
        recipients=1_000, per_head_most=30_000, per_head_assistance_least=0, year_per_head_most=0, year_per_head_assistance_least=0,
        quotations=3, approvers=3, lines=tuple(lines), purses={purse.pk: purse},
    )  # fmt: skip


def _decide(request: PurchaseRequest, number: int, tell: Tell) -> list[Figure]:
    policy, products = purchase_policy(), {line.product_id for line in request.lines}

    def whole() -> Verdict:
        """As a placement does: read, judge, tell why not, and the bytes that are stored, hashed."""
        verdict = policy.judge(request)
        for part in (verdict.detail.question.gift, verdict.detail.judgement):
            sha256(rule.to_canonical(part)).digest()
        return verdict

    sent: list[tuple[str, Any]] = []

    def noted(execute: Callable[..., Any], sql: str, given: Any, many: bool, context: Any) -> Any:
        # Not Django's own log of queries, which would first set a thousand numbers neatly.
        sent.append((sql, given))
        return execute(sql, given, many, context)

    with connection.execute_wrapper(noted):
        verdict = whole()
    candidates = sum(len(asked.line.candidates) for asked in verdict.detail.question.asked.values())
    tell(f"T4 the candidate statement's plan:\n{_plan(sent)}")
    deciding, query = side_by_side(whole, lambda: offers.offers(products, {REGION}, request.decided_on), 15)
    judging, _ = side_by_side(lambda: rule.judge(verdict.detail.question.gift), lambda: None, 15)
    at_size = number >= 100_000
    return [
        Figure(
            "T4", f"deciding a gift of {LINES} lines against {number:,} offers ({candidates:,} candidates)", duration(deciding),
            f"the one candidate statement {duration(query)}: {deciding / query:.1f} ×; judging alone {duration(judging)}",
            "≤ 2 × at 100,000", deciding / query <= 2 if at_size else None,
            "the statement reads what the rule then compares and the log stores, candidate by candidate, in Python",
        ),
        Figure("T4", "statements of one decision", str(len(sent)), "", "≤ 4", len(sent) <= 4),
    ]  # fmt: skip


def _plan(sent: Sequence[tuple[str, Any]]) -> str:
    """How the database finds the candidates, and how long each part takes."""
    ((statement, given),) = [one for one in sent if "accreditation_accreditation" in one[0]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF) {statement}", given)
        return "\n".join(f"      {line}" for (line,) in cursor.fetchall())
