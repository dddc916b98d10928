"""Rosters as unions send them: what is read, what is at fault, what goes back."""

import datetime
import io
import json
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from procurement.programmes.annotate import MEND_HEADING, SUMMARY_NAME, annotated_copy
from procurement.programmes.roster import (
    Fault,
    Person,
    RosterError,
    RosterReading,
    SheetRead,
    SkippedSheet,
    read_roster,
    region_of,
)
from procurement.programmes.roster_cells import clean_id, clean_name, clean_phone, name_problem, phone_problem
from procurement.programmes.roster_columns import column_index, column_letter, find_header
from procurement.programmes.roster_faults import FAULT_SENTENCES
from suppliers.licences import make_identity
from tests.procurement.workbook_samples import HEADINGS, person, rows_of, workbook

ROSTERS = Path(__file__).parents[2] / "marketplace/demo/data/rosters"
BIRTH = datetime.date(1980, 2, 29)
ID_1 = make_identity(1, BIRTH)
ID_2 = make_identity(2, BIRTH)


def read(*people: Sequence[object], **options: bool) -> RosterReading:
    return read_roster(workbook({"名单": rows_of(*people)}), **options)


def found(reading: RosterReading) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.code, str(fault.data["reason"])) for fault in reading.faults]


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


# --- faults ---


def test_all_faults_of_a_row_are_reported_at_once() -> None:
    bad_check = ID_1[:-1] + ("1" if ID_1[-1] != "1" else "2")
    reading = read(
        person(1),
        person(2, member_no="m00001", name="", phone="029-85551234", id_number=bad_check, address=""),
    )
    assert found(reading) == [
        (3, "name", "name_missing"),
        (3, "phone", "phone_landline"),
        (3, "id_number", "id_check"),
        (3, "address", "address_missing"),
        (3, "duplicate_member", "duplicate_member"),
    ]
    assert reading.faults[1] == Fault(
        "名单", 3, "phone", "C", "029******34", {"reason": "phone_landline", "heading": "手机号"}
    )
    assert reading.faults[4].data["first"] == "2"
    assert (reading.people, len(reading.accepted)) == (2, 1)


@pytest.mark.parametrize(
    ("cell", "clean", "problem"),
    [
        ("13900000001", "13900000001", ""),
        (13900000001.0, "13900000001", ""),
        (13900000001, "13900000001", ""),
        ("１３９００００００01", "13900000001", ""),
        ("+86 139-0000-0001", "13900000001", ""),
        ("008613900000001", "13900000001", ""),
        ("8613900000001", "13900000001", ""),
        ("(139) 0000.0001", "13900000001", ""),
        ("'13900000001", "13900000001", ""),
        ('="13900000001"', "13900000001", ""),
        ("13900000001.0", "13900000001", ""),
        ("\u202a13900000001\u202c", "13900000001", ""),
        ("", "", "phone_missing"),
        ("无", "无", "phone_number_form"),
        ("12900000001", "12900000001", "phone_number_form"),
        ("1390000001", "1390000001", "phone_number_form"),
        ("139000000011", "139000000011", "phone_number_form"),
        ("1.39E+10", "139E10", "phone_number_form"),
        ("13900000001/13900000002", "13900000001/13900000002", "phone_several"),
        ("029-85551234", "02985551234", "phone_landline"),
        ("85551234", "85551234", "phone_landline"),
        (True, "", "phone_missing"),
    ],
)
def test_phones(cell: str | float, clean: str, problem: str) -> None:
    value = clean_phone(cell)
    assert (value.replace("+", ""), phone_problem(value)) == (clean, problem)


