"""Orders cut in two to stay below a step of procurement: measured by the policy under which each was decided."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from procurement.compliance.red_flags import red_flags
from tests.policies import rules
from tests.world import DATES, placed, side

pytestmark = pytest.mark.usefixtures("world")

# A bag of dates is 30.00: an order for two members comes to 60.00, two of them to the step.
STEPS = [{"from": 0, "quotations": 0, "people": 1}, {"from": 12_000, "quotations": 0, "people": 1}]


def found() -> list[str]:
    """What the flag on split orders names, of this year."""
    giver = side()
    flags = {flag.code: flag for flag in red_flags([giver.union], timezone.localdate().year)}
    return [one.subject for one in flags["split_orders"].found]


def two_orders() -> list[str]:
    giver = side()
    orders = [placed(giver, [DATES], 2, title=title, prefix=title) for title in ("A", "B")]
    return [f"order:{order.number}" for order in orders]


def test_two_that_together_reach_a_step_are_named() -> None:
    rules(approval_steps=STEPS)
    placed(side(), [DATES], 3, title="Alone", prefix="X", occasion="birthday")
    assert found() == []
    orders = two_orders()
    assert found() == orders


def test_a_step_of_a_policy_that_did_not_hold_yet_names_nobody() -> None:
    two_orders()
    rules(approval_steps=STEPS, begins=timezone.localdate() + timedelta(days=1))
    assert found() == []
