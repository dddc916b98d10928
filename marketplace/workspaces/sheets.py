"""Columns declared once, for the table of a page and for the workbook that a clerk takes along.

A workbook is written row by row in constant memory. Whatever is text is written as text, so that a name which begins with
= + - @ is never a formula; money is a number of yuan with two places, a day is a day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from tempfile import TemporaryFile
from typing import IO, Any

from django.http import HttpResponse
from django.utils.functional import Promise
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from marketplace.workspaces.pages import XLSX, attachment
from marketplace.workspaces.templatetags._figures import OFFICE_ZONE
from marketplace.workspaces.templatetags.house import item, outcome_label, state_label

_LONGEST_TEXT = 32_767
_FORMATS = {
    "money": "#,##0.00",
    "count": "#,##0",
    "bp": "0.00%",
    "date": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm",
}
_WIDTHS = {"money": 14, "count": 10, "bp": 10, "date": 12, "time": 17, "state": 14, "outcome": 18}
_WORDS: dict[str, Callable[[object], str]] = {"state": state_label, "outcome": outcome_label}


@dataclass(frozen=True)
class Column:
    """One column: where its value is (a dotted path), its words, its kind.

    Kinds are those of `{% table %}`: text, money (fen), count, bp (hundredths of a per cent), date, time, state, outcome. `url` is the
    path of the address that the page's cell links to.
    """

    key: str
    label: str | Promise
    kind: str = "text"
    url: str = ""

    def for_table(self) -> dict[str, str]:
        """As `{% table %}` takes it."""
        return {"key": self.key, "label": str(self.label), "kind": self.kind, "url": self.url}


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook: title, columns, rows, and what stands in the foot by key."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Any]
    total: Mapping[str, Any] | None = None


def download(sheets: Sequence[Sheet], name: str) -> HttpResponse:
    """The workbook as a file to be saved as `name`.xlsx. Rows are asked for now, within the caller's scope."""
    with written(sheets) as file:
        return attachment(file.read(), f"{name}.xlsx", XLSX)


def written(sheets: Sequence[Sheet]) -> IO[bytes]:
    """The workbook in an open temporary file, at its beginning."""
    file = TemporaryFile()  # noqa: SIM115 – the caller closes it
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(file, options) as book:
        heads = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        formats = {kind: book.add_format({"num_format": shape}) for kind, shape in _FORMATS.items()}
        bold = {kind: book.add_format({"num_format": shape, "bold": True}) for kind, shape in _FORMATS.items()}
        for number, sheet in enumerate(sheets, 1):
            page = book.add_worksheet(_sheet_name(sheet.title, number))
            _fill(page, sheet, heads, formats, bold)
    file.seek(0)
    return file


def _fill(
    page: Worksheet, sheet: Sheet, heads: Format, formats: Mapping[str, Format], bold: Mapping[str, Format]
) -> None:
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, _WIDTHS.get(column.kind, 24))
    page.freeze_panes(1, 0)
    for place, column in enumerate(sheet.columns):
        page.write_string(0, place, str(column.label), heads)
    line = 0
    for line, row in enumerate(sheet.rows, 1):
        for place, column in enumerate(sheet.columns):
            _write(page, line, place, column.kind, item(row, column.key), formats.get(column.kind))
    if sheet.total is not None:
        for place, column in enumerate(sheet.columns):
            kind = column.kind if place else "text"
            _write(page, line + 1, place, kind, sheet.total.get(column.key), bold.get(column.kind, heads))


def _write(page: Worksheet, line: int, place: int, kind: str, value: Any, shape: Format | None) -> None:
    """One cell. What is missing stays empty; text is never anything else than text."""
    if value is None or value == "":
        return
    if kind == "money":
        page.write_number(line, place, Fraction(value, 100), shape)
    elif kind == "count":
        page.write_number(line, place, int(value), shape)
    elif kind == "bp":
        page.write_number(line, place, Fraction(value, 10_000), shape)
    elif kind in {"date", "time"} and isinstance(value, date):
        page.write_datetime(line, place, _office_time(value, kind), shape)
    else:
        words = _WORDS[kind](value) if kind in _WORDS else str(value)
        page.write_string(line, place, words[:_LONGEST_TEXT])


def _office_time(value: date, kind: str) -> date:
    """A moment as the office's clock shows it; workbooks know no time zones."""
    if not isinstance(value, datetime):
        return value
    local = value.astimezone(OFFICE_ZONE).replace(tzinfo=None)
    return local.date() if kind == "date" else local


def _sheet_name(title: str, number: int) -> str:
    """A title that spreadsheets accept: at most 31 characters, none of []:*?/\\."""
    return re.sub(r"[\[\]:*?/\\']", " ", title)[:31].strip() or f"Sheet{number}"