@pytest.mark.parametrize(
    ("cell", "clean", "problem"),
    [
        ("王小明", "王小明", ""),
        ("王 小 明", "王小明", ""),
        ("\u3000王小明 ", "王小明", ""),
        ("迪丽努尔•艾尔肯", "迪丽努尔·艾尔肯", ""),
        ("买买提.阿布都", "买买提·阿布都", ""),
        ("𠮷野䶮", "𠮷野䶮", ""),
        ("John  Smith-O'Neil", "John Smith-O'Neil", ""),
        ("", "", "name_missing"),
        ("王", "王", "name_implausible"),
        ("王小明1", "王小明1", "name_implausible"),
        ("王?", "王?", "name_implausible"),
        ("同上", "同上", "name_implausible"),
        (123.0, "123", "name_implausible"),
        ("=1+1", "=1+1", "name_implausible"),
        ("王小明A", "王小明A", "name_implausible"),
        ("王小明(已退休)", "王小明(已退休)", "name_implausible"),
    ],
)
def test_names(cell: str | float, clean: str, problem: str) -> None:
    value = clean_name(cell)
    assert (value, name_problem(value)) == (clean, problem)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (ID_1, None),
        ("", None),
        ("61990219830309667x", None),
        ("６１９９０２１９８３０３０９６６７Ｘ", None),
        ("619902 19830309 667X", None),
        ("619902830309667", "id_shape"),
        ("无", "id_shape"),
        (619902198303096670.0, "id_stored_as_number"),
        ("6.19902E+17", "id_stored_as_number"),
        ("619902198303096671", "id_check"),
        ("619902198302309660", "id_check"),
    ],
)
def test_identity_numbers_are_optional_and_checked_where_given(cell: str | float, reason: str | None) -> None:
    reading = read(person(1, id_number=cell))
    assert [fault.data["reason"] for fault in reading.faults] == ([] if reason is None else [reason])
    if reason is None:
        assert reading.accepted[0].id_number == clean_id(cell)


def test_a_wrong_birth_date_with_a_right_check_digit_is_a_fault() -> None:
    body = "61990219800230001"
    for last in "0123456789X":
        reasons = [fault.data["reason"] for fault in read(person(1, id_number=body + last)).faults]
        assert reasons in (["id_check"], ["id_date"])
    assert (
        sum(read(person(1, id_number=body + last)).faults[0].data["reason"] == "id_date" for last in "0123456789X") == 1
    )


def test_repeated_member_and_identity_numbers_are_faults_of_the_later_rows_over_all_sheets() -> None:
    data = workbook(
        {
            "一": rows_of(person(1, id_number=ID_1), person(2, member_no="M00001"), person(3, id_number=ID_1.lower())),
            "二": rows_of(person(4, member_no="Ｍ00001"), person(5, id_number=ID_2)),
        }
    )
    reading = read_roster(data)
    assert [(f.sheet, f.row, f.code, f.data["first"]) for f in reading.faults] == [
        ("一", 3, "duplicate_member", "2"),
        ("一", 4, "duplicate_id", "2"),
        ("二", 2, "duplicate_member", "2 (一)"),
    ]


def test_families_share_a_phone_and_the_same_person_twice_is_a_fault() -> None:
    shared = {"phone": "13900000001", "member_no": ""}
    reading = read(person(1, **shared), person(2, name="王小红", **shared), person(3, **shared))
    assert found(reading) == [(4, "duplicate_person", "duplicate_person")]
    assert [p.name for p in reading.accepted] == ["王小明", "王小红"]
    with_numbers = read(person(1, phone="13900000001"), person(2, phone="13900000001"))
    assert with_numbers.faults == ()


def test_an_address_may_be_empty_where_gifts_go_to_the_workplace() -> None:
    assert found(read(person(1, address=" "))) == [(2, "address", "address_missing")]
    assert read(person(1, address=" "), need_address=False).faults == ()


def test_numbers_and_dates_in_other_columns_become_texts() -> None:
    reading = read(person(1, member_no=10023.0, department=3, note=1.5))
    assert [(p.member_no, p.department, p.note) for p in reading.accepted] == [("10023", "3", "1.5")]


