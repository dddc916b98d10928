"""Rosters as unions send them: where the list is found, and which rows of it are people."""

import io
import json
from collections.abc import Sequence

import pytest
import xlsxwriter

from procurement.programmes.annotate import annotated_copy
from procurement.programmes.roster import (
    Person,
    RosterError,
    SheetRead,
    SkippedSheet,
    read_roster,
    region_of,
)
from procurement.programmes.roster_columns import find_header
from tests.procurement.rosters import ROSTERS, found, read
from tests.procurement.workbook_samples import HEADINGS, person, rows_of, workbook

# --- the two samples ---


def test_the_messy_roster_shows_exactly_the_planted_faults() -> None:
    expected = json.loads((ROSTERS / "roster_messy_300.xlsx.expected.json").read_text())
    reading = read_roster(ROSTERS / "roster_messy_300.xlsx")
    assert reading.people == expected["people"] == 300
    assert [[fault.row, fault.code] for fault in reading.faults] == expected["faulty_rows"]
    assert len(reading.accepted) == 283
    assert reading.sheets == (SheetRead("Sheet2", 3, 300),)
    assert reading.skipped == (SkippedSheet("填表说明", "no_header"),)


def test_the_messy_roster_is_cleaned() -> None:
    rows = {p.row: p for p in read_roster(ROSTERS / "roster_messy_300.xlsx").accepted}
    assert rows[4].phone == "19920190861"  # full-width digits
    assert (rows[33].name, rows[33].phone) == ("顾杰生", "13376851877")  # spaces inside, dashes
    assert rows[41].name == "阿依古丽·买买提"
    assert rows[83].name == "宋涛磊"  # an ideographic space in front, a plain one behind
    assert rows[95].phone == "13345620008"  # a number
    assert rows[76].note == '=HYPERLINK("http://127.0.0.1/","x")'


def test_the_clean_roster_has_no_fault() -> None:
    reading = read_roster(ROSTERS / "roster_clean_1000.xlsx")
    assert (reading.people, len(reading.accepted), reading.faults) == (1000, 1000, ())
    assert reading.accepted[0] == Person(
        member_no="M01000000",
        name="孔超",
        phone="13566496171",
        id_number="61990219830309667X",
        address="陕西省商洛市商州区北新街108号4号楼2单元204室",
        department="后勤服务中心",
        note="",
        sheet="领取人名单",
        row=2,
    )
    assert dict(reading.departments) == {
        "后勤服务中心": 143,
        "机关": 170,
        "质检科": 165,
        "二车间": 185,
        "一车间": 161,
        "销售部": 176,
    }
    assert {region_of(p.address) for p in reading.accepted} == {f"61{n:02d}" for n in range(1, 11)}


# --- headers and sheets ---


@pytest.mark.parametrize(
    "headings",
    [
        ("姓 名", "手机", "详细地址"),
        ("领取人:", "联系电话*", "收货地址(必填)"),
        ("職工姓名", "姓名", "电话", "家庭住址"),
        ("Full Name", "Mobile Number", "Delivery Address"),
        ("NAME", "phone", "address"),
        ("\ufeff姓\u200b名", "手 机 号 码", "【必填】地址"),
    ],
)
def test_a_header_is_found_by_synonyms(headings: Sequence[str]) -> None:
    cells = {"姓": "王小明", "手": "13900000001", "地": "西安市1号"}
    header = find_header(headings, 1)
    assert header is not None
    assert {"name", "phone", "address"} <= header.columns.keys()
    row = [""] * len(headings)
    for field, value in zip(("name", "phone", "address"), cells.values(), strict=True):
        row[header.columns[field]] = value
    reading = read_roster(workbook({"名单": [headings, row]}))
    assert [(p.name, p.phone, p.address) for p in reading.accepted] == [tuple(cells.values())]


def test_of_two_fitting_columns_the_better_word_wins() -> None:
    header = find_header(["联系电话", "手机号", "姓名", "工号", "会员号"], 4)
    assert header is not None
    assert header.columns == {"member_no": 4, "name": 2, "phone": 1}
    assert header.headings == {"member_no": "会员号", "name": "姓名", "phone": "手机号"}


def test_the_header_may_be_30_filled_rows_down_and_not_31() -> None:
    table = [*rows_of(person())]
    assert read_roster(workbook({"名单": [["标题"]] * 29 + [[""]] * 5 + table})).accepted[0].row == 36
    with pytest.raises(RosterError):
        read_roster(workbook({"名单": [["标题"]] * 30 + table}))


def test_all_sheets_with_a_list_are_read_and_the_others_named() -> None:
    data = workbook(
        {
            "说明": [["请勿修改表头"]],
            "机关": rows_of(person(1), person(2)),
            "空": [],
            "车间": [["2026年中秋"], ["手机号", "姓名", "地址"], ["13900000003", "李红", "宝鸡市1号"]],
            "旧名单": rows_of(person(9)),
            "签到": [["姓名", "部门"], ["王小明", "机关"]],
        },
        hidden=["旧名单"],
    )
    reading = read_roster(data)
    assert [(p.sheet, p.row, p.name) for p in reading.accepted] == [
        ("机关", 2, "王小明"),
        ("机关", 3, "王小明"),
        ("车间", 3, "李红"),
    ]
    assert reading.sheets == (SheetRead("机关", 1, 2), SheetRead("车间", 2, 1))
    assert reading.skipped == (
        SkippedSheet("说明", "no_header"),
        SkippedSheet("空", "empty"),
        SkippedSheet("旧名单", "hidden"),
        SkippedSheet("签到", "missing_column"),
    )


