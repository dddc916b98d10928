"""Rosters as unions send them: what in a row is cleaned, and what is at fault."""

import pytest

from procurement.programmes.roster import (
    Fault,
    read_roster,
    region_of,
)
from procurement.programmes.roster_cells import clean_id, clean_name, clean_phone, name_problem, phone_problem
from procurement.programmes.roster_faults import FAULT_SENTENCES
from tests.procurement.rosters import ID_1, ID_2, found, read
from tests.procurement.workbook_samples import person, rows_of, workbook


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
