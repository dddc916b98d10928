"""Leakage is zero by construction; the count of it would find some."""

from __future__ import annotations

from django.utils import timezone

from marketplace.organisations.scopes import seen_by
from procurement.compliance.figures import counted
from procurement.compliance.leakage import leakage as leakage_of
from procurement.priority.models import Decision
from tests.world import DATES, MOONCAKES, placed, product, side


def leakage() -> int:
    """Of all unions, which is that of the only one that bought anything."""
    year, union = timezone.localdate().year, side().union
    assert counted(year).leakage == leakage_of(year, union)
    return leakage_of(year, union)


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
