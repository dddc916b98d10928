"""Open a spreadsheet that somebody sent, by what it contains and not by its name, and measure it first.

Accepted: .xlsx, .xls (read in a process of its own) and CSV in UTF-8 or GB18030. Everything else is refused
with a `WorkbookError`, whose sentence says what to do.
"""

import csv
import datetime
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import python_calamine

from .workbook_limits import MAX_CELLS, MAX_FILE_BYTES, MAX_SHEETS, MAX_XLS_TEXT, WorkbookError
from .xlsx_guard import check_xlsx

__all__ = ["Cell", "Sheet", "Workbook", "WorkbookError", "open_workbook"]

Cell = str | float | int | bool | datetime.date | datetime.time | datetime.timedelta

XLS_SECONDS = 10
_XLS_CHILD = Path(__file__).with_name("xls_child.py")
_XLS_TOO_LARGE = 3

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MEGABYTE = 1 << 20
_OTHER_TYPES = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
}
_TEXT_TYPES = {"<!doctype html": "HTML", "<html": "HTML", "<table": "HTML", "<?xml": "XML", "{\\rtf": "RTF"}
_TEXT_SUFFIXES = {"", ".csv", ".txt", ".tsv"}
_DELIMITERS = (",", "\t", ";")
_CONTROLS = frozenset(map(chr, range(32))) - set("\t\r\n\f\x1a")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. `merged` holds (first row, first column, last row, last column), counted from 0.

    `rows()` yields the rows from the first one of the sheet, each a list of cells from column A on. An empty
    cell is "". A row may be shorter than `width`.
    """

    name: str
    visible: bool
    width: int
    merged: tuple[tuple[int, int, int, int], ...]
    rows: Callable[[], Iterator[list[Cell]]]


@dataclass(frozen=True, slots=True)
class Workbook:
    """An opened workbook; `sheets()` reads one at a time and raises `WorkbookError` where that fails."""

    sheets: Callable[[], Iterator[Sheet]]


def open_workbook(source: str | Path | bytes, *, filename: str = "") -> Workbook:
    """Open the spreadsheet at a path or in memory; raise `WorkbookError` for all that is not a harmless one.

    `filename` is the name under which bytes were sent; only its ending matters. A path that cannot be read
    raises `OSError`.
    """
    data = source if isinstance(source, bytes) else _read_file(Path(source))
    suffix = Path(filename if isinstance(source, bytes) else source).suffix.lower()
    if not data.strip():
        raise WorkbookError("empty")
    if len(data) > MAX_FILE_BYTES:
        raise _too_large(len(data))
    if data.startswith(_ZIP):
        return _open_xlsx(data)
    if data.startswith(_OLE):
        return _open_xls(data)
    refuse_other_types(data)
    return _open_text(data, suffix)


def refuse_other_types(data: bytes) -> None:
    """Raise `WorkbookError` for a picture, a PDF and other files that their first bytes give away; nothing is read."""
    for magic, kind in _OTHER_TYPES.items():
        if data.startswith(magic):
            raise WorkbookError("wrong_type", found=kind)


def _read_file(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise _too_large(size)
    return path.read_bytes()


def _too_large(size: int) -> WorkbookError:
    return WorkbookError("file_too_large", size=-(-size // _MEGABYTE), limit=MAX_FILE_BYTES // _MEGABYTE)


@contextmanager
def _as_workbook_error() -> Iterator[None]:
    """Turn whatever the parser raises into a `WorkbookError`; a Rust panic is no `Exception`."""
    try:
        yield
    except (WorkbookError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except MemoryError as error:
        raise WorkbookError("too_many_cells", limit=MAX_CELLS) from error
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise WorkbookError("broken") from error
        raise


def _open_xlsx(data: bytes) -> Workbook:
    check_xlsx(data)
    with _as_workbook_error():
        parsed = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        work_sheets = [m for m in parsed.sheets_metadata if m.typ == python_calamine.SheetTypeEnum.WorkSheet]
    if len(work_sheets) > MAX_SHEETS:
        raise WorkbookError("too_many_entries", found=len(work_sheets), limit=MAX_SHEETS)

    def sheets() -> Iterator[Sheet]:
        cells = 0
        for meta in work_sheets:
            with _as_workbook_error():
                sheet = parsed.get_sheet_by_name(meta.name)
                end = sheet.end
                merged = tuple((*first, *last) for first, last in sheet.merged_cell_ranges or ())
            width = end[1] + 1 if end else 0
            # Several sheets may name one part of the archive, which was measured once.
            cells += (end[0] + 1) * width if end else 0
            if cells > MAX_CELLS:
                raise WorkbookError("too_many_cells", limit=MAX_CELLS)
            visible = meta.visible == python_calamine.SheetVisibleEnum.Visible
            yield Sheet(meta.name, visible, width, merged, _calamine_rows(sheet))

    return Workbook(sheets)


def _calamine_rows(sheet: python_calamine.CalamineSheet) -> Callable[[], Iterator[list[Cell]]]:
    def rows() -> Iterator[list[Cell]]:
        padding: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)
        for row in sheet.iter_rows():
            yield [*padding, *row] if padding else row

    return rows


def _open_xls(data: bytes) -> Workbook:
    for stream, error in (
        ("EncryptedPackage", WorkbookError("encrypted")),
        ("WordDocument", WorkbookError("wrong_type", found="Word")),
        ("PowerPoint Document", WorkbookError("wrong_type", found="PowerPoint")),
        ("_VBA_PROJECT", WorkbookError("macros")),
    ):
        if stream.encode("utf-16-le") in data:
            raise error
    command = [sys.executable, "-I", str(_XLS_CHILD), str(MAX_CELLS), str(MAX_XLS_TEXT)]
    try:
        child = subprocess.run(command, input=data, capture_output=True, timeout=XLS_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise WorkbookError("too_slow", limit=XLS_SECONDS) from error
    if child.returncode == _XLS_TOO_LARGE or child.returncode < 0:
        # A negative code is the system ending the child at its limit of memory or time.
        raise WorkbookError("too_many_cells", limit=MAX_CELLS)
    if child.returncode:
        raise WorkbookError("encrypted" if b"assword" in child.stderr else "broken")
    return _listed(_decode_child(child.stdout))


def _decode_child(output: bytes) -> list[Sheet]:
    sheets: list[Sheet] = []
    rows: list[list[Cell]] = []
    for line in output.splitlines():
        value = json.loads(line)
        if isinstance(value, dict):
            rows = []
            merged = tuple((a, b, c, d) for a, b, c, d in value["merged"])
            sheets.append(Sheet(value["name"], value["visible"], value["width"], merged, _list_rows(rows)))
        else:
            rows.append(value)
    return sheets


def _listed(sheets: list[Sheet]) -> Workbook:
    return Workbook(lambda: iter(sheets))


def _list_rows(rows: list[list[Cell]]) -> Callable[[], Iterator[list[Cell]]]:
    return lambda: (list(row) for row in rows)


def _open_text(data: bytes, suffix: str) -> Workbook:
    text = _decode(data)
    opening = text[:200].lstrip().lower()
    for start, kind in _TEXT_TYPES.items():
        if opening.startswith(start):
            raise WorkbookError("wrong_type", found=kind)
    if suffix not in _TEXT_SUFFIXES:
        raise WorkbookError("wrong_type", found="text")
    first = text[:4000]
    delimiter = max(_DELIMITERS, key=first.count)
    if text.count(delimiter) + text.count("\n") + text.count("\r") > MAX_CELLS:
        raise WorkbookError("too_many_cells", limit=MAX_CELLS)
    try:
        rows: list[list[Cell]] = [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise WorkbookError("too_much_text") from error
    width = max(map(len, rows), default=0)
    return _listed([Sheet("CSV", True, width, (), _list_rows(rows))])


def _decode(data: bytes) -> str:
    """The text of a CSV file: UTF-8 if it is that, else GB18030, which Chinese Excel writes."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Nearly any bytes are valid GB18030; control characters betray those that are no text in it.
        if _CONTROLS.isdisjoint(text):
            return text
    raise WorkbookError("text_encoding")
