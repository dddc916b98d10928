"""Read a purchase ledger from a spreadsheet as the producer keeps it: columns by their headings, all faults at once.

A pure reader: no database, no clock. Weights are kilograms, or 斤 (half of one) where the heading says so; prices are yuan.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from marketplace.organisations.errors import HouseError
from marketplace.spreadsheets.cells import clean_text, column_letter, plain_heading
from marketplace.spreadsheets.workbook import Cell, open_workbook
from suppliers.provenance.purchase_errors import (
    CellEmpty,
    CellNoAmount,
    CellNoDay,
    CellTooLong,
    NoPurchases,
    TooManyPurchases,
)

MOST_ROWS = 2_000
_HEADER_DEPTH = 30
_MOST = 2_000_000_000  # grams or fen, what a row of the ledger holds
_HEADINGS = {
    "note": "收购单 收购单号 收购单编号 收购票号 票号 单号 单据号 purchasenote noteno notenumber note",
    "household": "农户编号 农户 户号 户编号 household householdcode householdno",
    "produce": "农产品 产品 品名 品种 货物名称 produce product",
    "weight": "重量 数量 净重 重量千克 重量公斤 重量斤 重量市斤 千克 公斤 斤 weight weightkg kg",
    "price": "价格 金额 总价 价款 收购金额 总金额 合计金额 price amount total",
    "collected_on": "日期 收购日期 收购时间 交售日期 day date",
}
_FIELD_OF = {word: field for field, words in _HEADINGS.items() for word in words.split()}
_LONGEST = {"note": 80, "household": 40, "produce": 40}
_TOTAL = re.compile(r"(?:合计|总计|小计|共计|本页合计|本页小计|together|total|subtotal).*", re.IGNORECASE)
_DAY = re.compile(r"(20[0-9]{2})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?: 0{1,2}:00(?::00)?)?")
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Row:
    """A row that reads as a purchase: the household by its code, grams, fen; where it stands, and the column of each field."""

    note: str
    household: str
    produce: str
    grams: int
    price: int
    collected_on: date
    sheet: str
    number: int
    columns: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one row: its sheet, its number from 1, the column's letter, and the refusal that says so."""

    sheet: str
    row: int
    column: str
    error: HouseError


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read: `found` counts good and faulty rows; `headers` is sheet → row of its headings."""

    found: int
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    headers: Mapping[str, int]


def read_purchases(content: bytes, filename: str) -> Reading:
    """Every purchase in the visible sheets. Raises WorkbookError for a file that is not opened; NoPurchases, TooManyPurchases."""
    rows: list[Row] = []
    faults: list[Fault] = []
    headers: dict[str, int] = {}
    found = 0
    for sheet in open_workbook(content, filename=filename).sheets():
        if not sheet.visible:
            continue
        columns: Mapping[str, int] = {}
        jin = False
        for number, cells in enumerate(sheet.rows(), start=1):
            if not columns:
                columns = _columns(cells)
                if columns:
                    headers[sheet.name] = number
                    jin = _is_jin(cells[columns["weight"]])
                elif number > _HEADER_DEPTH:
                    break
                continue
            picked = {name: cells[at] if at < len(cells) else "" for name, at in columns.items()}
            if not _is_purchase(cells, picked):
                continue
            found += 1
            if found > MOST_ROWS:
                raise TooManyPurchases(most=MOST_ROWS)
            read = _read(picked, jin)
            if isinstance(read, dict):
                faults += [
                    Fault(sheet.name, number, column_letter(columns[name]), error) for name, error in read.items()
                ]
            else:
                rows.append(Row(*read, sheet.name, number, columns))
    if not found:
        raise NoPurchases()
    return Reading(found, tuple(rows), tuple(faults), headers)


def _columns(cells: Sequence[Cell]) -> Mapping[str, int]:
    """Field → column, when the row is one of headings that names all fields; else nothing. Of two columns the first."""
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        if (field := _FIELD_OF.get(plain_heading(cell))) is not None:
            found.setdefault(field, at)
    return found if found.keys() == _HEADINGS.keys() else {}


def _is_jin(heading: Cell) -> bool:
    return "斤" in str(heading).replace("公斤", "")


def _is_purchase(cells: Sequence[Cell], picked: Mapping[str, Cell]) -> bool:
    """Whether the row means a purchase: not blank, no total, no line for a signature."""
    filled = [clean_text(cell) for cell in picked.values()]
    texts = [text for cell in cells if (text := clean_text(cell))]
    if sum(map(bool, filled)) < 2 or _TOTAL.fullmatch(texts[0].replace(" ", "")):
        return False
    # The headings once more, as on each printed page.
    return not all(plain_heading(cell) in _FIELD_OF for cell in picked.values())


def _read(picked: Mapping[str, Cell], jin: bool) -> tuple[str, str, str, int, int, date] | dict[str, HouseError]:
    """The fields, or field → what is wrong with it."""
    faults: dict[str, HouseError] = {}
    texts = {name: clean_text(picked[name]) for name in _LONGEST}
    for name, text in texts.items():
        if not text:
            faults[name] = CellEmpty()
        elif len(text) > _LONGEST[name]:
            faults[name] = CellTooLong(most=_LONGEST[name])
    grams = _amount(picked["weight"], 500 if jin else 1_000)
    price = _amount(picked["price"], 100)
    day = _day(picked["collected_on"])
    for name, value, wrong in (
        ("weight", grams, CellNoAmount),
        ("price", price, CellNoAmount),
        ("collected_on", day, CellNoDay),
    ):
        if value is None:
            faults[name] = CellEmpty() if not clean_text(picked[name]) else wrong()
    if faults or grams is None or price is None or day is None:
        return faults
    return texts["note"], texts["household"].upper(), texts["produce"], grams, price, day


def _amount(cell: Cell, unit: int) -> int | None:
    """The cell in units of which one has so many (grams, fen); None for what is none, or is not whole."""
    if isinstance(cell, bool):
        return None
    # A spreadsheet adds up in binary: 12.1 + 0.2 is not quite 12.3 there.
    text = f"{cell:.6f}" if isinstance(cell, float | int) else clean_text(cell).replace(",", "")
    if not _AMOUNT.fullmatch(text):
        return None
    try:
        whole = Decimal(text) * unit
    except InvalidOperation:
        return None
    return int(whole) if whole == whole.to_integral_value() and 0 < whole <= _MOST else None


def _day(cell: Cell) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if (match := _DAY.fullmatch(clean_text(cell))) is None:
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None


def repeated(rows: Sequence[Row]) -> dict[tuple[str, int], int]:
    """Sheet and number of rows whose purchase note stands in an earlier row → the number of that row."""
    first: dict[str, Row] = {}
    found: dict[tuple[str, int], int] = {}
    for row in rows:
        before = first.setdefault(row.note, row)
        if before is not row:
            found[row.sheet, row.number] = before.number
    return found
