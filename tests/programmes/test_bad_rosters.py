"""Lists of members that cannot be read, and the rows of them that can: a sentence for each fault, and nothing else written."""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from procurement.programmes.actions import (
    import_roster,
    submit,
)
from procurement.programmes.models import Recipient, RosterImport
from tests.procurement.workbook_samples import person, rows_of, workbook
from tests.programmes.refusals import refused, told
from tests.world import (
    DATES,
    draft,
    planned,
    side,
)

pytestmark = pytest.mark.usefixtures("world")


class TestRosterFiles:
    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("empty.xlsx", b"", "The file is empty."),
            ("letter.docx", b"PK\x03\x04" + b"\0" * 40, "damaged|not a spreadsheet"),
            ("scan.pdf", b"%PDF-1.7 ...", "The file is not a spreadsheet"),
            ("photo.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "The file is not a spreadsheet"),
            ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "damaged|not a spreadsheet|cannot be read"),
        ],
    )
    def test_a_wrong_file(self, name, content, words) -> None:
        giver = side()
        programme = draft(giver)
        refusal = refused(lambda: import_roster(giver.buyer, programme, name, content))
        ((code, sentence),) = told(refusal)
        assert code == "bad_file"
        assert any(w in sentence for w in words.split("|")), sentence

    @pytest.mark.parametrize(
        "sheets",
        [{"名单": []}, {"名单": [["", ""], ["", ""]]}, {"名单": [["会员名单", ""], ["1", "2"], ["3", "4"]]}],
        ids=["no cell", "empty cells", "no header"],
    )
    def test_a_sheet_without_a_list(self, sheets) -> None:
        giver = side()
        programme = draft(giver)
        refusal = refused(lambda: import_roster(giver.buyer, programme, "a.xlsx", workbook(sheets)))
        ((code, sentence),) = told(refusal)
        assert code == "bad_file"
        assert len(sentence) > 20
        assert not sentence.startswith("%")

    def test_good_rows_are_kept_and_the_faulty_come_back_annotated(self) -> None:
        giver = side()
        programme = draft(giver, delivery="home")
        content = workbook({"名单": rows_of(person(1), person(2, phone="12"), person(3, address=""))})
        imported = import_roster(giver.buyer, programme, "名单.xlsx", content)
        assert (imported.people, imported.accepted) == (3, 1)
        assert [(sheet, row) for sheet, row, _code in imported.faults] == [("名单", 3), ("名单", 4)]
        assert list(Recipient.objects.filter(programme=programme).values_list("member_no", flat=True)) == ["M00001"]
        assert imported.annotated
        mended = workbook({"名单": rows_of(person(1, department="新部门"), person(2), person(3))})
        again = import_roster(giver.buyer, programme, "名单.xlsx", mended)
        assert (again.accepted, again.faults, again.annotated) == (3, [], "")
        people = Recipient.objects.filter(programme=programme).order_by("member_no")
        assert [(r.member_no, r.department) for r in people] == [
            ("M00001", "新部门"), ("M00002", "机关"), ("M00003", "机关"),
        ]  # fmt: skip

    def test_a_roster_does_not_change_once_the_plan_is_submitted(self) -> None:
        giver = side()
        programme = planned(giver, [DATES])
        submit(giver.buyer, programme)
        content = workbook({"名单": rows_of(person(1))})
        refusal = refused(lambda: import_roster(giver.buyer, programme, "a.xlsx", content))
        assert told(refusal) == [
            ("wrong_state", "“慰问” is “Waiting for approval”; to import a roster into it, it has to be “Draft”.")
        ]
        assert not RosterImport.objects.exists()


def test_an_empty_workbook_made_by_a_spreadsheet_program() -> None:
    giver = side()
    programme = draft(giver)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet("Sheet1")
    assert refused(lambda: import_roster(giver.buyer, programme, "Book1.xlsx", buffer.getvalue())).code == "bad_file"
