"""The log's management commands."""

import pytest
from django.core.management import CommandError, call_command

from marketplace.evidence import keys
from marketplace.evidence.actions import record
from marketplace.evidence.models import Checkpoint, Cosignature


def said(capsys, *arguments):
    call_command(*arguments)
    return capsys.readouterr().out.strip()


def test_sequencing(db, capsys, start_witness):
    witness = start_witness()
    record("order.placed", {})
    assert said(capsys, "sequence_evidence") == (
        f"1 entries sequenced; the log has 1; 0 wait; witnesses: {witness.url}: signed"
    )
    assert said(capsys, "sequence_evidence") == (
        "0 entries sequenced; the log has 1; 0 wait; witnesses: nothing to ask"
    )
    assert (Checkpoint.objects.count(), Cosignature.objects.count()) == (1, 1)


def test_a_sound_log(db, capsys, start_witness):
    start_witness()
    record("order.placed", {})
    call_command("sequence_evidence")
    capsys.readouterr()
    assert said(capsys, "check_evidence") == "The log verifies: 1 entries, 1 checkpoints, 1 cosignatures."
    assert said(capsys, "check_evidence", "--offline") == (
        "The log verifies: 1 entries, 1 checkpoints, 1 cosignatures."
    )


def test_a_damaged_log(fresh_database, capsys, tamper):
    record("order.placed", {})
    call_command("sequence_evidence")
    tamper("evidence_entry", "UPDATE evidence_entry SET subject = 'x'")
    with pytest.raises(CommandError, match="1 faults in 1 entries"):
        call_command("check_evidence")
    assert "its columns are not what its bytes say" in capsys.readouterr().err


def test_the_key(capsys, settings):
    settings.EMBEDDED = False
    with pytest.raises(CommandError, match="evidence_key --create"):
        call_command("evidence_key")
    printed = said(capsys, "evidence_key", "--create")
    assert printed == keys.log_vkey() == said(capsys, "evidence_key")
    assert printed.startswith("mall.example/log+")
