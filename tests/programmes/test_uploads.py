"""Large lists wait for a worker: read once, in words when they cannot be, tried again when given up."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone, translation

from marketplace.organisations.errors import HouseError
from marketplace.steps.actions import MAX_ATTEMPTS, run_all_due
from marketplace.steps.models import Step, StepState
from procurement.programmes import actions, uploads
from procurement.programmes.errors import BadFile
from procurement.programmes.models import RosterImport
from procurement.programmes.uploads import READ_AT_ONCE, retry_import, state_of_import, take_roster
from tests.procurement.workbook_samples import person, rows_of, workbook
from tests.world import DATES, draft, planned, side

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE", 0)


def a_list(people: int = 3) -> bytes:
    return workbook({"名单": rows_of(*(person(n) for n in range(1, people + 1)))})


def test_a_small_list_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "READ_AT_ONCE", READ_AT_ONCE)
    giver = side()
    assert take_roster(giver.buyer, draft(giver), "a.xlsx", a_list()).state == "done"
    assert not Step.objects.filter(kind="roster.read").exists()


def test_a_large_one_waits_encrypted_and_the_same_file_is_the_same_import() -> None:
    giver = side()
    programme, content = draft(giver), a_list()
    first = take_roster(giver.buyer, programme, "a.xlsx", content)
    assert take_roster(giver.buyer, programme, "b.xlsx", content) == first
    assert (first.state, state_of_import(first), programme.recipients.count()) == ("due", "due", 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM programmes_rosterimport WHERE id = %s", [first.pk])
        assert content[:30] not in bytes(cursor.fetchone()[0])
    run_all_due()
    first.refresh_from_db()
    assert (first.state, first.people, first.accepted, first.content) == ("done", 3, 3, "")
    assert programme.recipients.count() == 3
    assert take_roster(giver.buyer, programme, "a.xlsx", content) != first


def test_the_plan_is_not_submitted_meanwhile() -> None:
    giver = side()
    programme = planned(giver, [DATES])
    take_roster(giver.buyer, programme, "a.xlsx", a_list())
    with pytest.raises(HouseError) as refused:
        actions.submit(giver.buyer, programme)
    assert refused.value.data["codes"] == ["import_running"]
    run_all_due()
    actions.submit(giver.buyer, programme)


def test_a_large_picture_is_refused_at_once() -> None:
    giver = side()
    programme = draft(giver)
    with pytest.raises(BadFile) as refused:
        take_roster(giver.buyer, programme, "list.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert refused.value.sentences == [
        "The file is not a spreadsheet (PNG). Save the list as an Excel workbook (.xlsx)."
    ]
    assert not RosterImport.objects.filter(programme=programme).exists()


def test_what_cannot_be_read_is_said_and_not_tried_again() -> None:
    giver = side()
    upload = take_roster(giver.buyer, draft(giver), "a.xlsx", b"no workbook at all")
    run_all_due()
    upload.refresh_from_db()
    assert (upload.state, upload.content) == ("failed", "")
    with translation.override("en"):
        assert upload.why == "The file is not a spreadsheet (text). Save the list as an Excel workbook (.xlsx)."
    with translation.override("zh-hans"):
        assert upload.why == "这不是电子表格（text）。请把名单存为 Excel 工作簿（.xlsx）。"
    assert Step.objects.get(kind="roster.read").attempts == 0


def test_what_the_worker_has_given_up_is_tried_again_by_one_click() -> None:
    giver = side()
    upload = take_roster(giver.buyer, draft(giver), "a.xlsx", a_list())
    Step.objects.filter(kind="roster.read").update(state=StepState.FAILED, attempts=MAX_ATTEMPTS, reason="killed")
    assert state_of_import(upload) == "failed"
    retry_import(giver.buyer, upload)
    assert Step.objects.get(kind="roster.read").next_run_at <= timezone.now()
    run_all_due()
    assert RosterImport.objects.get(pk=upload.pk).state == "done"
