"""The demonstration's past: drawn by seed, lived through by the same verbs, and keeping every invariant."""

import random
from datetime import date, timedelta

import pytest
from django.utils import timezone

from marketplace.demo import cast
from marketplace.demo.clock import moment, simulated
from marketplace.demo.gifts import BEFORE, STAGES, UNIONS, plan
from marketplace.demo.world import SEED

DAYS = [date(2026, 1, 5), date(2026, 7, 1), date(2026, 11, 24), date(2028, 2, 29)]


@pytest.mark.parametrize("today", DAYS)
def test_the_plan_depends_on_seed_and_day_alone(today: date) -> None:
    first = plan(today, random.Random(SEED))
    assert first == plan(today, random.Random(SEED))
    assert first != plan(today, random.Random(SEED + 1))


@pytest.mark.parametrize("today", DAYS)
def test_the_plan_holds_every_stage_and_size_on_any_day(today: date) -> None:
    gifts = plan(today, random.Random(SEED))
    assert {gift.union for gift in gifts} == set(UNIONS) == set(cast.BUYING_UNIONS)
    assert {gift.stage for gift in gifts} == set(STAGES)
    assert max(gift.heads for gift in gifts) == 600
    assert min(gift.placed for gift in gifts) >= today - BEFORE + timedelta(days=10)
    assert len({gift.gift_year for gift in gifts}) >= 2


def test_the_clock_only_goes_forward_and_stops_with_the_story() -> None:
    begun = moment(date(2020, 5, 1), 9)
    with simulated(begun) as clock:
        first, second = timezone.now(), timezone.now()
        assert begun < first < second
        clock.go_to(begun)
        assert timezone.now() > second
        assert timezone.localdate() == date(2020, 5, 1)
    assert timezone.localdate() > date(2020, 5, 1)
