"""The copy of a workbook that goes back: the same sheets, faulty cells coloured, and what to mend."""

import datetime
import io
import math
import re
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from .cells import column_index
from .workbook import Cell, Sheet, open_workbook

MEND_HEADING = "需要修改 / What to mend"
SUMMARY_NAME = "修改说明 Summary"

_LONGEST_CELL = 32_767
_LONGEST_NAME = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
# What a spreadsheet may take for a formula once somebody edits the cell or saves the sheet as CSV.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FAULTY = "#FFC7CE"
_HEADING = "#DDEBF7"
_EARLIEST_DATE = datetime.date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Mark:
    """What to mend in one row: `row` from 1, the letter of the column ("" for none), and the words."""

    sheet: str
    row: int
    column: str
    words: str


class _Writer:
    """Writes cells as what they are; a text is never written as anything but a text."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.plain = {
            (kind, faulty): book.add_format({**properties, **({"bg_color": _FAULTY} if faulty else {})})
            for kind, properties in _FORMATS.items()
            for faulty in (False, True)
        }
        self.heading = book.add_format({"bold": True, "bg_color": _HEADING})

    def write(self, sheet: Worksheet, row: int, column: int, value: Cell, *, faulty: bool = False) -> None:
        """Write one cell; an empty one only where it is coloured."""
        if value == "":
            if faulty:
                sheet.write_blank(row, column, None, self._format("text", faulty))
        elif isinstance(value, bool):
            sheet.write_boolean(row, column, value, self._format("text", faulty))
        elif isinstance(value, float | int):
            self._number(sheet, row, column, value, faulty)
        elif isinstance(value, datetime.date) and _plain_date(value) >= _EARLIEST_DATE:
            kind = "moment" if isinstance(value, datetime.datetime) else "date"
            sheet.write_datetime(row, column, value, self._format(kind, faulty))
        else:
            self.text(sheet, row, column, str(value), faulty=faulty)

    def text(self, sheet: Worksheet, row: int, column: int, text: str, *, faulty: bool = False) -> None:
        """Write a text, cut to what a cell holds, and quoted where it could be taken for a formula."""
        if len(text) > _LONGEST_CELL:
            text = text[: _LONGEST_CELL - 1] + "…"
        kind = "quoted" if text.startswith(_FORMULA_STARTS) else "text"
        sheet.write_string(row, column, text, self._format(kind, faulty))

    def _number(self, sheet: Worksheet, row: int, column: int, value: float, faulty: bool) -> None:
        if not math.isfinite(value):
            self.text(sheet, row, column, str(value), faulty=faulty)
            return
        kind = "whole" if float(value).is_integer() else "text"
        sheet.write_number(row, column, value, self._format(kind, faulty))

    def _format(self, kind: str, faulty: bool) -> Format | None:
        return None if kind == "text" and not faulty else self.plain[kind, faulty]


_FORMATS: Mapping[str, dict[str, object]] = {
    "text": {},
    "quoted": {"quote_prefix": True},
    # Telephone numbers kept as numbers would otherwise show as 1.39E+10.
    "whole": {"num_format": "0"},
    "date": {"num_format": "yyyy-mm-dd"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm"},
}


def marked_copy(
    source: str | Path | bytes,
    marks: Sequence[Mark],
    headers: Mapping[str, int],
    summary: Sequence[Sequence[Cell]],
    *,
    filename: str = "",
) -> bytes:
    """An .xlsx copy of the workbook with `summary` in front; `headers` says in which row of a sheet its headings stand.

    Cells keep their values, not their looks. Every sheet keeps its rows where they were; those with marks have them coloured, and a
    last column says what to mend. Raises `WorkbookError` like `open_workbook`.
    """
    by_sheet: dict[str, dict[int, list[Mark]]] = defaultdict(lambda: defaultdict(list))
    for mark in marks:
        by_sheet[mark.sheet][mark.row].append(mark)
    buffer = io.BytesIO()
    # Rows of people pass through temporary files, which must go even when writing fails.
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        with xlsxwriter.Workbook(buffer, options) as book:
            names: set[str] = set()
            writer = _Writer(book)
            _write_summary(book.add_worksheet(_sheet_name(SUMMARY_NAME, names)), writer, summary)
            for sheet in open_workbook(source, filename=filename).sheets():
                if sheet.name == SUMMARY_NAME:
                    continue
                target = book.add_worksheet(_sheet_name(sheet.name, names))
                if not sheet.visible:
                    target.hide()
                _copy_sheet(target, writer, sheet, headers.get(sheet.name, 0), by_sheet.get(sheet.name, {}))
    return buffer.getvalue()


def _copy_sheet(
    target: Worksheet, writer: _Writer, sheet: Sheet, header_row: int, faults: Mapping[int, Sequence[Mark]]
) -> None:
    merged = _Merged(sheet)
    mend_column = sheet.width
    for number, row in enumerate(sheet.rows(), start=1):
        if number == header_row:
            # A copy that was mended and sent again has the column already.
            mend_column = row.index(MEND_HEADING) if MEND_HEADING in row else mend_column
            target.set_column(0, sheet.width, 16)
            target.set_column(mend_column, mend_column, 80)
        found = faults.get(number, ())
        coloured = {column_index(mark.column) for mark in found if mark.column}
        row.extend([""] * (max(coloured, default=-1) + 1 - len(row)))
        for left, right in merged.titles.get(number, ()):
            target.merge_range(number - 1, left, number - 1, right, "")
        for column, value in enumerate(merged.filled(number, row)):
            if column != mend_column:
                writer.write(target, number - 1, column, value, faulty=column in coloured)
        if number == header_row:
            target.write_string(number - 1, mend_column, MEND_HEADING, writer.heading)
        elif found:
            writer.text(
                target,
                number - 1,
                mend_column,
                "  ".join(f"[{mark.column}] {mark.words}" for mark in found),
                faulty=True,
            )


class _Merged:
    """Merged cells as the copy keeps them: titles across a row stay merged, values down a column are
    repeated.

    The copy is written row by row, so a cell cannot span several of them; repeating the value reads the same.
    """

    def __init__(self, sheet: Sheet) -> None:
        self.titles: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._ends: dict[tuple[int, int], int] = {}
        self._open: dict[int, tuple[int, Cell]] = {}
        for top, left, bottom, right in sorted(sheet.merged):
            if top == bottom and right > left:
                across = self.titles[top + 1]
                if not across or across[-1][1] < left:
                    across.append((left, right))
            elif left == right and bottom > top:
                self._ends[top + 1, left] = bottom + 1

    def filled(self, number: int, row: list[Cell]) -> list[Cell]:
        """The cells of row `number` with the values of the merged cells that reach down to it."""
        if not self._ends:
            return row
        for column, value in enumerate(row):
            if end := self._ends.get((number, column)):
                self._open[column] = (end, value)
            elif value == "" and column in self._open and number <= self._open[column][0]:
                row[column] = self._open[column][1]
        return row


def _write_summary(target: Worksheet, writer: _Writer, lines: Sequence[Sequence[Cell]]) -> None:
    target.set_column(0, 0, 32)
    target.set_column(1, 2, 12)
    target.set_column(3, 3, 100)
    for number, line in enumerate(lines):
        for column, value in enumerate(line):
            writer.write(target, number, column, value)


def _sheet_name(name: str, taken: set[str]) -> str:
    """`name` as Excel allows it, and like no other in the book."""
    clean = _NOT_IN_NAMES.sub(" ", name).strip("' ")[:_LONGEST_NAME] or "Sheet"
    candidate, number = clean, 1
    while candidate.lower() in taken or candidate.lower() == "history":
        number += 1
        ending = f" {number}"
        candidate = clean[: _LONGEST_NAME - len(ending)] + ending
    taken.add(candidate.lower())
    return candidate


def _plain_date(value: datetime.date) -> datetime.date:
    return value.date() if isinstance(value, datetime.datetime) else value
