"""Proofs over the stored tree: that an entry is in the log, that one state extends another."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from marketplace.evidence import merkle
from marketplace.evidence.errors import EvidenceError
from marketplace.evidence.models import Checkpoint, Entry, Position
from marketplace.evidence.nodes import Reader


@dataclass(frozen=True)
class Inclusion:
    """Where an entry stands in a tree of `size` leaves, and the audit path from its sibling upwards."""

    entry_id: int
    index: int
    size: int
    path: tuple[bytes, ...]


def inclusion(entry: Entry, checkpoint: Checkpoint) -> Inclusion:
    """The proof that `entry` is under `checkpoint`; see inclusions."""
    return inclusions([entry.pk], checkpoint)[0]


def inclusions(entry_ids: Sequence[int], checkpoint: Checkpoint) -> list[Inclusion]:
    """The proofs for many entries, in the order given, by three statements whatever their number.

    Raises EvidenceError when an entry is not yet under the checkpoint.
    """
    indices = dict(Position.objects.filter(entry_id__in=list(entry_ids)).values_list("entry_id", "index"))
    late = [entry_id for entry_id in entry_ids if indices.get(entry_id, checkpoint.size) >= checkpoint.size]
    if late:
        raise EvidenceError(
            _(
                "{count} entries are not yet in the log at size {size}; wait for the sequencer and take a "
                "later checkpoint."
            ).format(count=len(late), size=checkpoint.size),
            entries=late[:10],
        )
    reader = Reader()
    for entry_id in entry_ids:
        merkle.inclusion_proof(indices[entry_id], checkpoint.size, reader.note)
    reader.fetch()
    return [
        Inclusion(
            entry_id,
            indices[entry_id],
            checkpoint.size,
            tuple(merkle.inclusion_proof(indices[entry_id], checkpoint.size, reader.node)),
        )
        for entry_id in entry_ids
    ]


def consistency(old_size: int, new_size: int) -> list[bytes]:
    """The proof that the log of `old_size` entries is a prefix of the one of `new_size`, by at most two
    statements.
    """
    reader = Reader()
    merkle.consistency_proof(old_size, new_size, reader.note)
    reader.fetch()
    return merkle.consistency_proof(old_size, new_size, reader.node)


def full_note(checkpoint: Checkpoint) -> str:
    """The checkpoint's signed note with the lines of every witness that has signed it."""
    return checkpoint.note + "".join(c.line for c in checkpoint.cosignatures.order_by("witness"))


def tlog_proof(entry: Entry, checkpoint: Checkpoint) -> str:
    """The proof for one entry as a C2SP tlog-proof text, for a trace page or an API answer."""
    proof = inclusion(entry, checkpoint)
    lines = [
        "c2sp.org/tlog-proof@v1",
        f"index {proof.index}",
        *(base64.b64encode(h).decode() for h in proof.path),
        "",
    ]
    return "\n".join(lines) + "\n" + full_note(checkpoint)
