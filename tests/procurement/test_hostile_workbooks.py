"""Workbooks that would harm the reader are refused with a reason, quickly and in little memory."""

import io
import json
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from marketplace.spreadsheets import xlsx_guard
from marketplace.spreadsheets.workbook import WorkbookError, open_workbook
from marketplace.spreadsheets.workbook_limits import MAX_FILE_BYTES
from procurement.programmes.annotate import annotated_copy
from procurement.programmes.roster import RosterError, read_roster
from tests.procurement.workbook_samples import (
    archive,
    compound_file,
    legacy_workbook,
    package,
    person,
    rows_of,
    sheet_xml,
    with_false_sizes,
    workbook,
)

ROOT = Path(__file__).parents[2]
SHEET = "xl/worksheets/sheet1.xml"
MESSY = ROOT / "marketplace/demo/data/rosters/roster_messy_300.xlsx"


def refusal(data: bytes, filename: str = "list.xlsx") -> WorkbookError:
    """The error with which the file is refused, every sheet read."""
    with pytest.raises(WorkbookError) as caught:
        for sheet in open_workbook(data, filename=filename).sheets():
            list(sheet.rows())
    return caught.value


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number: int, *texts: str) -> str:
    cells = "".join(cell(f"{chr(65 + column)}{number}", text) for column, text in enumerate(texts))
    return f'<row r="{number}">{cells}</row>'


def moved(data: bytes, target: str) -> bytes:
    """The workbook with its sheet under another name."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    relations = "xl/_rels/workbook.xml.rels"
    parts[relations] = parts[relations].replace(b"worksheets/sheet1.xml", target.encode())
    return archive([(f"xl/{target}" if name == SHEET else name, part) for name, part in parts.items()])


LIST = row(1, "姓名", "手机号", "地址") + row(2, "王小明", "13900000001", "西安市碑林区1号")

# Each: what it is, how it is made, the rule that refuses it.
BOMBS = {
    "a sheet of 400 MB of spaces": (lambda: package(sheet_xml(" " * 400_000_000)), "unpacks_too_large"),
    "a sheet of 100 MB of spaces": (lambda: package(sheet_xml(" " * 100_000_000)), "compressed_too_much"),
    "100 MB that claim to be 1,000 bytes": (
        lambda: with_false_sizes(package(sheet_xml(" " * 100_000_000)), SHEET, 1000),
        "compressed_too_much",
    ),
    "ten million cells": (
        lambda: package(sheet_xml("<row>" + "<c/>" * 10_000_000 + "</row>")),
        "compressed_too_much",
    ),
    "six million cells, not compressed": (
        lambda: package(sheet_xml("<row>" + "<c/>" * 6_000_000 + "</row>"), compression=zipfile.ZIP_STORED),
        "too_many_cells",
    ),
    "two cells in opposite corners": (
        lambda: package(sheet_xml(row(1, "x") + f'<row r="1048576">{cell("XFD1048576", "x")}</row>')),
        "too_many_cells",
    ),
    "corners in an unusual notation": (
        lambda: package(sheet_xml("<row><c r='a1'><v>1</v></c><c r='xfd1048576'><v>1</v></c></row>")),
        "too_many_cells",
    ),
    "corners in a prefixed notation": (
        lambda: package(sheet_xml('<x:row xmlns:x="y"><x:c r="A1"/><x:c\nr="XFD1048576"/></x:row>')),
        "too_many_cells",
    ),
    "a column far to the right by counting on": (
        lambda: package(sheet_xml('<row r="100000"><c r="XFA100000"/><c/><c/></row>')),
        "too_many_cells",
    ),
    "opposite corners in a sheet that lies elsewhere": (
        lambda: moved(package(sheet_xml("<row><c r='A1'/><c r='XFD1048576'/></row>")), "styles2.xml"),
        "too_many_cells",
    ),
    "opposite corners in a sheet that calls itself a picture": (
        lambda: moved(package(sheet_xml("<row><c r='A1'/><c r='XFD1048576'/></row>")), "media/image1.png"),
        "broken",
    ),
    "one long text in 100,000 cells": (
        lambda: package(
            sheet_xml("".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 100_001))),
            shared=f"<sst><si><t>{'工' * 30_000}</t></si></sst>",
        ),
        "too_much_text",
    ),
    "the same in an unusual notation": (
        lambda: package(
            sheet_xml("<row>" + "</row><row>".join(["<c t='s'><v> 1 </v></c>"] * 100_000) + "</row>"),
            shared=f"<sst><!-- --><si/><si><t>{'工' * 30_000}</t></si></sst>",
        ),
        "too_much_text",
    ),
    "a second index behind the first": (
        lambda: package(
            sheet_xml("".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v><v>1</v></c></row>' for n in range(1, 100_001))),
            shared=f"<sst><si><t>x</t></si><si><t>{'工' * 30_000}</t></si></sst>",
        ),
        "too_much_text",
    ),
    "eight million shared texts": (
        lambda: package(sheet_xml(LIST), shared="<sst>" + "<si/>" * 8_000_000 + "</sst>"),
        "too_many_cells",
    ),
    "styles of 40 MB": (
        lambda: package(
            sheet_xml(LIST), extra={"xl/styles.xml": random.Random(5).randbytes(20_000_000).hex().encode()}
        ),
        "unpacks_too_large",
    ),
    "entities that multiply": (
        lambda: package('<!DOCTYPE w [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;">]>' + sheet_xml(row(1, "&b;"))),
        "forbidden_xml",
    ),
    "an old workbook with cells in opposite corners": (
        lambda: legacy_workbook([(0, 0, "姓名"), (65535, 255, "x")]),
        "too_many_cells",
    ),
}

MEASURE = """
import sys, time, json
from procurement.programmes.roster import RosterError, read_roster
from marketplace.spreadsheets.workbook import WorkbookError
start = time.process_time()
try:
    read_roster(sys.argv[1])
    code = "read"
