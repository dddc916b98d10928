"""Evidence packs: one file that an auditor checks offline with verify.py, without trusting us.

A pack is a ZIP without compression whose every byte is determined by its contents, in this order:

    checkpoint.txt  the signed checkpoint with the witnesses' lines
    keys.json       the log's vkey and those of the witnesses that signed
    manifest.json   every entry (index, leaf hash) and every file (name, size, SHA-256)
    proof.jsonl     [level,index,"hex"]: the tree nodes that with the entries give the checkpoint's root
    entries.jsonl   [index,leaf]: the leaf's exact bytes
    files/…         what the caller adds

So that nothing can be left out afterwards, a `pack.manifest` entry with the manifest's SHA-256 is written to
the log first; it is in the pack, is the only entry that the manifest does not list, and the verifier insists
that both sets are equal.

Decisions are checked as such when the caller adds `files/engine/<name>.py` and pairs
`files/decisions/<name>.input.json`, `<name>.output.json`, and the decisions' entries have `engine_sha256`,
`input_sha256` and `output_sha256` in their bodies.
"""

import os
import re
import secrets
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.db import connection
from django.utils.translation import gettext as _

from marketplace.evidence import keys, merkle
from marketplace.evidence.actions import record
from marketplace.evidence.canonical import canonical
from marketplace.evidence.errors import BadPack, WitnessMissing
from marketplace.evidence.models import Checkpoint, Entry
from marketplace.evidence.nodes import read_nodes
from marketplace.evidence.sequencer import sequence_all
from marketplace.evidence.witnessing import ask_witnesses

MANIFEST_KIND = "pack.manifest"
# The plain ZIP format's own limits; larger packs are made per union or per quarter.
MAX_FILES = 65_000
MAX_BYTES = 2**32 - 2**20
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*", re.ASCII)


@dataclass(frozen=True)
class Pack:
    """What was written: the checkpoint that covers it, and how many entries (the manifest's own included)
    and files.
    """

    path: Path
    checkpoint: Checkpoint
    entries: int
    files: int


@dataclass(frozen=True)
class Intent:
    """What a pack will hold, noted in the log: its manifest, and the ids of its entries, that of the manifest's own among them."""

    entries: tuple[int, ...]
    manifest: bytes


@dataclass(frozen=True)
class _Leaf:
    entry: int
    index: int
    leaf: bytes
    leaf_hash: bytes


def write_pack(out: Path, entries: Iterable[Entry] | Iterable[int], files: Mapping[str, bytes]) -> Pack:
    """Write the pack of `entries` (rows or ids) and `files` (name below files/ to contents) to `out`,
    replacing it at once.

    Records its manifest, sequences and signs, and asks the witnesses; so it must be called outside a
    transaction. Raises BadPack for names or amounts that do not fit and entries that do not exist,
    WitnessMissing when no witness has countersigned.
    """
    sequence_all()
    intent = intend_pack(entries, files)
    sequence_all()
    ask_witnesses()
    return seal_pack(out, intent, files)


def intend_pack(entries: Iterable[Entry] | Iterable[int], files: Mapping[str, bytes]) -> Intent:
    """Record the manifest of a pack in the caller's transaction, so that nothing can be left out afterwards. All entries must have
    their places (`unplaced`). Raises BadPack.
    """
    _check_files(files)
    ids = sorted({entry.pk if isinstance(entry, Entry) else entry for entry in entries})
    leaves = _leaves(ids)
    manifest = _manifest(leaves, files)
    own = record(
        MANIFEST_KIND,
        {"entries": len(leaves), "files": len(files), "manifest_sha256": sha256(manifest).hexdigest()},
        subject=f"pack:{sha256(manifest).hexdigest()[:16]}",
    )
    return Intent((*ids, own.pk), manifest)


