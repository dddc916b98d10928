"""A year that is closed takes nothing any more, whoever asks."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from marketplace.ledger.actions import fund, open_purse
from marketplace.organisations.models import Organisation
from procurement.priority.errors import YearClosed
from procurement.priority.models import UnionYear
from procurement.priority.years import lock_year, open_year
from procurement.programmes.placement import place
from tests.invariants.raw_sql import refused
from tests.world import DATES, Side, approved, side

pytestmark = pytest.mark.usefixtures("world")


def last_year() -> tuple[Side, int]:
    """Yanta's union with a purse of the year before."""
    now = side()
    year = timezone.localdate().year - 1
    general = open_purse(now.union, now.general.name, year)
    fund(general, 1_000_000, "general-before")
    return Side(now.union, now.buyer, now.approver, general, now.reserve), year


def close(union: Organisation, year: int) -> None:
    lock_year(union, year)
    UnionYear.objects.filter(union=union, gift_year=year).update(closed_at=timezone.now())


class TestItTakesNothing:
    def test_no_order(self) -> None:
        giver, year = last_year()
        plan = approved(giver, [DATES], gift_year=year)
        close(giver.union, year)
        with pytest.raises(YearClosed):
            place(giver.buyer, plan, "late")

    def test_nor_does_any_year_before_it(self) -> None:
        giver, year = last_year()
        close(giver.union, year)
        with pytest.raises(YearClosed):
            open_year(giver.union, year - 1)
        assert open_year(giver.union, year + 1).closed_at is None

    def test_nor_does_the_database(self) -> None:
        giver, year = last_year()
        close(giver.union, year)
        refused("is closed", "SELECT require_open_year(%s, %s)", giver.union.pk, year)
        refused("is closed", "SELECT require_open_year(%s, %s)", giver.union.pk, year - 1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT require_open_year(%s, %s)", [giver.union.pk, year + 1])
