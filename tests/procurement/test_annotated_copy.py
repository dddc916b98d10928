"""What goes back to the union: the same workbook, with a column that says what to mend."""

import io

import openpyxl
import pytest

from marketplace.spreadsheets.cells import column_index, column_letter
from procurement.programmes.annotate import MEND_HEADING, SUMMARY_NAME, annotated_copy
from procurement.programmes.roster import (
    read_roster,
)
from tests.procurement.rosters import ROSTERS, found
from tests.procurement.workbook_samples import HEADINGS, person, rows_of, workbook


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


@pytest.mark.parametrize(("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_column_letters(index: int, letters: str) -> None:
    assert (column_letter(index), column_index(letters)) == (letters, index)
