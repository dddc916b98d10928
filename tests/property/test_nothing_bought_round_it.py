"""For any sequence of orders, cancellations, returns, refusals, moves of money, shelves, prices, classes and days the rule holds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.rule_machine import RuleMachine, staged

calmly = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    print_blob=True,
)


def tell(steps: int, stories: int, length: int) -> int:
    """Run so many stories at a time, each of at most that length, until so many steps were taken; how many it were."""
    RuleMachine.stage, RuleMachine.steps = staged(), 0
    told = settings(calmly, max_examples=stories, stateful_step_count=length)
    while RuleMachine.steps < steps:
        run_state_machine_as_test(RuleMachine, settings=told)
    return RuleMachine.steps


def test_five_hundred_steps(world: None) -> None:
    assert tell(500, stories=3, length=50) >= 500


@pytest.mark.long
def test_ten_thousand_steps(world: None) -> None:
    taken = tell(10_000, stories=20, length=80)
    print(f"{taken:,} steps of the rule's machine")
