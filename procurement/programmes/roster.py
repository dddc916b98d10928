"""Read a union's roster of recipients from the workbook as the union keeps it.

A pure reader: no database, no clock. All faults are found at once, good rows are kept, and nothing that looks
like a person disappears silently: sheets that were not read are named with the reason.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from marketplace.spreadsheets.cells import clean_text, column_letter
from marketplace.spreadsheets.workbook import Cell, Sheet, open_workbook

from .regions import region_of
from .roster_cells import (
    LIMITS,
    clean_id,
    clean_name,
    clean_phone,
    id_problem,
    is_mobile,
    mask,
    name_problem,
    phone_problem,
)
from .roster_columns import FIELDS, HEADER_DEPTH, SYNONYMS, Header, find_header, is_heading
from .roster_faults import Fault, RosterError

__all__ = [
    "Fault",
    "Person",
    "RosterError",
    "RosterReading",
    "SheetRead",
    "SkippedSheet",
    "read_roster",
    "region_of",
]


class Person(NamedTuple):
    """One accepted row. Texts are clean and half-width, "" where nothing was given; `row` counts from 1."""

    member_no: str
    name: str
    phone: str
    id_number: str
    address: str
    department: str
    note: str
    sheet: str
    row: int


@dataclass(frozen=True, slots=True)
class SheetRead:
    """A sheet with a list: where its (first) header stands, and how many people were found."""

    name: str
    header_row: int
    people: int


@dataclass(frozen=True, slots=True)
class SkippedSheet:
    """A sheet that was not read: `reason` is "empty", "hidden", "no_header" or "missing_column"."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class RosterReading:
    """All that was read: `people` counts good and faulty rows; a row may have several faults."""

    people: int
    accepted: tuple[Person, ...]
    faults: tuple[Fault, ...]
    sheets: tuple[SheetRead, ...]
    skipped: tuple[SkippedSheet, ...]

    @property
    def departments(self) -> tuple[tuple[str, int], ...]:
        """Accepted people per department, in the roster's order; "" stands for those without one."""
        return tuple(Counter(person.department for person in self.accepted).items())


def read_roster(source: str | Path | bytes, *, need_address: bool = True, filename: str = "") -> RosterReading:
    """Read the roster at a path or in memory.

    `need_address` says that parcels go to each recipient's own address: then the address column must be there
    and filled. For delivery to the workplace it may be missing. `filename` as in `open_workbook`. Raises
    `WorkbookError` when the file is not opened and `RosterError` when it holds no list.
    """
    required = ("name", "phone", "address") if need_address else ("name", "phone")
    reader = _Reader(need_address)
    read: list[SheetRead] = []
    skipped: list[SkippedSheet] = []
    tops: list[str] = []
    incomplete: RosterError | None = None
    for sheet in open_workbook(source, filename=filename).sheets():
        if not sheet.visible:
            skipped.append(SkippedSheet(sheet.name, "hidden"))
            continue
        rows = enumerate(sheet.rows(), start=1)
        header, top = _seek_header(rows)
        tops.extend(top)
        if header is None:
            skipped.append(SkippedSheet(sheet.name, "no_header" if top else "empty"))
            continue
        missing = [SYNONYMS[name][0] for name in required if name not in header.columns]
        if missing:
            skipped.append(SkippedSheet(sheet.name, "missing_column"))
            incomplete = incomplete or _missing_column(sheet, header, missing)
            continue
        read.append(SheetRead(sheet.name, header.row, reader.read_sheet(sheet, header, rows)))
    if incomplete is not None and not read:
        raise incomplete
    if not read:
        looked_for = "、".join(SYNONYMS[name][0] for name in required)
        raise RosterError("no_header", looked_for=looked_for, found="、".join(tops[:20]) or "—")
    if not reader.people:
        raise RosterError("no_people")
    return RosterReading(reader.people, tuple(reader.accepted), tuple(reader.faults), tuple(read), tuple(skipped))


