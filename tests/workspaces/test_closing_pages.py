"""The page that closes a gift year, the union's sealed statement, and an upper union's list of years."""

from __future__ import annotations

import json
from hashlib import sha256
from io import BytesIO

import pytest
from openpyxl import load_workbook

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.organisations.models import Organisation
from procurement.priority.models import UnionYear
from procurement.priority.years import open_year
from tests.compliance.past_year import delivered, last_year
from tests.workspaces.persons import Person, statements_of, text, told
from tests.world import DATES, MOONCAKES, placed

pytestmark = pytest.mark.usefixtures("world", "last_years_plans")


def test_the_page_says_what_is_open_and_the_approver_closes_when_nothing_is() -> None:
    giver, year = last_year()
    order = placed(giver, [DATES], heads=2, gift_year=year)
    approver = Person(cast.APPROVER)
    page = text(approver.open("union:close_year", year))
    assert f"2 parcels of 1 orders are not accepted yet ({order.number})" in page
    assert "Close the gift year" not in page
    assert "are not accepted yet" in told(approver.send("union:close_year", year))[-1]
    assert not UnionYear.objects.filter(closed_at__isnull=False).exists()


def test_a_buyer_reads_it_and_an_approver_closes_once() -> None:
    giver, year = last_year()
    delivered(giver, [MOONCAKES], year)
    assert f"The gift year {year} is over and not closed" not in text(Person(cast.BUYER).open("union:home"))
    assert f"The gift year {year} is over and not closed" in text(Person(cast.APPROVER).open("union:home"))
    assert "The union's approver closes it" in text(Person(cast.BUYER).open("union:close_year", year))
    approver = Person(cast.APPROVER)
    assert "Close the year" in text(approver.open("union:statement_year", year))
    assert "Close the gift year" in text(approver.open("union:close_year", year))
    assert told(approver.send("union:close_year", year)) == [
        f"The gift year {year} is closed and its statement sealed."
    ]
    approver.send("union:close_year", year)
    entry = Entry.objects.get(kind="year.closed")
    shown = text(approver.open("union:statement_year", year))
    assert "Shortfall: set aside, not spent, carried over" in shown
    assert "Close the year" not in shown
    file = approver.open("union:statement_json", year).content
    assert json.loads(bytes(entry.leaf))["body"]["statement_sha256"] == sha256(file).hexdigest()
    sheet = load_workbook(BytesIO(approver.open("union:statement_xlsx", year).content))["Statement"]
    summary = {row[0]: row[1:] for row in sheet.iter_rows(values_only=True)}
    assert summary["Shortfall: set aside, not spent, carried over"][0] == 2_000
    assert summary["Assistance products still to be bought for this year"][0] == 1_080
    assert "Set-aside money that came over from closed years" in text(approver.open("union:statement_year", year + 1))


def test_an_officer_above_sees_the_years_of_the_unions_below_and_closes_one() -> None:
    giver, year = last_year()
    delivered(giver, [MOONCAKES], year)
    officer = Person(cast.UNION_OFFICER)
    (row,) = officer.open("oversight:years", year=year).context["listing"].page.object_list
    assert (row.union, row.state, row.unspent) == (giver.union, "open_year", None)
    officer.send("oversight:close_year", giver.union.code, year)
    listing = officer.open("oversight:years", year=year, state="closed").context["listing"]
    (row,) = listing.page.object_list
    assert (row.state, row.unspent, row.goes_on) == ("closed_year", 200_000, 108_000)
    page = text(officer.open("oversight:close_year", giver.union.code, year))
    assert "Closed on" in page and "Close the gift year" not in page
    assert officer.open("oversight:close_year", "U-NOWHERE", year).status_code == 404


def test_the_list_of_years_costs_the_same_for_many() -> None:
    giver, year = last_year()
    officer = Person(cast.UNION_OFFICER)
    open_year(giver.union, year)
    alone = statements_of(lambda: officer.open("oversight:years", year=year))
    for union in Organisation.objects.filter(kind="union", path__startswith=giver.union.parent.path):
        open_year(union, year)
    assert statements_of(lambda: officer.open("oversight:years", year=year)) == alone
