"""Giving entries their places: the only writer of positions, tree nodes and checkpoints.

Business transactions commit in any order, so an entry with a lower id may appear after one with a higher id
was sequenced. That is fine: the log's order is the order of sequencing. What must be found quickly is "no
place yet", and an anti-join over all entries grows with the log; so each entry leaves a row in the work
table Unsequenced, which stays as small as the backlog.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _

from marketplace.evidence import keys, merkle, note
from marketplace.evidence.errors import TreeDamaged
from marketplace.evidence.models import Checkpoint
from marketplace.evidence.nodes import read_nodes

BATCH = 10_000
# One key for everything that extends the log; taken first and alone, so it takes part in no lock order.
ADVISORY_LOCK = 0x65766964


class Lag(NamedTuple):
    """How far the sequencer is behind: how many entries have no place, and the age of the oldest."""

    waiting: int
    oldest: timedelta


def sequence(limit: int = BATCH) -> int:
    """Give up to `limit` entries their places, extend the tree and sign the new state; returns how many.

    One transaction, under the log's advisory lock until its end: a second sequencer waits, then finds
    nothing to do. So never inside a business transaction; on its own, or as all that a step does. Raises
    KeyMissing, and TreeDamaged when the stored tree does not give the root signed last.
    """
    with transaction.atomic():
        lock_log()
        waiting = _waiting(limit)
        if not waiting:
            return 0
        last = Checkpoint.objects.order_by("-size").first()
        frontier = _frontier(last)
        ids, hashes = [row[0] for row in waiting], [bytes(row[1]) for row in waiting]
        grown, made = merkle.append(frontier, hashes)
        _store(frontier.size, ids, made)
        _sign(grown, (last.pk if last else 0) + 1)
    return len(ids)


def sequence_all() -> int:
    """Sequence batch after batch until nothing waits; returns how many entries in all."""
    total = 0
    while done := sequence():
        total += done
    return total


def lag() -> Lag:
    """The sequencer's backlog now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(greatest(clock_timestamp() - min(e.written_at), interval '0'), "
            "interval '0')"
            " FROM evidence_unsequenced u JOIN evidence_entry e ON e.id = u.entry_id"
        )
        return Lag(*cursor.fetchone())


def lock_log() -> None:
    """Wait to be the only one that extends the log, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])


def _waiting(limit: int) -> list[tuple[int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.leaf_hash FROM evidence_entry e JOIN"
            " (SELECT entry_id FROM evidence_unsequenced ORDER BY entry_id LIMIT %s) u ON e.id = "
            "u.entry_id ORDER BY e.id",
            [limit],
        )
        rows: list[tuple[int, bytes]] = cursor.fetchall()
    return rows


def _frontier(last: Checkpoint | None) -> merkle.Frontier:
    if last is None:
        return merkle.EMPTY
    peaks = read_nodes(merkle.peaks_of(last.size))
    frontier = merkle.Frontier(last.size, {level: value for (level, _index), value in peaks.items()})
    if frontier.root() != bytes(last.root):
        raise TreeDamaged(
            _(
                "The stored tree does not give the root that was signed at size {size}. Nothing was "
                "sequenced; run check_evidence."
            ).format(size=last.size),
            size=last.size,
        )
    return frontier


def _store(first: int, ids: Sequence[int], made: Sequence[tuple[int, int, bytes]]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy("COPY evidence_position (index, entry_id) FROM STDIN") as copy:
            for row in enumerate(ids, first):
                copy.write_row(row)
        with cursor.copy("COPY evidence_node (level, index, hash) FROM STDIN") as copy:
            for node in made:
                copy.write_row(node)
        cursor.execute("DELETE FROM evidence_unsequenced WHERE entry_id = ANY(%s)", [list(ids)])


def _sign(frontier: merkle.Frontier, number: int) -> None:
    """Sign twice with the log's key.

    Plainly, as every reader expects, and as a cosignature, which carries the time.
    """
    signer, now = keys.log_signer(), int(time.time())
    root = frontier.root()
    text = note.Checkpoint(signer.name, frontier.size, root).text()
    signed = note.Note(text, (note.sign(text, signer), note.cosign(text, signer, now)))
    Checkpoint.objects.create(
        pk=number, size=frontier.size, root=root, note=str(signed), signed_at=datetime.fromtimestamp(now, UTC)
    )
