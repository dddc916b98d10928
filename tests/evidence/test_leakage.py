"""Leakage is zero by construction; the count of it would find some."""

from __future__ import annotations

from django.utils import timezone

from marketplace.organisations.scopes import seen_by
from procurement.compliance.figures import counted
from procurement.priority.models import Decision
from tests.world import DATES, MOONCAKES, placed, product, side


def leakage() -> int:
    return counted(timezone.localdate().year).leakage


def test_what_no_decision_covers_would_be_found(fresh_world, broker, tamper) -> None:
    """The database lets nobody do this, so the owner does it past the triggers."""
    with seen_by(None):
        order = placed(side(), [DATES, MOONCAKES])
        decision = Decision.objects.get(order=order, product=product(MOONCAKES))
        assert leakage() == 0
        tamper("priority_decision", "UPDATE priority_decision SET amount = amount - 100 WHERE id = %s", decision.pk)
        assert leakage() == 100
        tamper(
            "priority_decision",
            "UPDATE priority_decision SET purse_id = (SELECT max(id) FROM ledger_purse) WHERE id = %s",
            decision.pk,
        )
        assert leakage() == decision.amount
        tamper("priority_judgement", "UPDATE priority_judgement SET allowed = false")
        assert leakage() == sum(line.line_price_incl_tax * 100 for line in order.lines.all())