def unplaced(ids: Iterable[int]) -> int:
    """How many of these entries the sequencer has given no place yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM evidence_unsequenced WHERE entry_id = ANY(%s)", [list(ids)])
        (number,) = cursor.fetchone() or (0,)
    return int(number)


def seal_pack(out: Path, intent: Intent, files: Mapping[str, bytes]) -> Pack:
    """Write the pack that was intended. It only reads; call it again as often as needed.

    Raises BadPack for files that are not the intended ones and entries without a place, WitnessMissing while no witness has
    countersigned a state of the log that covers them.
    """
    leaves = sorted(_leaves(list(intent.entries)), key=lambda leaf: leaf.index)
    own = intent.entries[-1]
    if _manifest([leaf for leaf in leaves if leaf.entry != own], files) != intent.manifest:
        raise BadPack(_("The pack's files or entries are not those that its manifest names."))
    checkpoint, note_text, key_file = _countersigned(leaves[-1].index + 1)
    members = [
        ("checkpoint.txt", note_text),
        ("keys.json", key_file),
        ("manifest.json", intent.manifest),
        ("proof.jsonl", _proof(leaves, checkpoint.size)),
        ("entries.jsonl", b"".join(b"[%d,%b]\n" % (leaf.index, leaf.leaf) for leaf in leaves)),
        *((f"files/{name}", files[name]) for name in sorted(files)),
    ]
    _write(out, members)
    return Pack(out, checkpoint, len(leaves), len(files))


def _check_files(files: Mapping[str, bytes]) -> None:
    bad = sorted(name for name in files if len(name) > 200 or not _NAME.fullmatch(name))
    if bad:
        raise BadPack(
            _(
                "{name!r} cannot be a file's name in an evidence pack: use letters, digits, '.', '-', '_' "
                "and '/', at most 200."
            ).format(name=bad[0]),
            names=bad[:10],
        )
    if len(files) > MAX_FILES:
        raise BadPack(_("{count} files are too many for one evidence pack; make several.").format(count=len(files)))


def _leaves(ids: list[int]) -> list[_Leaf]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, p.index, e.leaf, e.leaf_hash FROM evidence_entry e JOIN evidence_position p ON "
            "p.entry_id = e.id"
            " WHERE e.id = ANY(%s) ORDER BY p.index",
            [ids],
        )
        found = [_Leaf(entry, index, bytes(leaf), bytes(value)) for entry, index, leaf, value in cursor.fetchall()]
    if len(found) != len(ids):
        raise BadPack(
            _("{count} of the entries asked for are not in the log.").format(count=len(ids) - len(found)),
            asked=len(ids),
            found=len(found),
        )
    return found


def _manifest(leaves: list[_Leaf], files: Mapping[str, bytes]) -> bytes:
    return canonical(
        {
            "entries": [[leaf.index, leaf.leaf_hash.hex()] for leaf in leaves],
            "files": [
                {"name": name, "sha256": sha256(files[name]).hexdigest(), "size": len(files[name])}
                for name in sorted(files)
            ],
            "version": 1,
        }
    )


def _countersigned(size: int) -> tuple[Checkpoint, bytes, bytes]:
    """The latest checkpoint of at least `size` entries that a known witness has signed, its full note and
    keys.json.
    """
    known = {verifier.name: verifier for verifier in keys.known_witnesses()}
    for checkpoint in Checkpoint.objects.filter(size__gte=size).order_by("-size").prefetch_related("cosignatures"):
        lines = {c.witness: c.line for c in checkpoint.cosignatures.all() if c.witness in known}
        if lines:
            names = sorted(lines)
            key_file = canonical({"log": keys.log_vkey(), "witnesses": [str(known[name]) for name in names]})
            return checkpoint, (checkpoint.note + "".join(lines[name] for name in names)).encode(), key_file
    raise WitnessMissing(
        _(
            "No witness has countersigned the log at {size} entries, so an evidence pack would prove "
            "nothing to an outsider. "
            "Start a witness or name one in EVIDENCE_WITNESSES, and try again."
        ).format(size=size),
        size=size,
    )


def _proof(leaves: list[_Leaf], size: int) -> bytes:
    wanted = merkle.shared_proof((leaf.index for leaf in leaves), size)
    found = read_nodes(wanted)
    return b"".join(b'[%d,%d,"%b"]\n' % (level, index, found[level, index].hex().encode()) for level, index in wanted)


def _write(out: Path, members: list[tuple[str, bytes]]) -> None:
    if sum(len(name) * 2 + len(data) + 100 for name, data in members) > MAX_BYTES:
        raise BadPack(_("The evidence pack would be larger than 4 GB; make several."))
    draft = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            file.writelines(zip_chunks(members))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


def zip_chunks(members: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The ZIP file of `members`, uncompressed, dated 1980-01-01, plain files of mode 0644.

    The same members, the same bytes.
    """
    directory: list[bytes] = []
    offset = 0
    for name, data in members:
        raw = name.encode("ascii")
        common = struct.pack("<HHHHHLLLHH", 20, 0, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(raw), 0)
        header = b"PK\x03\x04" + common + raw
        yield header
        yield data
        attributes = struct.pack("<HHHLL", 0, 0, 0, 0o100644 << 16, offset)
        directory.append(b"PK\x01\x02" + struct.pack("<H", 0x0314) + common + attributes + raw)
        offset += len(header) + len(data)
    length = sum(map(len, directory))
    yield from directory
    yield b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, len(directory), len(directory), length, offset, 0)
