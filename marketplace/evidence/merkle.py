"""The Merkle tree of RFC 9162, section 2.1, over SHA-256. Pure: knows neither Django nor a database.

A complete subtree is named (level, index): it covers the leaves [index * 2**level, (index + 1) * 2**level).
Level 0 are the leaf hashes. Proofs ask for complete subtrees only, through a `node(level, index)` callable,
so that a stored tree is read, not rebuilt.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

Node = Callable[[int, int], bytes]

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one leaf's bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an interior node."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """What must be kept of a tree to append to it: the roots of its largest complete subtrees, by level."""

    size: int
    peaks: Mapping[int, bytes]

    def root(self) -> bytes:
        """The root of the tree; of an empty tree the hash of nothing."""
        return fold(self.peaks)


EMPTY = Frontier(0, {})


def fold(peaks: Mapping[int, bytes]) -> bytes:
    """The root of the tree whose complete subtrees are `peaks` (level to hash).

    Larger ones stand on the left.
    """
    levels = sorted(peaks)
    if not levels:
        return EMPTY_ROOT
    value = peaks[levels[0]]
    for level in levels[1:]:
        value = node_hash(peaks[level], value)
    return value


def append(frontier: Frontier, leaf_hashes: Sequence[bytes]) -> tuple[Frontier, list[tuple[int, int, bytes]]]:
    """The frontier after `leaf_hashes`, and every complete subtree that they completed, as (level, index,
    hash) without leaves.
    """
    peaks = dict(frontier.peaks)
    made: list[tuple[int, int, bytes]] = []
    level, first, row = 0, frontier.size, list(leaf_hashes)
    while row:
        if first % 2:
            row.insert(0, peaks.pop(level))
            first -= 1
        if len(row) % 2:
            peaks[level] = row.pop()
        row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
        level, first = level + 1, first // 2
        made.extend((level, first + i, value) for i, value in enumerate(row))
    return Frontier(frontier.size + len(leaf_hashes), peaks), made


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root over all leaf hashes."""
    return append(EMPTY, leaf_hashes)[0].root()


def peaks_of(size: int) -> list[tuple[int, int]]:
    """The (level, index) of the complete subtrees of a tree of `size` leaves, from left to right."""
    return _subtrees(0, size)


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, from the leaf's sibling upwards."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    ranges: list[tuple[int, int]] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return [_range_hash(*part, node) for part in reversed(ranges)]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """The proof that the tree of `old` leaves is a prefix of the tree of `new`.

    Empty from size 0 and between equal sizes.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} cannot be a prefix of a tree of {new}")
    if old in (0, new):
        return []
    ranges: list[tuple[int, int]] = []
    low, high, known = 0, new, True
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, known = middle, False
    if not known:
        ranges.append((low, high))
    return [_range_hash(*part, node) for part in reversed(ranges)]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Whether `proof` shows the leaf hash `leaf` at `index` under the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position % 2 or position == last:
            value = node_hash(sibling, value)
            while not position % 2 and position:
                position, last = position // 2, last // 2
        else:
            value = node_hash(value, sibling)
        position, last = position // 2, last // 2
    return last == 0 and value == expected_root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether `proof` shows the old tree to be a prefix of the new one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    position, last = old - 1, new - 1
    while position % 2:
        position, last = position // 2, last // 2
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position % 2 or position == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not position % 2 and position:
                position, last = position // 2, last // 2
        else:
            second = node_hash(second, sibling)
        position, last = position // 2, last // 2
    return last == 0 and first == old_root and second == new_root


def shared_proof(indices: Iterable[int], size: int) -> list[tuple[int, int]]:
    """The fewest complete subtrees that, with the leaves at `indices`, give the root of `size` leaves;
    sorted by (level, index).

    One proof for many leaves: siblings that are leaves of the proof, or follow from them, are not listed.
    """
    known = set(indices)
    if known and not 0 <= min(known) <= max(known) < size:
        raise ValueError(f"an index is outside the tree of {size}")
    needed: list[tuple[int, int]] = []
    level, width = 0, size
    while width:
        row: list[int] = []
        if width % 2:
            if width - 1 in known:
                known.discard(width - 1)
            else:
                row.append(width - 1)
        row.extend(i ^ 1 for i in known if i ^ 1 not in known)
        needed.extend((level, index) for index in sorted(row))
        known = {i // 2 for i in known}
        level, width = level + 1, width // 2
    return needed


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def _subtrees(low: int, high: int) -> list[tuple[int, int]]:
    parts = []
    while low < high:
        level = (high - low).bit_length() - 1
        parts.append((level, low >> level))
        low += 1 << level
    return parts


def _range_hash(low: int, high: int, node: Node) -> bytes:
    return fold({level: node(level, index) for level, index in _subtrees(low, high)})
