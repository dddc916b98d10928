"""Every change, removal, re-ordering and truncation of the evidence tables is found (R4), the database's
guards being off.
"""

import pytest
from django.db import connection, connections, transaction

from marketplace.evidence import check
from marketplace.evidence.actions import EntryDraft, record_many
from marketplace.evidence.handlers import tick

SIZES = (4, 7, 11)
TABLES = ("entry", "unsequenced", "position", "node", "checkpoint", "cosignature")


@pytest.fixture
def log(fresh_database, start_witness):
    """Eleven entries under three checkpoints, each countersigned."""
    witness = start_witness()
    last = 0
    for size in SIZES:
        record_many([EntryDraft("order.placed", {"number": n}, f"order:{n}") for n in range(last, size)])
        tick()
        last = size
    report = check.check_log()
    assert (report.entries, report.checkpoints, report.cosignatures, report.faults) == (11, 3, 3, [])
    return witness


@pytest.fixture
def faults_after(log, monkeypatch):
    """A function that does what an intruder with the owner's rights would, past every trigger and constraint.

    It returns what the check then finds, and undoes everything.
    """
    connection.close()
    for key in ("USER", "PASSWORD"):
        monkeypatch.setitem(connections.settings["default"], key, connections.settings["owner"][key])

    def change(*statements, ask=True):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname)"
                " FROM pg_constraint WHERE conrelid::regclass::text LIKE 'evidence%' AND contype IN ('c', "
                "'f', 'u')"
            )
            for (drop,) in cursor.fetchall():
                cursor.execute(drop)
            for table in TABLES:
                cursor.execute(f"ALTER TABLE evidence_{table} DISABLE TRIGGER USER")
            for statement in statements:
                cursor.execute(statement)
                assert cursor.rowcount > 0, f"nothing was changed by: {statement}"
            faults = check.check_log(ask=ask).faults
            transaction.set_rollback(True)
        return faults

    yield change
    assert check.check_log().faults == []
    connection.close()


def expect(faults, sentence, statement):
    assert any(sentence in fault for fault in faults), f"{statement}\nfound only: {faults}"


def test_a_changed_entry(faults_after):
    bent = "replace(convert_from(leaf, 'UTF8'), '\"number\":5', '\"number\":6')::bytea"
    for change, sentence in [
        (f"leaf = {bent}", "not that of its bytes"),
        (f"leaf = {bent}, leaf_hash = sha256('\\x00'::bytea || {bent})", "its root is not that"),
        ("leaf_hash = sha256(leaf_hash)", "not that of its bytes"),
        ("kind = 'order.paid'", "its columns are not what its bytes say"),
        ("subject = 'order:99'", "its columns are not what its bytes say"),
        ("union_id = 77", "its columns are not what its bytes say"),
        ("written_at = written_at + interval '1 microsecond'", "its columns are not what its bytes say"),
        ("id = 99", "is missing"),
    ]:
        statement = f"UPDATE evidence_entry SET {change} WHERE subject = 'order:5'"
        expect(faults_after(statement), sentence, statement)


def test_a_removed_entry_or_position(faults_after):
    for index in range(11):
        entry = f"(SELECT entry_id FROM evidence_position WHERE index = {index})"
        faults = faults_after(f"DELETE FROM evidence_entry WHERE id = {entry}")
        assert f"the entry at position {index} is missing" in faults
        faults = faults_after(f"DELETE FROM evidence_position WHERE index = {index}")
        assert "1 entries are neither in the log nor waiting for it" in faults
        faults = faults_after(
            f"DELETE FROM evidence_entry WHERE id = {entry}",
            f"DELETE FROM evidence_position WHERE index = {index}",
        )
        assert faults != []


def test_entries_in_each_others_place(faults_after):
    for one in range(11):
        for other in range(one):
            statement = (
                "UPDATE evidence_position p SET entry_id = q.entry_id FROM evidence_position q"
                f" WHERE p.index IN ({one}, {other}) AND q.index IN ({one}, {other}) AND p.index <> q.index"
            )
            expect(faults_after(statement), "its root is not that", statement)


