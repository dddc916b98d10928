"""What a new plan begins with."""

from datetime import date

import pytest
from django.utils import translation

from marketplace.demo import cast
from marketplace.ledger.actions import open_purse
from marketplace.ledger.models import PurseKind
from marketplace.organisations.models import Organisation
from marketplace.workspaces.union.suggestions import festivals_ahead, first_draft
from procurement.policy.models import Occasion
from tests import world as builders

pytestmark = pytest.mark.usefixtures("world")


def yanta() -> Organisation:
    return builders.side().union


def test_the_next_festivals_and_when_to_order_for_them() -> None:
    # Three days before the festival, and the policy's ten planning days before that.
    ahead = festivals_ahead(yanta(), date(2026, 9, 12))
    assert [(a.occasion, a.days, a.order_by) for a in ahead] == [
        (Occasion.MID_AUTUMN, 13, date(2026, 9, 12)),
        (Occasion.NATIONAL_DAY, 19, date(2026, 9, 18)),
        (Occasion.NEW_YEAR, 111, date(2026, 12, 19)),
    ]
    assert festivals_ahead(yanta(), date(2026, 9, 13))[0].order_by is None


def test_no_policy_no_festivals(django_assert_num_queries) -> None:
    union = yanta()
    with django_assert_num_queries(1):
        assert festivals_ahead(union, date(2010, 1, 1)) == []


def test_a_draft_begins_with_the_next_festival_or_the_one_asked_for() -> None:
    union = yanta()
    purse = {year: open_purse(union, cast.GENERAL_PURSE, year).pk for year in (2026, 2027)}
    assert first_draft(union, date(2026, 9, 12)) == {
        "occasion": Occasion.MID_AUTUMN, "title": "Mid-Autumn 2026", "need_date": date(2026, 9, 22),
        "purse": purse[2026],
    }  # fmt: skip
    with translation.override("zh-hans"):
        assert first_draft(union, date(2026, 9, 12), "spring_festival") == {
            "occasion": Occasion.SPRING_FESTIVAL, "title": "2027年春节慰问", "need_date": date(2027, 2, 3),
            "purse": purse[2027],
        }  # fmt: skip
    assert first_draft(union, date(2026, 9, 24))["need_date"] is None
    assert first_draft(union, date(2026, 9, 12), "illness") == {"occasion": "illness"}
    assert first_draft(union, date(2026, 9, 12), "nonsense") == {}


def test_a_gift_for_new_years_day_is_paid_from_the_purse_of_the_year_that_begins() -> None:
    union = yanta()
    purses = {year: open_purse(union, "慰问经费", year) for year in (2036, 2037)}
    open_purse(union, "专项", 2037, kind=PurseKind.RING_FENCED)
    assert first_draft(union, date(2036, 12, 1))["purse"] == purses[2037].pk
    assert "purse" not in first_draft(union, date(2037, 12, 1))
