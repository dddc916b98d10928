"""Lists as workbooks: text stays text, money and days are what a spreadsheet can reckon with, figures equal the page's."""

from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import translation
from openpyxl import load_workbook

from marketplace.workspaces.listing import Empty, Listing
from marketplace.workspaces.sheets import Column, Sheet, written

COLUMNS = (
    Column("name", "Name"),
    Column("fen", "Amount", "money"),
    Column("share", "Share", "bp"),
    Column("units", "Units", "count"),
    Column("day", "Day", "date"),
    Column("moment", "Moment", "time"),
    Column("state", "State", "state"),
)


def row(name: str, fen: int | None = 123_456) -> dict[str, Any]:
    return {
        "name": name,
        "fen": fen,
        "share": 3_333,
        "units": 1_200,
        "day": date(2026, 9, 20),
        "moment": datetime(2026, 9, 20, 17, 30, tzinfo=UTC),
        "state": "shipped",
    }


def opened(sheet: Sheet) -> Any:
    with written([sheet]) as file:
        return load_workbook(BytesIO(file.read())).active


@pytest.mark.parametrize("name", ["=1+1", "+86", "-5", "@SUM(A1)", "\tx", "=HYPERLINK(0)", "http://x", "007", "{=1}"])
def test_text_is_never_a_formula_a_link_or_a_number(name: str) -> None:
    cell = opened(Sheet("T", COLUMNS, [row(name)]))["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


def test_money_shares_and_days_are_what_a_spreadsheet_reckons_with() -> None:
    page = opened(Sheet("T", COLUMNS, [row("a")], {"name": "Together", "fen": 123_456}))
    cells = {page.cell(1, n).value: page.cell(2, n) for n in range(1, 8)}
    assert cells["Amount"].value == 1234.56
    assert cells["Amount"].number_format == "#,##0.00"
    assert (cells["Share"].value, cells["Share"].number_format) == (0.3333, "0.00%")
    assert cells["Units"].value == 1200
    assert (cells["Day"].value, cells["Day"].is_date) == (datetime(2026, 9, 20), True)
    assert cells["Moment"].value == datetime(2026, 9, 21, 1, 30)  # as the clock in Xi'an shows it
    assert cells["State"].value == "Shipped"
    assert [page.cell(3, n).value for n in (1, 2)] == ["Together", 1234.56]


def test_what_is_missing_is_an_empty_cell() -> None:
    assert opened(Sheet("T", COLUMNS, [row("a", None)]))["B2"].value is None


def test_words_are_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        page = opened(Sheet("T", (Column("state", "x", "state"),), [row("a")]))
    assert page["A2"].value == "已发货"


@pytest.mark.parametrize("title", ["a/b:c*d?[e]\\", "'" * 3, "长" * 60])
def test_any_title_names_a_sheet(title: str) -> None:
    assert len(opened(Sheet(title, COLUMNS, [])).title) in range(1, 32)


def test_the_workbook_has_all_pages_of_the_list() -> None:
    request = RequestFactory().get("/", {"page": "2", "as": "xlsx"})
    rows = [row(f"n{n}", 100 + n) for n in range(75)]
    listing = Listing(request, rows, COLUMNS, "T", Empty("none"), sums={"fen": sum(r["fen"] for r in rows)})
    assert len(listing.page.object_list) == 30
    page = opened(listing.sheet())
    assert [page.cell(2 + n, 1).value for n in range(75)] == [f"n{n}" for n in range(75)]
    assert (page.cell(77, 1).value, page.cell(77, 2).value) == ("Together", 102.75)
    assert listing.workbook_url == "?as=xlsx"