def test_every_fault_has_a_sentence_in_both_languages_and_shows_no_whole_number() -> None:
    reading = read(person(1), person(2, phone="1390000000", id_number=ID_1[:-2] + "00", member_no="M00001"))
    assert len(reading.faults) == 3
    for fault in reading.faults:
        assert fault.data["reason"] in FAULT_SENTENCES
        assert "%(" not in fault.sentence() + fault.sentence("en")
        assert fault.value_shown.count("*") >= 4
    assert reading.faults[2].sentence() == "会员号与第2行重复，请更正或删除本行。"
    assert reading.faults[2].sentence("en") == (
        "The member number already stands in row 2; correct it or delete this row."
    )


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


# --- the annotated copy ---


def test_the_copy_has_the_same_cells_and_a_column_that_says_what_to_mend() -> None:
    path = ROSTERS / "roster_messy_300.xlsx"
    reading = read_roster(path)
    copy = openpyxl.load_workbook(io.BytesIO(annotated_copy(path, reading)))
    original = openpyxl.load_workbook(path)
    assert copy.sheetnames == [SUMMARY_NAME, "填表说明", "Sheet2"]
    for before, after in zip(original["Sheet2"].iter_rows(), copy["Sheet2"].iter_rows(max_col=7), strict=True):
        assert [cell.value or None for cell in before] == [cell.value for cell in after]
    assert all(cell.data_type != "f" for row in copy["Sheet2"].iter_rows() for cell in row)
    assert copy["Sheet2"]["H3"].value == MEND_HEADING
    assert {cell.row for cell in copy["Sheet2"]["H"] if cell.value} == {3} | {f.row for f in reading.faults}
    assert copy["Sheet2"]["H28"].value == "[B] 缺少姓名，请填写。 The name is missing; fill it in."
    coloured = [
        (cell.row, cell.column_letter)
        for row in copy["Sheet2"].iter_rows(max_col=7)
        for cell in row
        if cell.fill.fgColor.rgb == "FFFFC7CE"
    ]
    assert coloured == [(fault.row, fault.column) for fault in reading.faults]
    summary = [[cell.value for cell in row] for row in copy[SUMMARY_NAME].iter_rows(max_row=6)]
    assert summary[:3] == [
        ["名单人数 / People listed", 300, None, None],
        ["可用 / Accepted", 283, None, None],
        ["需修改的行 / Rows to mend", 17, None, None],
    ]
    assert summary[5][:3] == ["Sheet2", 27, "D"]


def test_a_mended_copy_is_read_like_the_original_and_annotated_in_the_same_column() -> None:
    data = workbook({"名单": rows_of(person(1, phone="139"), person(2))})
    copy = annotated_copy(data, read_roster(data))
    book = openpyxl.load_workbook(io.BytesIO(copy))
    book["名单"]["C2"] = "13900000009"
    book["名单"]["B3"] = None
    buffer = io.BytesIO()
    book.save(buffer)
    reading = read_roster(buffer.getvalue())
    assert found(reading) == [(3, "name", "name_missing")]
    again = openpyxl.load_workbook(io.BytesIO(annotated_copy(buffer.getvalue(), reading)))
    assert again.sheetnames == [SUMMARY_NAME, "名单"]
    assert [cell.value for cell in again["名单"][1]] == [*HEADINGS, MEND_HEADING]
    assert [cell.value for cell in again["名单"]["H"]] == [
        MEND_HEADING,
        None,
        "[B] 缺少姓名，请填写。 The name is missing; fill it in.",
    ]


# --- small parts ---


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("陕西省西安市碑林区友谊西路1号", "6101"),
        ("西安市雁塔区", "6101"),
        ("西安雁塔区小寨", "6101"),
        ("陕西榆林榆阳区", "6108"),
        ("中国陕西省 商洛市", "6110"),
        ("陕西省韩城市新城", "6105"),
        ("杨凌示范区", "6104"),
        ("延安路12号", ""),
        ("延安中路100号", ""),
        ("上海市延安路12号", ""),
        ("陕西省某县", ""),
        ("", ""),
    ],
)
def test_regions(address: str, region: str) -> None:
    assert region_of(address) == region


@pytest.mark.parametrize(("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_column_letters(index: int, letters: str) -> None:
    assert (column_letter(index), column_index(letters)) == (letters, index)