def test_a_changed_removed_or_added_node(faults_after):
    places = [(level, index) for level in (1, 2, 3) for index in range(11 >> level)]
    assert len(places) == 8
    for level, index in places:
        where = f"WHERE level = {level} AND index = {index}"
        name = f"the tree's node at level {level}, index {index} is"
        assert f"{name} changed" in faults_after(f"UPDATE evidence_node SET hash = sha256(hash) {where}")
        assert f"{name} missing" in faults_after(f"UPDATE evidence_node SET index = index + 50 {where}")
        assert f"{name} missing" in faults_after(f"DELETE FROM evidence_node {where}")
    added = faults_after("INSERT INTO evidence_node (level, index, hash) VALUES (5, 0, sha256(''))")
    assert added == ["the tree has 9 stored nodes, and 8 belong there"]


def test_a_changed_checkpoint(faults_after):
    for number in (1, 2, 3):
        for change, sentence in [
            ("root = sha256(root)", "its root is not that of the first"),
            ("size = size - 1", "its root is not that of the first"),
            ("note = replace(note, E'\\n\\n', E'\\nx\\n\\n')", "does not verify"),
            ("note = left(note, -10)", "signature line"),
            ("note = regexp_replace(note, '[^\\n]*\\n$', '')", "once plainly and once with the time"),
            ("signed_at = signed_at + interval '1 second'", "its time is not the one that was signed"),
            ("id = id + 10", "is missing"),
        ]:
            statement = f"UPDATE evidence_checkpoint SET {change} WHERE id = {number}"
            expect(faults_after(statement), sentence, statement)


def test_a_removed_checkpoint(faults_after):
    for number in (1, 2, 3):
        alone = f"DELETE FROM evidence_checkpoint WHERE id = {number}"
        assert f"cosignature {number}: its checkpoint is missing" in faults_after(alone)
        assert faults_after(alone, f"DELETE FROM evidence_cosignature WHERE checkpoint_id = {number}") != []


def test_a_changed_or_removed_cosignature(faults_after):
    for number in (1, 2, 3):
        for change, sentence in [
            ("line = overlay(line placing 'AAAA' from 60)", "does not verify"),
            ("at = at + interval '1 second'", "its line is not what its row says"),
            ("witness = 'witness.example/two'", "is not known"),
            ("checkpoint_id = CASE checkpoint_id WHEN 1 THEN 2 ELSE 1 END", "does not verify"),
            ("id = id + 10", "is missing"),
        ]:
            statement = f"UPDATE evidence_cosignature SET {change} WHERE id = {number}"
            expect(faults_after(statement), sentence, statement)
        removed = faults_after(f"DELETE FROM evidence_cosignature WHERE id = {number}")
        assert any("is missing" in fault or "is not stored here" in fault for fault in removed)


def test_a_log_cut_off_cleanly_is_found_by_its_witness(faults_after, log):
    """All tables cut back to an earlier checkpoint.

    By itself the log looks sound, but the witness remembers.
    """
    for number, kept in enumerate(SIZES[:2], 1):
        cut = [
            f"DELETE FROM evidence_cosignature WHERE checkpoint_id > {number}",
            f"DELETE FROM evidence_checkpoint WHERE id > {number}",
            f"DELETE FROM evidence_node WHERE (index + 1) << level > {kept}",
            f"DELETE FROM evidence_position WHERE index >= {kept}",
            "DELETE FROM evidence_entry WHERE id NOT IN (SELECT entry_id FROM evidence_position)",
        ]
        assert faults_after(*cut, ask=False) == []
        assert faults_after(*cut) == [f"witness {log.url} has signed 11 entries of this log, and {kept} are left"]


def test_a_waiting_entry_that_was_changed_or_taken_off_the_list(log, faults_after):
    record_many([EntryDraft("order.placed", {"number": 11}, "order:11")])
    change = "UPDATE evidence_entry SET subject = 'order:12' WHERE subject = 'order:11'"
    expect(faults_after(change), "its columns are not what its bytes say", change)
    removed = faults_after("DELETE FROM evidence_unsequenced")
    assert removed == ["1 entries are neither in the log nor waiting for it"]


def test_a_witness_that_cannot_be_asked_is_only_a_remark(log, settings):
    settings.EVIDENCE_WITNESSES = [
        *settings.EVIDENCE_WITNESSES,
        {"url": "http://127.0.0.1:9", "vkey": None},
    ]
    log.kill()
    report = check.check_log()
    assert report.faults == []
    assert report.remarks[0].startswith(f"witness {log.url} cannot be asked: ")
    assert report.remarks[1] == "witness http://127.0.0.1:9 has never been met"
