"""What a new plan begins with."""

from datetime import date

import pytest
from django.utils import translation

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
    assert first_draft(union, date(2026, 9, 12)) == {
        "occasion": Occasion.MID_AUTUMN, "title": "Mid-Autumn 2026", "need_date": date(2026, 9, 22)
    }  # fmt: skip
    with translation.override("zh-hans"):
        assert first_draft(union, date(2026, 9, 12), "spring_festival") == {
            "occasion": Occasion.SPRING_FESTIVAL, "title": "2027年春节慰问", "need_date": date(2027, 2, 3)
        }  # fmt: skip
    assert first_draft(union, date(2026, 9, 24))["need_date"] is None
    assert first_draft(union, date(2026, 9, 12), "illness") == {"occasion": "illness"}
    assert first_draft(union, date(2026, 9, 12), "nonsense") == {}
