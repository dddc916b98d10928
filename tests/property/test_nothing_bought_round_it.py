"""For any sequence of orders, cancellations, returns, refusals, moves of money, shelves, prices, classes and days the rule holds."""

from __future__ import annotations

from typing import Any

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


def told(stories: int, steps: int, **options: Any) -> int:
    """Run so many stories of so many steps; how many steps were taken. Raises what a story finds."""
    RuleMachine.stage, RuleMachine.steps = staged(), 0
    run_state_machine_as_test(
        RuleMachine, settings=settings(calmly, max_examples=stories, stateful_step_count=steps, **options)
    )
    return RuleMachine.steps


def test_five_hundred_steps(world: None) -> None:
    assert told(stories=13, steps=50) >= 500


@pytest.mark.long
def test_ten_thousand_steps(world: None) -> None:
    taken = told(stories=160, steps=80)
    print(f"{taken:,} steps of the rule's machine")
    assert taken >= 10_000
