"""Festivals as the State Council published them, the lunar ones computed."""

from datetime import date

import pytest

from procurement.policy.festivals import of_year, upcoming
from procurement.policy.models import Occasion


@pytest.mark.parametrize(
    ("year", "spring", "qingming", "dragon_boat", "mid_autumn"),
    [
        (2020, (1, 25), (4, 4), (6, 25), (10, 1)),
        (2023, (1, 22), (4, 5), (6, 22), (9, 29)),
        (2025, (1, 29), (4, 4), (5, 31), (10, 6)),
        (2026, (2, 17), (4, 5), (6, 19), (9, 25)),
        (2027, (2, 6), (4, 5), (6, 9), (9, 15)),
    ],
)
def test_the_festivals_of_a_year(year: int, spring, qingming, dragon_boat, mid_autumn) -> None:
    found = of_year(year)
    assert found == {
        Occasion.NEW_YEAR: date(year, 1, 1),
        Occasion.SPRING_FESTIVAL: date(year, *spring),
        Occasion.QINGMING: date(year, *qingming),
        Occasion.LABOUR_DAY: date(year, 5, 1),
        Occasion.DRAGON_BOAT: date(year, *dragon_boat),
        Occasion.MID_AUTUMN: date(year, *mid_autumn),
        Occasion.NATIONAL_DAY: date(year, 10, 1),
    }


def test_what_comes_next_runs_over_the_end_of_the_year() -> None:
    next_two = upcoming(date(2026, 10, 2), 2)
    assert [(f.occasion, f.day) for f in next_two] == [
        (Occasion.NEW_YEAR, date(2027, 1, 1)),
        (Occasion.SPRING_FESTIVAL, date(2027, 2, 6)),
    ]
    assert next_two[0].days_from(date(2026, 12, 24)) == 8


def test_a_festival_that_is_today_is_still_to_come() -> None:
    assert upcoming(date(2026, 9, 25), 1)[0].occasion == Occasion.MID_AUTUMN