except (RosterError, WorkbookError) as error:
    code = error.code
seconds = time.process_time() - start
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps([code, seconds, peak / 1024]))
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_a_second_of_work_and_300_mb(name: str, tmp_path: Path) -> None:
    build, expected = BOMBS[name]
    path = tmp_path / ("bomb.xls" if "old" in name else "bomb.xlsx")
    path.write_bytes(build())
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, check=True, env=environment)
    code, seconds, megabytes = json.loads(child.stdout)
    assert code == expected
    assert seconds <= 1
    assert megabytes <= 300


@pytest.mark.parametrize("path", sorted(MESSY.parent.glob("*.xlsx")), ids=lambda path: path.stem)
def test_the_quick_and_the_exact_measure_agree_on_ordinary_workbooks(path: Path) -> None:
    with zipfile.ZipFile(path) as source:
        shared = [entry for entry in source.infolist() if entry.filename == "xl/sharedStrings.xml"]
        lengths = xlsx_guard._shared_lengths(source, shared[0]) if shared else []
        for entry in [entry for entry in source.infolist() if entry.filename.startswith("xl/worksheets/")]:
            quick = xlsx_guard._measure_plainly(source, entry, lengths, 10**9)
            assert quick == xlsx_guard._measure_exactly(source, entry, lengths, 10**9)


def test_the_quick_measure_is_not_lost_where_a_large_sheet_is_cut_into_pieces() -> None:
    cells = '<row r="{0}"><c r="A{0}" t="s"><v>0</v></c><c r="B{0}"><v>1</v></c></row>'
    rows = "".join(cells.format(number) for number in range(1, 60_001))
    data = package(sheet_xml(rows), shared="<sst><si><t>x</t></si></sst>")
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        area = xlsx_guard._measure_plainly(source, source.getinfo(SHEET), [1], 10**9)
    assert area is not None
    assert (area.rows, area.columns, area.cells) == (60_000, 2, 120_000)


def test_a_sheet_that_lies_elsewhere_is_read_when_it_is_small() -> None:
    assert read_roster(moved(package(sheet_xml(LIST)), "lists/one.xml")).people == 1


