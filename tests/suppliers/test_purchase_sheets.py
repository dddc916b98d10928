"""Purchases by spreadsheet: good rows are kept, all faults are told at once in a marked copy, hostile workbooks are not opened."""

from __future__ import annotations

import base64
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override
from python_calamine import CalamineWorkbook

from marketplace.evidence.models import Entry
from marketplace.organisations.errors import HouseError, NotAllowed
from marketplace.organisations.refusals import sentences_of
from marketplace.organisations.scopes import seen_by
from suppliers.provenance.models import BenefitAgreement, Collection, PurchaseImport
from suppliers.provenance.purchase_imports import import_purchases
from suppliers.provenance.purchase_sheets import MOST_ROWS, read_purchases
from suppliers.provenance.purchases import Bought, faults_of, reverse_purchase
from tests.procurement.workbook_samples import package, sheet_xml, workbook
from tests.suppliers.small_world import TODAY, Place, agreement, place

HEADINGS = ("收购单号", "农户编号", "农产品", "重量（千克）", "总价（元）", "收购日期")
DAY = TODAY - timedelta(days=3)
NOW = timezone.now()


@pytest.fixture
def where(db: None) -> Any:
    with seen_by(None), override("en"):
        here = place()
        agreement(here)
        yield here


def row(number: int = 1, **changes: Any) -> list[Any]:
    cells = {
        "note": f"SG-{number:04d}", "household": "H-P-610828-0001", "produce": "鲜枣", "weight": 12.5, "price": 75,
        "day": DAY.isoformat(),
    }  # fmt: skip
    return list((cells | changes).values())


def book(*rows: list[Any], headings: tuple[str, ...] = HEADINGS, title: str = "收购") -> bytes:
    return workbook({title: [headings, *rows]})


def sent(where: Place, content: bytes, name: str = "台账.xlsx") -> PurchaseImport:
    return import_purchases(where.grower, where.producer, name, content)


def wrong_in(done: PurchaseImport) -> list[tuple[str, str]]:
    """Cell and code of each fault."""
    return [(f"{column}{number}", kept[0]["code"]) for _sheet, number, column, kept in done.faults]


def test_every_row_is_entered_as_by_the_page(where: Place) -> None:
    done = sent(where, book(row(1), row(2, weight="1,250.125", price="7500.50", day=DAY.strftime("%Y年%m月%d日"))))
    assert (done.found, done.entered, done.known, done.faults, done.annotated) == (2, 2, 0, [], "")
    first, second = Collection.objects.order_by("pk")
    assert (first.grams, first.price, first.collected_on, first.producer) == (12_500, 7_500, DAY, where.producer)
    assert (second.grams, second.price, second.collected_on) == (1_250_125, 750_050, DAY)
    assert Entry.objects.get(subject=f"collection:{second.pk}").body == {
        "note": "SG-0002", "producer": "P-610828", "household": "H-P-610828-0001", "produce": "鲜枣", "grams": 1_250_125,
        "price": 750_050, "on": DAY.isoformat(), "replaces": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "grams"), [("重量（斤）", 6_250), ("重量 市斤", 6_250), ("重量公斤", 12_500), ("Weight, kg", 12_500)]
)
def test_a_weight_is_what_its_heading_says(heading: str, grams: int) -> None:
    content = book(row(), headings=(*HEADINGS[:3], heading, *HEADINGS[4:]))
    assert [one.grams for one in read_purchases(content, "a.xlsx").rows] == [grams]


def test_good_rows_are_kept_and_every_fault_is_told_at_once_in_a_marked_copy(where: Place) -> None:
    there = place("610827")
    theirs = agreement(there).household.code
    sent(where, book(row(1)))
    content = book(
        row(1, price=80),
        row(2),
        row(2, produce="核桃"),
        row(3, household=theirs),
        row(4, household="H-NOBODY"),
        row(5, day=(TODAY + timedelta(days=1)).isoformat()),
        row(6, note="", weight=-1, price="很贵", day="2026-02-30"),
        row(7, produce="枣" * 41, weight=0.0001),
        row(8),
        ["合计", "", "", 112.5, 600, ""],
    )
    done = sent(where, content)
    assert wrong_in(done) == [
        ("A2", "note_used"), ("A4", "note_twice"), ("B5", "household_unknown"), ("B6", "household_unknown"),
        ("F7", "not_on_that_day"), ("A8", "cell_empty"), ("D8", "cell_no_amount"), ("E8", "cell_no_amount"),
        ("F8", "cell_no_day"), ("C9", "cell_too_long"), ("D9", "cell_no_amount"),
    ]  # fmt: skip
    assert (done.found, done.entered, done.known) == (9, 2, 0)
    assert list(Collection.objects.filter(producer=where.producer).order_by("note").values_list("note", flat=True)) == [
        "SG-0001",
        "SG-0002",
        "SG-0008",
    ]
    copy = CalamineWorkbook.from_filelike(BytesIO(plain(done)))
    assert copy.sheet_names == ["修改说明 Summary", "收购"]
    rows = copy.get_sheet_by_name("收购").to_python()
    assert rows[0][-1] == "需要修改 / What to mend"
    assert "[A] 收购单 SG-0002 与第 3 行重复" in rows[3][-1]
    assert "stands in row 3 already" in rows[3][-1]
    assert (rows[2][-1], rows[8][0]) == ("", "SG-0007")
    with override("zh-hans"):
        told = [" ".join(sentences_of(kept)) for *_place, kept in done.faults]
    assert told[4].startswith("收购单 SG-0005 的日期不能是")


