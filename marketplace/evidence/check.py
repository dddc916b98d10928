"""Checking the stored log as a whole: every row of the evidence tables against every other, by recomputing
the tree.

What the tables alone cannot tell is that their end is missing: whoever removes the last rows of all tables
alike leaves a shorter, sound log. The witnesses remember the size that they signed; so they are asked.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from marketplace.evidence import keys, merkle, note
from marketplace.evidence.actions import timestamp
from marketplace.evidence.canonical import NotCanonical, canonical
from marketplace.evidence.models import Checkpoint, Cosignature
from marketplace.evidence.sequencer import lock_log
from marketplace.evidence.witnessing import witnessed_size

CHUNK = 10_000


@dataclass
class Report:
    """What was counted, what is wrong, and what could not be asked."""

    entries: int = 0
    checkpoints: int = 0
    cosignatures: int = 0
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def fault(self, sentence: str) -> None:
        """Note something wrong."""
        self.faults.append(sentence)


def check_log(*, ask: bool = True) -> Report:
    """Read the whole log and report every fault.

    With `ask`, also the witnesses' sizes. Minutes for tens of millions of entries.
    """
    report = Report()
    with transaction.atomic():
        # Nothing may be sequenced meanwhile, or entries and checkpoints would be read at different sizes.
        lock_log()
        checkpoints = list(Checkpoint.objects.order_by("id"))
        report.checkpoints = len(checkpoints)
        _check_tree(report, checkpoints)
        _check_queue(report)
        cosigned = _check_cosignatures(report, {checkpoint.pk: checkpoint for checkpoint in checkpoints})
    if ask:
        _ask(report, checkpoints[-1].size if checkpoints else 0, cosigned)
    return report


def _check_tree(report: Report, checkpoints: list[Checkpoint]) -> None:
    frontier = merkle.EMPTY
    due = {checkpoint.size: checkpoint for checkpoint in checkpoints}
    stops = sorted(due)
    stored = 0
    for rows in _positioned():
        hashes = [_check_position(report, number, row) for number, row in enumerate(rows, frontier.size)]
        start = 0
        for stop in [
            *[s for s in stops if frontier.size < s <= frontier.size + len(rows)],
            frontier.size + len(rows),
        ]:
            count = stop - frontier.size
            frontier, made = merkle.append(frontier, hashes[start : start + count])
            start += count
            stored += len(made)
            _check_nodes(report, made)
            if stop in due:
                _check_checkpoint(report, due.pop(stop), frontier.root())
    report.entries = frontier.size
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM evidence_node")
        (count,) = cursor.fetchone()
    if count != stored:
        report.fault(f"the tree has {count} stored nodes, and {stored} belong there")
    for checkpoint in due.values():
        report.fault(f"checkpoint {checkpoint.pk} says {checkpoint.size} entries, and the log holds {frontier.size}")
    if (stops[-1] if stops else 0) < frontier.size:
        report.fault(
            f"the log holds {frontier.size} entries, and the last checkpoint covers {stops[-1] if stops else 0}"
        )
    for number, checkpoint in enumerate(checkpoints, 1):
        if checkpoint.pk != number:
            report.fault(f"checkpoint {number} is missing")
            break


def _positioned() -> Iterator[list[tuple[Any, ...]]]:
    """The entries in log order, in chunks.

    (index, id, leaf, leaf_hash, kind, subject, union_id, written_at).
    """
    last = -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT p.index, e.id, e.leaf, e.leaf_hash, e.kind, e.subject, e.union_id, e.written_at"
                " FROM evidence_position p LEFT JOIN evidence_entry e ON e.id = p.entry_id"
                " WHERE p.index > %s ORDER BY p.index LIMIT %s",
                [last, CHUNK],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _check_position(report: Report, number: int, row: tuple[Any, ...]) -> bytes:
    """The leaf hash of the entry in row, which should have the place `number`."""
    index, entry_id, *columns = row
    if index != number:
        report.fault(f"position {number} is missing")
    if entry_id is None:
        report.fault(f"the entry at position {index} is missing")
        return merkle.EMPTY_ROOT
    return _check_entry(report, entry_id, *columns)


def _check_entry(
    report: Report,
    entry_id: int,
    leaf: bytes,
    stored_hash: bytes,
    kind: str,
    subject: str,
    union_id: int | None,
    written_at: datetime,
) -> bytes:
    """The leaf hash as the bytes give it; faults where a column says otherwise."""
    leaf = bytes(leaf)
    value = sha256(b"\x00" + leaf).digest()
    if value != bytes(stored_hash):
        report.fault(f"entry {entry_id}: the stored hash is not that of its bytes")
    try:
        content = json.loads(leaf)
        said = (content["kind"], content["subject"], content["union"], content["at"])
        if canonical(content) != leaf or said != (kind, subject, union_id, timestamp(written_at)):
            report.fault(f"entry {entry_id}: its columns are not what its bytes say")
    except (ValueError, KeyError, TypeError, NotCanonical, RecursionError):
        report.fault(f"entry {entry_id}: its bytes are no canonical entry")
    return value


def _check_nodes(report: Report, made: list[tuple[int, int, bytes]]) -> None:
    if not made:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.level, w.index, n.hash FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[]) AS "
            "w(level, index, hash)"
            " LEFT JOIN evidence_node n USING (level, index) WHERE n.hash IS DISTINCT FROM w.hash",
            [list(column) for column in zip(*made, strict=True)],
        )
        for level, index, value in cursor.fetchall():
            report.fault(
                f"the tree's node at level {level}, index {index} is {'missing' if value is None else 'changed'}"
            )


def _check_checkpoint(report: Report, checkpoint: Checkpoint, root: bytes) -> None:
    name = f"checkpoint {checkpoint.pk}"
    if bytes(checkpoint.root) != root:
        report.fault(f"{name}: its root is not that of the first {checkpoint.size} entries")
    try:
        signed = note.parse(checkpoint.note)
        verified = note.verify(signed, keys.log_verifiers())
    except note.NoteError as error:
        report.fault(f"{name}: {error}")
        return
    expected = note.Checkpoint(settings.EVIDENCE_ORIGIN, checkpoint.size, root).text()
    if signed.text != expected:
        report.fault(f"{name}: its note says something else than its row")
    times = [item.time for item in verified if item.time is not None]
    if len(verified) != 2 or len(signed.lines) != 2 or len(times) != 1:
        report.fault(
            f"{name}: it is not signed once plainly and once with the time by the log's key, and by nobody else"
        )
    elif datetime.fromtimestamp(times[0], UTC) != checkpoint.signed_at:
        report.fault(f"{name}: its time is not the one that was signed")


def _check_cosignatures(report: Report, checkpoints: dict[int, Checkpoint]) -> dict[str, int]:
    """The largest size signed by each witness, by its name."""
    known = {verifier.name: verifier for verifier in keys.known_witnesses()}
    largest: dict[str, int] = {}
    for number, cosignature in enumerate(Cosignature.objects.order_by("id"), 1):
        report.cosignatures += 1
        name = f"cosignature {cosignature.pk}"
        if cosignature.pk != number and report.cosignatures == number:
            report.fault(f"cosignature {number} or one before it is missing")
        checkpoint, verifier = checkpoints.get(cosignature.checkpoint_id), known.get(cosignature.witness)
        if checkpoint is None:
            report.fault(f"{name}: its checkpoint is missing")
            continue
        if verifier is None:
            report.fault(f"{name}: the key of witness {cosignature.witness} is not known; add it to EVIDENCE_WITNESSES")
            continue
        try:
            lines = note.parse_lines(cosignature.line)
            verified = note.verify(note.Note(note.parse(checkpoint.note).text, lines), [verifier])
        except note.NoteError as error:
            report.fault(f"{name}: {error}")
            continue
        if len(lines) != 1 or not verified or datetime.fromtimestamp(verified[0].time or 0, UTC) != cosignature.at:
            report.fault(f"{name}: its line is not what its row says")
        largest[cosignature.witness] = max(largest.get(cosignature.witness, 0), checkpoint.size)
    return largest


def _check_queue(report: Report) -> None:
    """Every entry is either in the log or waiting for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE p.index IS NULL AND u.entry_id IS NULL),"
            " count(*) FILTER (WHERE p.index IS NOT NULL AND u.entry_id IS NOT NULL)"
            " FROM evidence_entry e LEFT JOIN evidence_position p ON p.entry_id = e.id"
            " LEFT JOIN evidence_unsequenced u ON u.entry_id = e.id"
        )
        lost, both = cursor.fetchone()
    if lost:
        report.fault(f"{lost} entries are neither in the log nor waiting for it")
    if both:
        report.fault(f"{both} entries are in the log and still wait for it")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.leaf, e.leaf_hash, e.kind, e.subject, e.union_id, e.written_at"
            " FROM evidence_unsequenced u JOIN evidence_entry e ON e.id = u.entry_id ORDER BY e.id"
        )
        for row in cursor.fetchall():
            _check_entry(report, *row)


def _ask(report: Report, size: int, cosigned: dict[str, int]) -> None:
    """Compare with the sizes that witnesses say they signed."""
    for url, vkey in keys.witnesses().items():
        if not vkey:
            report.remarks.append(f"witness {url} has never been met")
            continue
        try:
            theirs = witnessed_size(url)
        except (OSError, ValueError) as error:
            report.remarks.append(f"witness {url} cannot be asked: {error}")
            continue
        if theirs > size:
            report.fault(f"witness {url} has signed {theirs} entries of this log, and {size} are left")
        elif theirs > cosigned.get(note.parse_vkey(vkey).name, 0):
            report.fault(
                f"witness {url} has signed at {theirs} entries, and that signature is not stored here; a "
                "tick fetches it anew"
            )
