"""Papers on file beside a plan."""

from __future__ import annotations

import hashlib

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.paper_files import MAX_BYTES, NoPaper, PaperTooLarge
from procurement.programmes.models import Paper, PaperKind
from procurement.programmes.papers import file_paper
from tests.world import DATES, YUYANG, planned, side

pytestmark = pytest.mark.usefixtures("world")

PDF = b"%PDF-1.7\n% minutes of an invented meeting\n"


def test_a_paper_is_filed_once_and_the_log_knows_its_fingerprint() -> None:
    giver = side()
    plan = planned(giver, [DATES])
    paper = file_paper(giver.buyer, plan, PaperKind.MINUTES, "folder/纪要.pdf", PDF)
    again = file_paper(giver.approver, plan, PaperKind.OTHER, "copy.pdf", PDF)
    assert again.pk == paper.pk
    assert (paper.file_name, paper.media_type, paper.size) == ("纪要.pdf", "application/pdf", len(PDF))
    assert Paper.objects.get(pk=paper.pk).plain() == PDF
    entry = Entry.objects.get(subject=f"programme:{plan.pk}", kind="paper.filed")
    assert entry.body == {
        "programme": plan.pk, "kind": "minutes", "sha256": hashlib.sha256(PDF).hexdigest(), "size": len(PDF)
    }  # fmt: skip


def test_a_paper_lies_encrypted_and_stays_as_it_is() -> None:
    giver = side()
    paper = file_paper(giver.buyer, planned(giver, [DATES]), PaperKind.MINUTES, "纪要.pdf", PDF)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM programmes_paper WHERE id = %s", [paper.pk])
        (stored,) = cursor.fetchone()
        assert PDF[:5] not in bytes(stored)
        for statement in ("UPDATE programmes_paper SET kind = 'other'", "DELETE FROM programmes_paper"):
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(statement)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"MZ\x90 a program named like a paper", NoPaper),
        (b"", NoPaper),
        (b"<html><script>", NoPaper),
        (b"%PDF-" + bytes(MAX_BYTES), PaperTooLarge),
    ],
)
def test_what_is_no_paper_is_refused_by_name(content: bytes, error: type[Exception]) -> None:
    giver = side()
    with pytest.raises(error, match="纪要"):
        file_paper(giver.buyer, planned(giver, [DATES]), PaperKind.MINUTES, "纪要.pdf", content)
    assert not Paper.objects.exists()


def test_only_the_unions_own_people_file_papers() -> None:
    plan = planned(side(), [DATES])
    with pytest.raises(NotAllowed):
        file_paper(side(YUYANG).buyer, plan, PaperKind.MINUTES, "纪要.pdf", PDF)