def test_a_declared_dimension_alone_does_no_harm() -> None:
    data = package(sheet_xml(LIST, before='<dimension ref="A1:XFD1048576"/>'))
    assert [found.name for found in read_roster(data).accepted] == ["王小明"]


def test_many_sheets_of_one_part_are_counted_each_time() -> None:
    cells = "".join(f'<row r="{n}"><c r="A{n}"/><c r="T{n}"><v>1</v></c></row>' for n in range(1, 40_001))
    assert refusal(package(sheet_xml(cells), sheets=3)).code == "too_many_cells"


@pytest.mark.parametrize(
    ("data", "filename", "code"),
    [
        (b"", "list.xlsx", "empty"),
        (b" \r\n\r\n", "list.csv", "empty"),
        ("姓名,手机号\n王小明,13900000001\n".encode(), "list.xlsx", "wrong_type"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "list.xls", "wrong_type"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "list.csv", "wrong_type"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "list.xlsx", "wrong_type"),
        (b"%PDF-1.7 and so on", "list.xlsx", "wrong_type"),
        (archive([("word/document.xml", "<w/>")]), "list.xlsx", "wrong_type"),
        (archive([("content.xml", "<o/>"), ("mimetype", "x")]), "list.ods", "wrong_type"),
        (archive([("xl/workbook.bin", b"x")]), "list.xlsb", "wrong_type"),
        (archive([("readme.txt", "hello")]), "list.xlsx", "wrong_type"),
        (package(sheet_xml(LIST), extra={"xl/vbaProject.bin": b"x"}), "list.xlsm", "macros"),
        (compound_file({"EncryptedPackage": b"x"}), "list.xlsx", "encrypted"),
        (compound_file({"WordDocument": b"x"}), "list.xls", "wrong_type"),
        (compound_file({"Workbook": b"x" * 5000}), "list.xls", "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 3000, "list.xls", "broken"),
        (b"PK\x03\x04" + b"x" * 500, "list.xlsx", "broken"),
        (MESSY.read_bytes()[:20_000], "list.xlsx", "broken"),
        (package(sheet_xml(LIST).encode("utf-16")), "list.xlsx", "broken"),
        (package("<worksheet><sheetData><row><c>"), "list.xlsx", "broken"),
        (package(sheet_xml(LIST), extra={SHEET: sheet_xml(LIST).encode()}), "list.xlsx", "broken"),
        (
            package(sheet_xml(LIST), extra={f"xl/media/{n}.png": b"" for n in range(2000)}),
            "a",
            "too_many_entries",
        ),
        ("姓名,手机号\n王小明,13900000001\n".encode("utf-16"), "list.csv", "text_encoding"),
        (bytes(range(256)) * 10, "list.csv", "text_encoding"),
        (b"a," * 1_600_000, "list.csv", "too_many_cells"),
        (b'"' + b"a" * 200_000 + b'"', "list.csv", "too_much_text"),
        (b"PK\x03\x04" + bytes(MAX_FILE_BYTES), "list.xlsx", "file_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_workbook_is_refused_by_its_content(data: bytes, filename: str, code: str) -> None:
    assert refusal(data, filename).code == code


def test_an_entry_with_a_password_is_refused() -> None:
    data = bytearray(package(sheet_xml(LIST)))
    data[data.find(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(data)).code == "encrypted"


def test_a_file_on_disk_is_refused_by_its_size_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(WorkbookError) as caught:
        open_workbook(path)
    assert (caught.value.code, caught.value.data) == ("file_too_large", {"size": 33, "limit": 32})


def test_cells_of_64_kb_are_faults_of_their_rows() -> None:
    long = "长" * 65_536
    data = package(
        sheet_xml(
            row(1, "姓名", "手机号", "地址", "备注")
            + row(2, long, "13900000001", "西安市1号", "")
            + row(3, "王小明", long, long, long)
            + row(4, "李小红", "13900000002", "西安市2号", "")
        )
    )
    reading = read_roster(data)
    assert reading.people == 3
    assert [found.row for found in reading.accepted] == [4]
    assert [(fault.row, fault.code, fault.data["reason"]) for fault in reading.faults] == [
        (2, "name", "name_implausible"),
        (3, "phone", "phone_number_form"),
        (3, "address", "too_long"),
        (3, "note", "too_long"),
    ]
    assert max(len(fault.value_shown) for fault in reading.faults) == 40
    copy = read_roster(annotated_copy(data, reading))
    assert [(fault.row, fault.code) for fault in copy.faults] == [(fault.row, fault.code) for fault in reading.faults]


def test_formulas_count_by_their_values_and_texts_that_look_like_formulas_stay_texts() -> None:
    dangerous = "=cmd|'/c calc'!A1"
    formula = '<c r="A2" t="str"><f>CONCATENATE("王","小明")</f><v>王小明</v></c>'
    rows = row(1, "姓名", "手机号", "地址", "备注")
    rows += f'<row r="2">{formula}{cell("B2", "1390000")}{cell("C2", "西安市1号")}{cell("D2", dangerous)}</row>'
    data = package(sheet_xml(rows))
    reading = read_roster(data)
    assert [(fault.row, fault.code) for fault in reading.faults] == [(2, "phone")]
    with zipfile.ZipFile(io.BytesIO(annotated_copy(data, reading))) as copy:
        sheets = [copy.read(name).decode() for name in copy.namelist() if name.startswith("xl/worksheets/")]
        styles = copy.read("xl/styles.xml").decode()
    assert len(sheets) == 2
    assert "<f" not in "".join(sheets)
    assert f"<t>{dangerous}</t>" in sheets[1]
    assert 'quotePrefix="1"' in styles


def test_an_old_workbook_is_read_like_a_new_one() -> None:
    table = [["姓名", "手机号", "收货地址"], ["王小明", 13900000001.0, "西安市碑林区1号"]]
    cells = [(r, c, value) for r, values in enumerate(table) for c, value in enumerate(values)]
    reading = read_roster(legacy_workbook(cells), filename="list.xls")
    assert [(p.name, p.phone, p.address, p.sheet, p.row) for p in reading.accepted] == [
        ("王小明", "13900000001", "西安市碑林区1号", "名单", 2)
    ]


def test_damaged_bytes_never_raise_anything_else() -> None:
    """2 × 150 files with a few bytes changed at random; the seed is fixed."""
    rng = random.Random(20260901)
    small = workbook({"名单": rows_of(*(person(number) for number in range(1, 30)))})
    stored = archive(
        [
            (name, zipfile.ZipFile(io.BytesIO(small)).read(name))
            for name in zipfile.ZipFile(io.BytesIO(small)).namelist()
        ],
        compression=zipfile.ZIP_STORED,
    )
    outcomes = set()
    for original in (small, stored):
        for _ in range(150):
            data = bytearray(original)
            for _ in range(rng.randint(1, 4)):
                data[rng.randrange(4, len(data))] = rng.randrange(256)
            try:
                read_roster(bytes(data))
                outcomes.add("read")
            except (WorkbookError, RosterError) as error:
                outcomes.add(error.code)
    assert {"read", "broken"} <= outcomes


def test_damaged_xml_with_right_checksums_never_raises_anything_else() -> None:
    """What the archive's checksums let through: 200 sheets with a piece cut out or repeated."""
    rng = random.Random(7)
    small = workbook({"名单": rows_of(*(person(number) for number in range(1, 20)))})
    with zipfile.ZipFile(io.BytesIO(small)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    outcomes = set()
    for _ in range(200):
        name = rng.choice([SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"])
        text = parts[name]
        start = rng.randrange(len(text))
        end = min(len(text), start + rng.randint(1, 60))
        changed = text[:start] + (text[start:end] * 2 if rng.random() < 0.5 else b"") + text[end:]
        try:
            read_roster(archive(list((parts | {name: changed}).items())))
            outcomes.add("read")
        except (WorkbookError, RosterError) as error:
            outcomes.add(error.code)
    assert {"read", "broken"} <= outcomes
