"""For any sequence of orders, cancellations, returns, refusals, moves of money, shelves, prices, classes and days the rule holds."""

from __future__ import annotations

from random import SystemRandom
from time import monotonic

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.rule_machine import RuleMachine
from tests.property.rule_stage import staged

calmly = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    print_blob=True,
)


def tell(steps: int, stories: int, length: int) -> int:
    """Run so many stories at a time, each of at most that length, until so many steps were taken; how many it were.

    What is printed says how to tell the same stories again.
    """
    RuleMachine.stage, RuleMachine.steps = staged(), 0
    told = settings(calmly, max_examples=stories, stateful_step_count=length)
    begun, number = monotonic(), SystemRandom().randrange(1_000_000)
    while RuleMachine.steps < steps:
        print(f"seed {number}: {stories} stories of up to {length} steps, {RuleMachine.steps:,} steps before")
        run_state_machine_as_test(seed(number)(RuleMachine), settings=told)
        number += 1
    print(f"{RuleMachine.steps:,} steps of the rule's machine in {monotonic() - begun:.0f} s")
    return RuleMachine.steps


def test_five_hundred_steps(world: None) -> None:
    assert tell(500, stories=2, length=25) >= 500


@pytest.mark.long
def test_ten_thousand_steps(world: None) -> None:
    assert tell(10_000, stories=20, length=80) >= 10_000