def _missing_column(sheet: Sheet, header: Header, missing: list[str]) -> RosterError:
    found = "、".join(header.headings.values())
    return RosterError("missing_column", sheet=sheet.name, row=header.row, missing="、".join(missing), found=found)


def _seek_header(rows: Iterator[tuple[int, list[Cell]]]) -> tuple[Header | None, list[str]]:
    """The header among the first rows that are not blank, and the texts above it for the error."""
    top: list[str] = []
    filled = 0
    for number, row in rows:
        texts = [clean_text(value) for value in row if value != ""]
        if not any(texts):
            continue
        header = find_header(row, number)
        if header is not None:
            return header, top
        top.extend(text[:20] for text in texts if text)
        filled += 1
        if filled == HEADER_DEPTH:
            break
    return None, top[:20]


_TOTAL = re.compile(
    r"(?:合计|总计|小计|共计|累计|本页合计|本页小计|合计人数|总人数|总合计|grandtotal|subtotal|total)(?:\(.*\)|[:=].*|[0-9]+[人份]?)?",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"(?:填表|制表|填报|经办|审核|审批|负责|联系|复核|核对|领导|工会主席|主席|单位|部门|盖章|日期|备注|说明|注|签字|签名|签章|以下空白|以上)"
    r"[^:]{0,8}(?::.*|\(?(?:签字|盖章|签章|签名)\)?.*)|以下空白.*|注意.*|note:.*",
    re.IGNORECASE | re.DOTALL,
)


# Code, field, reason, and what else the sentence needs.
_Problem = tuple[str, str, str, dict[str, str | int]]


class _Reader:
    """Collects people and faults over all sheets; what was seen before decides duplicates."""

    def __init__(self, need_address: bool) -> None:
        self.need_address = need_address
        self.people = 0
        self.accepted: list[Person] = []
        self.faults: list[Fault] = []
        self._members: dict[str, tuple[str, int]] = {}
        self._ids: dict[str, tuple[str, int]] = {}
        self._unnumbered: dict[tuple[str, str], tuple[str, int]] = {}

    def read_sheet(self, sheet: Sheet, header: Header, rows: Iterator[tuple[int, list[Cell]]]) -> int:
        """Read the rows below `header`; return how many people they list."""
        before = self.people
        pick, width = _picker(header)
        fill = _MergedCells(sheet, header)
        for number, row in rows:
            if len(row) < width:
                row.extend([""] * (width - len(row)))
            row.append("")
            cells = pick(row)
            if not any(cells):
                continue
            if not is_mobile(cells[2]) and (is_heading(cells[1]) or is_heading(cells[2])):
                again = find_header(row, number)
                if again is not None:
                    header = again if {"name", "phone"} <= again.columns.keys() else header
                    pick, width = _picker(header)
                    fill = _MergedCells(sheet, header)
                    continue
            filled = fill.filled(number, cells)
            if _is_person(row, cells) and number not in fill.titles:
                self._read_row(sheet.name, number, filled, header)
        return self.people - before

    def _read_row(self, sheet: str, number: int, cells: Sequence[Cell], header: Header) -> None:
        self.people += 1
        person = Person(
            clean_text(cells[0]),
            clean_name(cells[1]),
            clean_phone(cells[2]),
            clean_id(cells[3]),
            clean_text(cells[4]),
            clean_text(cells[5]),
            clean_text(cells[6]),
            sheet,
            number,
        )
        problems = [*self._problems(person, cells[3]), *self._duplicates(person)]
        if not problems:
            self.accepted.append(person)
            return
        self.faults.extend(_fault(header, person, problem) for problem in problems)

    def _problems(self, person: Person, id_cell: Cell) -> Iterator[_Problem]:
        """What is wrong with the row by itself."""
        if reason := name_problem(person.name):
            yield "name", "name", reason, {}
        if reason := phone_problem(person.phone):
            yield "phone", "phone", reason, {}
        if person.id_number and (reason := id_problem(id_cell, person.id_number)):
            yield "id_number", "id_number", reason, {}
        if self.need_address and not person.address:
            yield "address", "address", "address_missing", {}
        for key, value in (
            ("member_no", person.member_no),
            ("address", person.address),
            ("department", person.department),
            ("note", person.note),
        ):
            if len(value) > LIMITS[key]:
                yield key, key, "too_long", {"limit": LIMITS[key]}

    def _duplicates(self, person: Person) -> Iterator[_Problem]:
        """Faults of a later row that repeats an earlier one. A shared phone is none: families share."""
        here = (person.sheet, person.row)
        if person.member_no:
            first = self._members.setdefault(person.member_no.upper(), here)
            if first is not here:
                yield "duplicate_member", "member_no", "duplicate_member", _first(first, person.sheet)
        if person.id_number:
            first = self._ids.setdefault(person.id_number, here)
            if first is not here:
                yield "duplicate_id", "id_number", "duplicate_id", _first(first, person.sheet)
        elif not person.member_no and person.name and person.phone:
            first = self._unnumbered.setdefault((person.name, person.phone), here)
            if first is not here:
                yield "duplicate_person", "name", "duplicate_person", _first(first, person.sheet)