def plain(done: PurchaseImport) -> bytes:
    return base64.b64decode(PurchaseImport.objects.get(pk=done.pk).annotated)


def test_a_mended_copy_is_sent_again_and_nothing_is_entered_twice(where: Place) -> None:
    first = sent(where, book(row(1), row(2, price=0)))
    assert (first.entered, wrong_in(first)) == (1, [("E3", "cell_no_amount")])
    sheets = CalamineWorkbook.from_filelike(BytesIO(plain(first)))
    rows = sheets.get_sheet_by_name("收购").to_python()
    rows[2][4] = 75
    second = sent(where, workbook({"修改说明 Summary": [["x"]], "收购": rows}))
    assert (second.found, second.entered, second.known, second.faults) == (2, 1, 1, [])
    assert Collection.objects.count() == 2


def test_a_reversed_number_is_entered_again_in_its_place(where: Place) -> None:
    sent(where, book(row(1, weight=125)))
    wrong = Collection.objects.get()
    reverse_purchase(where.grower, wrong, "录错重量")
    assert sent(where, book(row(1))).entered == 1
    assert Collection.objects.latest("pk").replaces == wrong


def test_a_household_may_confirm_later_but_who_disowned_its_agreement_is_not_bought_from(where: Place) -> None:
    waiting = agreement(where, confirmed=False)
    content = book(row(1, household=waiting.household.code.lower()))
    assert sent(where, content).entered == 1
    disowned = BenefitAgreement(
        pk=waiting.pk, household=waiting.household, signed_on=waiting.signed_on, disowned_at=NOW
    )
    assert [one.code for one in faults_of(Bought(disowned, "鲜枣", 1, 1, DAY, "SG-9"), None)] == ["disowned"]


def test_what_is_no_ledger_is_not_opened_and_nothing_is_kept(where: Place) -> None:
    bomb = package(sheet_xml("<row r='1'><c r='A1'/></row>", before="<!-- -->" + " " * 40_000_000))
    for content, name, code in (
        (b"", "a.xlsx", "bad_sheet"),
        (b"%PDF-1.7", "a.xlsx", "bad_sheet"),
        (bomb, "a.xlsx", "bad_sheet"),
        (workbook({"A": [["姓名", "手机号"], ["王小明", "13900000001"]]}), "a.xlsx", "no_purchases"),
        (book(), "a.xlsx", "no_purchases"),
    ):
        with pytest.raises(HouseError) as caught:
            sent(where, content, name)
        assert caught.value.code == code
    lines = "\n".join(",".join(map(str, row(number))) for number in range(MOST_ROWS + 1))
    with pytest.raises(HouseError) as caught:
        sent(where, f"{','.join(HEADINGS)}\n{lines}".encode(), "a.csv")
    assert caught.value.code == "too_many_purchases"
    with pytest.raises(NotAllowed):
        import_purchases(place("610827").grower, where.producer, "a.xlsx", book(row()))
    assert not Collection.objects.exists()
    assert not PurchaseImport.objects.exists()


def test_statements_do_not_grow_with_the_rows(where: Place) -> None:
    counts = []
    for first, last in ((1, 3), (10, 40)):
        with CaptureQueriesContext(connection) as captured:
            sent(where, book(*(row(number) for number in range(first, last)), row(0, household="H-NOBODY")))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_what_looks_like_a_formula_stays_text(where: Place) -> None:
    done = sent(where, book(row(1, produce="=1+1", household="@SUM(A1)")))
    assert wrong_in(done) == [("B2", "household_unknown")]
    copy = CalamineWorkbook.from_filelike(BytesIO(plain(done))).get_sheet_by_name("收购").to_python()
    assert copy[1][1:3] == ["@SUM(A1)", "=1+1"]
