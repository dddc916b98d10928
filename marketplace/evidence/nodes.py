"""Reading the stored tree: many nodes by a constant number of statements."""

from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext as _

from marketplace.evidence import merkle
from marketplace.evidence.errors import TreeDamaged


def read_nodes(wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """The hashes of the complete subtrees (level, index), by at most two statements.

    Raises TreeDamaged when one is missing.
    """
    pairs = sorted(set(wanted))
    leaves = [index for level, index in pairs if level == 0]
    inner = [(level, index) for level, index in pairs if level]
    found: dict[tuple[int, int], bytes] = {}
    with connection.cursor() as cursor:
        if leaves:
            cursor.execute(
                "SELECT p.index, e.leaf_hash FROM evidence_position p JOIN evidence_entry e ON e.id = "
                "p.entry_id"
                " WHERE p.index = ANY(%s)",
                [leaves],
            )
            found.update({(0, index): bytes(value) for index, value in cursor.fetchall()})
        if inner:
            cursor.execute(
                "SELECT n.level, n.index, n.hash FROM unnest(%s::smallint[], %s::bigint[]) AS w(level, index)"
                " JOIN evidence_node n USING (level, index)",
                [[level for level, _index in inner], [index for _level, index in inner]],
            )
            found.update({(level, index): bytes(value) for level, index, value in cursor.fetchall()})
    missing = [pair for pair in pairs if pair not in found]
    if missing:
        raise TreeDamaged(
            _(
                "{count} nodes of the evidence tree are missing, the first at level {level}, index "
                "{index}. Run check_evidence."
            ).format(count=len(missing), level=missing[0][0], index=missing[0][1]),
            missing=missing[:10],
        )
    return found


class Reader:
    """A `node` callable for merkle's proofs.

    Collect what several proofs need, fetch it at once, then make the proofs.
    """

    def __init__(self) -> None:
        self._wanted: set[tuple[int, int]] = set()
        self._hashes: dict[tuple[int, int], bytes] = {}

    def note(self, level: int, index: int) -> bytes:
        """Remember that this node will be needed."""
        self._wanted.add((level, index))
        return merkle.EMPTY_ROOT

    def fetch(self) -> None:
        """Read everything noted."""
        self._hashes = read_nodes(self._wanted)

    def node(self, level: int, index: int) -> bytes:
        """The hash of a node that was noted and fetched."""
        return self._hashes[level, index]