def _picker(header: Header) -> tuple["itemgetter[tuple[Cell, ...]]", int]:
    """A getter of a row's cells in the order of `FIELDS`, and how wide the row must be.

    A field without a column reads the row's last cell, which the caller has added and is empty.
    """
    width = max(header.columns.values()) + 1
    return itemgetter(*(header.columns.get(key, -1) for key in FIELDS)), width


def _is_person(row: Sequence[Cell], cells: Sequence[Cell]) -> bool:
    """Whether the row lists somebody, however badly: not a total, a signature line or a section's title."""
    phone = cells[2]
    if is_mobile(phone):
        return True
    if not any(map(clean_text, cells[:5])):
        return False
    texts = [text for value in row if value != "" and (text := clean_text(value))]
    if _TOTAL.fullmatch(texts[0].replace(" ", "")) or _TOTAL.fullmatch(clean_name(cells[1])):
        return phone_problem(clean_phone(phone)) == ""
    if _FOOTER.fullmatch(texts[0].replace(" ", "")):
        return phone_problem(clean_phone(phone)) == ""
    return len(texts) > 1 or any(map(clean_text, cells[1:4]))


class _MergedCells:
    """Departments and addresses written once for several rows, and titles written across the columns."""

    def __init__(self, sheet: Sheet, header: Header) -> None:
        self.titles = {top + 1 for top, left, bottom, right in sheet.merged if top == bottom and right - left >= 2}
        self._ends: dict[tuple[int, int], int] = {}
        self._open: dict[int, tuple[int, Cell]] = {}
        positions = {
            header.columns[key]: FIELDS.index(key) for key in ("address", "department") if key in header.columns
        }
        for top, left, bottom, right in sheet.merged:
            if left == right and bottom > top and left in positions:
                self._ends[top + 1, positions[left]] = bottom + 1

    def filled(self, number: int, cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
        """The cells of row `number` with what merged cells above them say."""
        if not self._ends:
            return cells
        result = list(cells)
        for position in (4, 5):
            if end := self._ends.get((number, position)):
                self._open[position] = (end, cells[position])
            end, value = self._open.get(position, (0, ""))
            if number <= end and result[position] == "":
                result[position] = value
        return tuple(result)


def _first(place: tuple[str, int], sheet: str) -> dict[str, str | int]:
    return {"first": str(place[1]) if place[0] == sheet else f"{place[1]} ({place[0]})"}


def _fault(header: Header, person: Person, problem: _Problem) -> Fault:
    code, key, reason, data = problem
    column = header.columns.get(key)
    details = {"reason": reason, "heading": header.headings.get(key, ""), **data}
    shown = mask(getattr(person, key))
    return Fault(person.sheet, person.row, code, "" if column is None else column_letter(column), shown, details)