def test_a_list_that_begins_in_the_middle_of_the_sheet_keeps_its_rows_and_columns() -> None:
    indented = [["", "", *row] for row in rows_of(person(1, phone="1"))]
    reading = read_roster(workbook({"名单": [[], [], *indented]}))
    assert [(fault.row, fault.column, fault.code) for fault in reading.faults] == [(4, "E", "phone")]


def test_no_header_names_what_was_looked_for_and_what_was_found() -> None:
    with pytest.raises(RosterError) as caught:
        read_roster(workbook({"a": [["品名", "数量"], ["大米", 3]], "b": []}))
    assert caught.value.code == "no_header"
    assert caught.value.data == {"looked_for": "姓名、手机号码、收货地址", "found": "品名、数量、大米、3"}


def test_an_empty_workbook_has_no_header() -> None:
    with pytest.raises(RosterError) as caught:
        read_roster(workbook({"a": []}))
    assert (caught.value.code, caught.value.data["found"]) == ("no_header", "—")


def test_headings_without_people_are_an_error() -> None:
    with pytest.raises(RosterError) as caught:
        read()
    assert caught.value.code == "no_people"


def test_a_missing_column_is_one_error_and_no_fault_per_row() -> None:
    table = [["姓名", "手机号"], ["王小明", "13900000001"]]
    with pytest.raises(RosterError) as caught:
        read_roster(workbook({"名单": table}))
    assert caught.value.code == "missing_column"
    assert caught.value.data == {
        "sheet": "名单",
        "row": 1,
        "missing": "收货地址",
        "found": "姓名、手机号",
    }
    assert read_roster(workbook({"名单": table}), need_address=False).accepted[0].address == ""


# --- rows that are nobody ---


def test_totals_blank_rows_signatures_and_repeated_headings_are_skipped() -> None:
    reading = read(
        person(1),
        ["", "", "", "", "", "", ""],
        ["", "\u3000", " ", "", "", "", ""],
        ["小计", "", "", "", "", 1, ""],
        HEADINGS,
        person(2),
        ["", "合 计:2人", "", "", "", "", ""],
        ["总计", "", 2, "", "", "", ""],
        ["填表人:张三", "", "", "审核人:李四", "", "", ""],
        ["负责人(签字)", "", "", "", "", "2026年9月1日", ""],
        ["第二车间"],
    )
    assert [p.row for p in reading.accepted] == [2, 7]
    assert (reading.people, reading.faults) == (2, ())


def test_a_second_heading_may_order_the_columns_anew() -> None:
    reading = read(person(1), ["姓名", "地址", "手机号"], ["李红", "宝鸡市1号", "13900000002"])
    assert [(p.row, p.name, p.phone) for p in reading.accepted] == [
        (2, "王小明", "13900000001"),
        (4, "李红", "13900000002"),
    ]


def test_a_row_with_only_a_name_or_only_a_phone_is_a_person_with_faults() -> None:
    reading = read(["", "王小明"], ["", "", "13900000001"])
    assert reading.people == 2
    assert found(reading) == [
        (2, "phone", "phone_missing"),
        (2, "address", "address_missing"),
        (3, "name", "name_missing"),
        (3, "address", "address_missing"),
    ]


def test_merged_departments_count_for_all_their_rows_and_merged_titles_for_nobody() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("名单")
        for row, cells in enumerate(rows_of(person(1), person(2, department=""), person(3, department=""))):
            sheet.write_row(row, 0, cells)
        sheet.merge_range(1, 5, 2, 5, "机关")
        sheet.merge_range(4, 1, 4, 6, "退休支部")
        sheet.write_row(5, 0, person(5))
    reading = read_roster(buffer.getvalue())
    assert [(p.row, p.department) for p in reading.accepted] == [
        (2, "机关"),
        (3, "机关"),
        (4, ""),
        (6, "机关"),
    ]
    assert reading.departments == (("机关", 3), ("", 1))
    again = read_roster(annotated_copy(buffer.getvalue(), reading))
    assert [(p.row, p.department) for p in again.accepted] == [(p.row, p.department) for p in reading.accepted]


# --- CSV ---


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_as_excel_writes_it(encoding: str, delimiter: str) -> None:
    lines = [
        delimiter.join(("姓名", "手机号", "地址", "会员号")),
        delimiter.join(("王小明", "13900000001", '"西安市\n1号"', "1")),
    ]
    reading = read_roster("\r\n".join(lines).encode(encoding), filename="list.csv")
    assert [(p.name, p.phone, p.address, p.sheet, p.row) for p in reading.accepted] == [
        ("王小明", "13900000001", "西安市 1号", "CSV", 2)
    ]


def test_a_short_csv_row_lacks_what_it_lacks() -> None:
    reading = read_roster("姓名,手机号,地址\n王小明,13900000001\n".encode())
    assert found(reading) == [(2, "address", "address_missing")]
