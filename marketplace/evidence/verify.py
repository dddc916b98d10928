"""Check an evidence pack offline. One file for auditors: needs Python 3.11 and `cryptography`, nothing else.

    python verify.py PACK.zip --log-key "VKEY" --witness-key "VKEY" [--replay] [--json]

Give the keys as you received them from the log's operator and from the witnesses themselves, not from the
pack. Without them the pack is checked against the keys that it brings along, which shows damage but not a
forgery of the whole.

It checks: the container, byte for byte; the log's signatures and the witnesses'; that every entry is in the
signed tree; that entries and files are exactly those which the pack's own entry in the log lists; and that
each decision's input, output and engine are the recorded ones; and, in an order's pack, that goods cancelled,
refused or returned took no more out of a decision than was decided, nor more than the log says was lost, that
the statement of a closed year is the one that the log's closing of it names and nothing of the pack counts in
the year after that, and that each decision saw every assistance product of its classes: the book of offers
that it cites, whose root the log has signed, is built anew from the offers' own entries and compared with the
decision's candidates. With --replay it also runs that engine: a Python program FROM THE PACK, whose hash the
log certifies, on each input, and compares the output byte for byte. Exit status 0 only if all is well.
"""

import argparse
import base64
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIXED = ("checkpoint.txt", "keys.json", "manifest.json", "proof.jsonl", "entries.jsonl")
MANIFEST_KIND = "pack.manifest"
DECISIONS = "files/decisions/"
ORDER = "files/order.json"
STATEMENT = "files/statement.json"
OFFERS = "files/offers/"
OFFER, CAPACITY, BOOK = "offer.stands", "offer.capacity", "offers.book"
LOST = {"parcels.cancelled", "parcels.refused", "parcels.returned"}
CLOSED = "year.closed"
# What counts in a gift year. Goods may come back after it was closed: that is booked in the year that is open by then.
COUNTS = {
    "programme.placed",
    "order.placed",
    "order.handed_on",
    "order.taken_over",
    "parcels.cancelled",
    "parcels.refused",
}
COUNTS |= {"outside.registered", "outside.reversed", "year.make_good_due", "year.made_good"}
MAX_SHOWN = 50
PLAIN, TIMESTAMPED = 1, 4

# What every header of a pack's container begins with: version 2.0, no flags, not compressed, 1980-01-01.
LOCAL = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 0, 0, 0x21)
CENTRAL = b"PK\x01\x02" + struct.pack("<H", 0x0314) + LOCAL[4:]
# No comment, one disk, plain file of mode 0644.
ATTRIBUTES = struct.pack("<HHHL", 0, 0, 0, 0o100644 << 16)
_HEADER = struct.Struct("<LLLHH")
_LONG = struct.Struct("<L")

_ENTRY = re.compile(rb"\[(0|[1-9][0-9]{0,18}),(\{.*\})\]")
_NODE = re.compile(rb'\[([1-9]?[0-9]),(0|[1-9][0-9]{0,18}),"([0-9a-f]{64})"\]')
_ENGINE = re.compile(r"files/engine/[^/]+\.py")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_KIND = re.compile(rb',"kind":"([a-z0-9_.]*)"')


class Damaged(Exception):
    """A part that cannot be read at all; the text says which and why."""


@dataclass
class Report:
    """What was checked (part, all well, detail), and every fault."""

    rows: list[tuple[str, bool, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, part: str, faults: list[str], detail: str) -> None:
        """Enter one part's result."""
        self.rows.append((part, not faults, detail if not faults else f"{len(faults)} faults"))
        self.faults.extend(f"{part}: {fault}" for fault in faults)


@dataclass(frozen=True)
class Key:
    """A public key: name, signature type, Ed25519 key."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """How signature lines name it."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]


@dataclass(frozen=True)
class Checkpoint:
    """The signed state of the log."""

    origin: str
    size: int
    root: bytes
    times: tuple[tuple[str, int], ...]


# --- the container
# ----------------------------------------------------------------------------------------------------


def read_members(data: memoryview) -> tuple[dict[str, memoryview], list[str]]:
    """The members of the ZIP by name, and the faults.

    The container must be byte for byte as its contents determine it.
    """
    members: dict[str, memoryview] = {}
    faults: list[str] = []
    directory: list[bytes] = []
    offset = 0
    while bytes(data[offset : offset + 4]) == LOCAL[:4]:
        name, start, size, checksum = _local_header(data, offset)
        content = data[start : start + size]
        if data[offset : offset + 14] != LOCAL or zlib.crc32(content) != checksum:
            faults.append(f"{name}: its header or its checksum is changed")
        if name in members:
            faults.append(f"{name} is there twice")
        members[name] = content
        # The directory repeats the header's fields, puts its own between them and the name, and says where
        # the member is.
        fields = bytes(data[offset + 14 : offset + 30])
        directory.append(CENTRAL + fields + ATTRIBUTES + _LONG.pack(offset) + name.encode())
        offset = start + size
    end = b"".join(directory)
    count = min(len(directory), 0xFFFF)
    end += b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, count, count, len(end), offset, 0)
    if data[offset:] != end:
        faults.append("the directory at its end does not fit its contents, or something was cut off or added")
    expected = [*FIXED, *sorted(name for name in members if name.startswith("files/"))]
    faults.extend(f"{name} is missing" for name in FIXED if name not in members)
    faults.extend(f"{name!r} does not belong into a pack" for name in members.keys() - set(expected))
    if not faults and list(members) != expected:
        faults.append("the members are not in their order")
    return members, faults


def _local_header(data: memoryview, offset: int) -> tuple[str, int, int, int]:
    """A member's name, where its content begins, how long it is, and its checksum."""
    try:
        checksum, packed, size, length, extra = _HEADER.unpack_from(data, offset + 14)
        start = offset + 30 + length
        name = str(data[offset + 30 : start], "ascii")
    except (struct.error, UnicodeDecodeError) as error:
        raise Damaged(f"it cannot be read as a ZIP at byte {offset}") from error
    if extra or packed != size or data[offset + 8] or data[offset + 9]:
        raise Damaged(
            f"the member at byte {offset} is compressed or has extra fields: it is not an evidence pack of ours"
        )
    if start + size > len(data):
        raise Damaged(f"the member at byte {offset} is cut off")
    return name, start, size, checksum


# --- keys and signatures
# ----------------------------------------------------------------------------------------------


def _unbase64(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not canonical base64")
    return raw


def parse_key(vkey: str) -> Key:
    """The key written as a C2SP vkey. Raises Damaged."""
    try:
        name, key_id, material = vkey.split("+", 2)
        raw = _unbase64(material)
    except ValueError as error:
        raise Damaged(f"{vkey[:100]!r} is not a key") from error
    if len(raw) != 33 or raw[0] not in (PLAIN, TIMESTAMPED) or Key(name, raw[0], raw[1:]).id.hex() != key_id:
        raise Damaged(f"{vkey[:100]!r} is not an Ed25519 key, or a character of it was changed")
    return Key(name, raw[0], raw[1:])


def _canonical_json(data: memoryview, name: str) -> Any:
    try:
        value = json.loads(bytes(data))
        again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{name} is not JSON") from error
    if again != data:
        raise Damaged(f"{name} is not in its canonical form")
    return value


def _own_keys(members: dict[str, memoryview]) -> tuple[Key, list[Key]]:
    value = _canonical_json(members["keys.json"], "keys.json")
    witnesses = value.get("witnesses") if isinstance(value, dict) else None
    if not isinstance(witnesses, list) or set(value) != {"log", "witnesses"}:
        raise Damaged("keys.json does not have the log's key and the witnesses'")
    if not all(isinstance(vkey, str) for vkey in [value["log"], *witnesses]):
        raise Damaged("keys.json holds a key that is not text")
    return parse_key(value["log"]), [parse_key(vkey) for vkey in witnesses]


def _verify_line(text: str, key: Key, signature: bytes) -> int | None:
    """The time that was signed, if any. Raises InvalidSignature."""
    message, time = text.encode(), None
    if key.kind == TIMESTAMPED:
        time = int.from_bytes(signature[:8], "big")
        message, signature = f"cosignature/v1\ntime {time}\n{text}".encode(), signature[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except ValueError as error:
        raise InvalidSignature from error
    return time


def _parse_note(note: bytes) -> tuple[str, Checkpoint, list[tuple[str, bytes]]]:
    """The signed text, what it says, and the signatures with their names. Raises ValueError."""
    text, _empty, tail = note.decode().rpartition("\n\n")
    text += "\n"
    origin, size, root, rest = text.split("\n", 3)
    lines = [line.split(" ") for line in tail.removesuffix("\n").split("\n")]
    signatures = [(line[1], _unbase64(line[2])) for line in lines if len(line) == 3 and line[0] == "\N{EM DASH}"]
    if rest or not tail.endswith("\n") or len(signatures) != len(lines) or not _DECIMAL.fullmatch(size):
        raise ValueError("not a checkpoint")
    return text, Checkpoint(origin, int(size), _unbase64(root), ()), signatures


def check_checkpoint(
    note: bytes, log: Key, witnesses: list[Key], trusted: list[Key]
) -> tuple[Checkpoint | None, list[str]]:
    """The checkpoint, and the faults.

    Both of the log's signatures and one of every witness must be there and hold, in this order and no others.
    At least one of the witnesses must be among `trusted`.
    """
    try:
        text, checkpoint, signatures = _parse_note(note)
    except ValueError:
        return None, ["checkpoint.txt is not a signed checkpoint"]
    faults = [] if checkpoint.origin == log.name else [f"it is of {checkpoint.origin!r}, not of {log.name!r}"]
    expected = [log, Key(log.name, TIMESTAMPED, log.public), *witnesses]
    if [(name, raw[:4]) for name, raw in signatures] != [(key.name, key.id) for key in expected]:
        names = ", ".join(key.name for key in expected)
        faults.append(f"its signatures are not those of {names}, once each and in this order")
    by_id = {(key.name, key.id): key for key in expected}
    times: list[tuple[str, int]] = []
    good: set[Key] = set()
    for name, raw in signatures:
        # Names and ids only find the key. What counts is the key itself: an id is short enough to be forged.
        key = by_id.get((name, raw[:4]))
        if key is None:
            continue
        try:
            time = _verify_line(text, key, raw[4:])
        except InvalidSignature:
            faults.append(f"the signature of {name!r} does not hold")
            continue
        good.add(key)
        if time is not None:
            times.append((name, time))
    if not good.intersection(trusted):
        faults.append("no trusted witness has countersigned it")
    return replace(checkpoint, times=tuple(times)), faults


# --- entries and tree
# -------------------------------------------------------------------------------------------------


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 9162: the hash of a leaf."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162: the hash of an interior node."""
    return sha256(b"\x01" + left + right).digest()


def read_entries(data: memoryview) -> tuple[dict[int, bytes], list[str]]:
    """The leaves by index, and the faults."""
    leaves: dict[int, bytes] = {}
    faults: list[str] = []
    lines = bytes(data).split(b"\n")
    if lines.pop():
        faults.append("the last line is cut off")
    last = -1
    for number, line in enumerate(lines, 1):
        match = _ENTRY.fullmatch(line)
        if not match:
            faults.append(f"line {number} is not an entry")
            continue
        index = int(match[1])
        if index <= last:
            faults.append(f"line {number}: the entries are not in the log's order, or one is there twice")
        leaves[index] = match[2]
        last = index
    return leaves, faults


def read_proof(data: memoryview) -> tuple[dict[tuple[int, int], bytes], list[str]]:
    """The tree nodes by (level, index), and the faults."""
    nodes: dict[tuple[int, int], bytes] = {}
    lines = bytes(data).split(b"\n")
    faults = ["the last line is cut off"] if lines.pop() else []
    last = (-1, -1)
    for number, line in enumerate(lines, 1):
        match = _NODE.fullmatch(line)
        place = (int(match[1]), int(match[2])) if match else last
        if not match or place <= last:
            faults.append(f"line {number} is not a node, or not in its order")
            continue
        nodes[place] = bytes.fromhex(match[3].decode())
        last = place
    return nodes, faults


def tree_root(leaves: dict[int, bytes], nodes: dict[tuple[int, int], bytes], size: int) -> bytes:
    """The root of the tree of `size` leaves that the known leaf hashes and exactly the given nodes make.
    Raises Damaged.

    A complete subtree is (level, index). At each level the last one of an odd number is a peak; the peaks,
    from small to large, make the root, as RFC 9162 defines it.
    """
    unused = dict(nodes)
    row = dict(leaves)
    if row and max(row) >= size:
        raise Damaged(f"there is an entry {max(row)}, and the signed log has {size}")
    root, level, width = b"", 0, size
    while width:
        above: dict[int, bytes] = {}
        if width % 2:
            peak = row.pop(width - 1) if width - 1 in row else _take(unused, level, width - 1)
            root = node_hash(peak, root) if root else peak
        for index, value in row.items():
            if index // 2 in above:
                continue
            other = row[index ^ 1] if index ^ 1 in row else _take(unused, level, index ^ 1)
            above[index // 2] = node_hash(other, value) if index % 2 else node_hash(value, other)
        row, level, width = above, level + 1, width // 2
    if unused:
        raise Damaged(f"the proof has {len(unused)} nodes too many")
    return root or sha256(b"").digest()


def _take(nodes: dict[tuple[int, int], bytes], level: int, index: int) -> bytes:
    try:
        return nodes.pop((level, index))
    except KeyError as error:
        raise Damaged(
            f"the proof lacks the node at level {level}, index {index}; an entry may have been taken out"
        ) from error


# --- manifest, files, decisions
# ---------------------------------------------------------------------------------------


def check_manifest(
    manifest: memoryview, leaves: dict[int, bytes], hashes: dict[int, bytes], files: dict[str, memoryview]
) -> tuple[list[str], dict[str, str]]:
    """The faults, and every file's SHA-256.

    Entries and files must be exactly those listed, the list the one that was logged.
    """
    digests = {name: sha256(data).hexdigest() for name, data in files.items()}
    try:
        # Its form needs no check: its hash is in the log.
        value = json.loads(bytes(manifest))
        listed = {int(index): str(value) for index, value in value["entries"]}
        expected = {f"files/{item['name']}": (item["sha256"], item["size"]) for item in value["files"]}
        version = value["version"]
    except (TypeError, KeyError, ValueError, RecursionError) as error:
        raise Damaged("manifest.json does not list entries and files") from error
    faults = [] if version == 1 else [f"manifest.json is of version {version!r}; this program knows 1"]
    for index, digest in listed.items():
        if index not in hashes:
            faults.append(f"entry {index} was taken out")
        elif hashes[index].hex() != digest:
            faults.append(f"entry {index} was changed")
    own = [index for index in leaves if index not in listed]
    faults.extend(_check_own_entry(manifest, [leaves[index] for index in own]))
    for name, (digest, size) in expected.items():
        if name not in files:
            faults.append(f"{name} was taken out")
        elif digests[name] != digest or len(files[name]) != size:
            faults.append(f"{name} was changed")
    faults.extend(f"{name} was added" for name in files if name not in expected)
    return faults, digests


def _check_own_entry(manifest: memoryview, own: list[bytes]) -> list[str]:
    if len(own) != 1:
        return [f"{len(own)} entries are not listed in manifest.json; only the manifest's own entry should not be"]
    try:
        content = json.loads(own[0])
        kind, digest = content["kind"], content["body"]["manifest_sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        kind = digest = None
    if kind != MANIFEST_KIND:
        return ["the manifest's own entry is not in the pack, or an entry was added that manifest.json does not list"]
    return (
        [] if digest == sha256(manifest).hexdigest() else ["manifest.json is not the one that was written to the log"]
    )


@dataclass(frozen=True)
class Decision:
    """One decision's files in the pack: its name, and the member names of engine, input and output."""

    name: str
    engine: str
    source: str
    result: str


def check_decisions(leaves: dict[int, bytes], digests: dict[str, str]) -> tuple[list[Decision], list[str]]:
    """The decisions that can be replayed, and the faults. Empty when the pack brings no decision files."""
    stems = {
        name.removesuffix(".input.json").removesuffix(".output.json")
        for name in digests
        if name.startswith(DECISIONS) and name.endswith((".input.json", ".output.json"))
    }
    if not stems:
        return [], []
    recorded, faults = _recorded_decisions(leaves)
    engines = {digests[name]: name for name in digests if _ENGINE.fullmatch(name)}
    decisions: list[Decision] = []
    there = set()
    for stem in sorted(stems):
        source, result = stem + ".input.json", stem + ".output.json"
        pair = (digests.get(source, ""), digests.get(result, ""))
        there.add(pair)
        engine = recorded.get(pair)
        if engine is None:
            faults.append(f"{stem}: no entry records this input with this output")
        elif engine not in engines:
            faults.append(f"{stem}: its engine (SHA-256 {engine}) is not in the pack under files/engine/")
        else:
            decisions.append(Decision(stem.removeprefix(DECISIONS), engines[engine], source, result))
    faults.extend(
        f"the input or output with SHA-256 {source} is recorded, but not in the pack"
        for source, _result in sorted(recorded.keys() - there)
    )
    return decisions, faults


def _recorded_decisions(leaves: dict[int, bytes]) -> tuple[dict[tuple[str, str], str], list[str]]:
    """The engine's hash by the hashes of input and output, as the entries tell it, and the faults."""
    recorded: dict[tuple[str, str], str] = {}
    faults: list[str] = []
    for index, leaf in leaves.items():
        if b'"input_sha256":' in leaf:
            try:
                body = json.loads(leaf)["body"]
                recorded[str(body["input_sha256"]), str(body["output_sha256"])] = str(body["engine_sha256"])
            except (ValueError, KeyError, TypeError, RecursionError):
                faults.append(f"entry {index} names a decision's input, but not its output and engine")
    return recorded, faults


def check_releases(order: memoryview, leaves: dict[int, bytes]) -> tuple[str, list[str]]:
    """What was released of an order's decisions, in words, and the faults. Raises Damaged.

    A decision's releases are whole units at its price, no more than it decided; all that one loss released is
    worth no more than the log's entry of that loss says.
    """
    lost = _recorded_losses(leaves)
    faults: list[str] = []
    by_loss: dict[int, int] = {}
    units = 0
    try:
        decided = json.loads(bytes(order))["decisions"]
        for number, decision in enumerate(decided, 1):
            releases = [(int(r["loss"]), int(r["quantity"]), int(r["amount"])) for r in decision.get("releases", [])]
            price, released = int(decision["unit_price"]), sum(quantity for _loss, quantity, _fen in releases)
            if released > int(decision["quantity"]):
                faults.append(f"decision {number}: {released} units were released of {decision['quantity']} decided")
            if any(quantity < 1 or fen != quantity * price for _loss, quantity, fen in releases):
                faults.append(f"decision {number}: a release is not of whole units at its price")
            for loss, _quantity, fen in releases:
                by_loss[loss] = by_loss.get(loss, 0) + fen
            units += released
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"{ORDER} does not list decisions and their releases") from error
    for loss, fen in sorted(by_loss.items()):
        if loss not in lost:
            faults.append(f"loss {loss}: {fen} fen were released, and no entry tells of it")
        elif fen > lost[loss]:
            faults.append(f"loss {loss}: {fen} fen were released, and the log says that {lost[loss]} were lost")
    return f"{units} units of {len(decided)} decisions count no longer, for {len(by_loss)} losses in the log", faults


def _recorded_losses(leaves: dict[int, bytes]) -> dict[int, int]:
    """What each loss was worth (fen), by its number, as the entries tell it."""
    lost: dict[int, int] = {}
    for leaf in leaves.values():
        if _kind(leaf) in LOST:
            body = json.loads(leaf)["body"]
            lost[int(body["loss"])] = int(body["amount"])
    return lost


def check_year(statement: memoryview, leaves: dict[int, bytes]) -> tuple[str, list[str]]:
    """Whether the statement's gift year is closed, in words, and the faults. Raises Damaged.

    A closed year's statement is to the byte the one that its closing in the log names, and of the entries here
    none that counts in the year comes after that.
    """
    entries = {index: leaf for index, leaf in leaves.items() if _kind(leaf) in {CLOSED, *COUNTS}}
    try:
        told = json.loads(bytes(statement))
        year, closed_on = (told["union"], told["year"]), str(told["closed_on"])
        read = {index: json.loads(leaf) for index, leaf in entries.items()}
        said = {index: entry for index, entry in read.items() if _year_of(entry) in {None, year}}
        closings = [index for index, entry in said.items() if entry["kind"] == CLOSED]
        if not closings:
            missing = f"{STATEMENT} says that the year was closed on {closed_on}, and no entry of the log closes it"
            return f"the gift year {year[1]} of {year[0]} is open", [missing] if closed_on else []
        first = min(closings)
        digest, union = said[first]["body"]["statement_sha256"], said[first]["union"]
        later = [index for index, entry in said.items() if index > first and entry["union"] == union]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Damaged(f"{STATEMENT} is no statement of a year, or an entry of that year cannot be read") from error
    faults = [f"entry {index}, {said[index]['kind']}, came after entry {first} closed the year" for index in later]
    if digest != sha256(statement).hexdigest():
        faults.append(f"{STATEMENT} is not the statement with which entry {first} closed the year")
    return f"the gift year {year[1]} of {year[0]} was closed on {closed_on} with the statement in the pack", faults


def _year_of(entry: dict[str, Any]) -> tuple[str, int] | None:
    """The union and year that an entry about a year is about."""
    return (entry["body"]["union"], entry["body"]["year"]) if entry["kind"].startswith("year.") else None


def _kind(leaf: bytes) -> str:
    """The kind of an entry, read without the rest: keys are sorted, only subject and union follow, and quotes in them are escaped."""
    match = _KIND.match(leaf, leaf.rfind(b',"kind":"'))
    return match[1].decode() if match else ""


# --- the offer book
# ----------------------------------------------------------------------------------------------------

# The criteria that an offer's own entry decides. What else a candidate failed is a comparison with the ordinary product.
CRITERIA = {"accreditation_expired", "county_not_listed", "producer_suspended", "not_listed", "not_delivered_there"}
CRITERIA |= {f"accreditation_{state}" for state in ("suspended", "revoked")}


@dataclass
class OfferLog:
    """What the pack's entries say of offers, by their places in the log."""

    offers: dict[int, dict[str, Any]] = field(default_factory=dict)
    capacities: dict[int, dict[str, Any]] = field(default_factory=dict)
    books: dict[int, dict[str, Any]] = field(default_factory=dict)
    decisions: dict[str, int] = field(default_factory=dict)  # by the SHA-256 of their inputs


@dataclass
class Shelf:
    """What a decision had to see: per offer of the book and of the entries since, everything that it may have been."""

    in_book: dict[int, dict[str, Any]] = field(default_factory=dict)
    since: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    units: dict[int, list[int]] = field(default_factory=dict)  # by stock

    def versions(self, offer: int) -> list[dict[str, Any]]:
        """What is known of an offer, oldest first."""
        first = [self.in_book[offer]] if offer in self.in_book else []
        return first + self.since.get(offer, [])


def read_offer_log(leaves: dict[int, bytes]) -> OfferLog:
    """Sort the entries that a decision's completeness rests on. Raises Damaged."""
    log = OfferLog()
    places = {OFFER: log.offers, CAPACITY: log.capacities, BOOK: log.books}
    for index, leaf in leaves.items():
        kind = _kind(leaf)
        try:
            if kind in places:
                places[kind][index] = json.loads(leaf)["body"]
            elif b'"input_sha256":' in leaf:
                log.decisions[json.loads(leaf)["body"]["input_sha256"]] = index
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Damaged(f"entry {index} cannot be read") from error
    return log


def check_offers(
    files: dict[str, memoryview], leaves: dict[int, bytes], digests: dict[str, str]
) -> tuple[str, list[str], list[str]]:
    """Whether each decision saw every assistance product of its classes: in words, the faults, the notes. Raises Damaged."""
    log, hashes = read_offer_log(leaves), {index: leaf_hash(leaf) for index, leaf in leaves.items()}
    faults: list[str] = []
    early = seen = followed = 0
    cited: set[str] = set()
    for name in sorted(name for name in digests if name.startswith(DECISIONS) and name.endswith(".input.json")):
        decision, place = name.removeprefix(DECISIONS).removesuffix(".input.json"), log.decisions.get(digests[name])
        if place is None:
            continue  # check_decisions has said so
        try:
            asked = json.loads(bytes(files[name]))
            root = asked["offer_book_root"]
            size = _cited_book(log, root, place)
            if size is None:
                early += 1
                continue
            shelf = _shelf(log, hashes, files, root, size, place, {line["commodity_class"] for line in asked["lines"]})
            faults += [f"{decision}: {fault}" for fault in _missing(asked, shelf)]
        except Damaged as error:
            faults.append(f"{decision}: {error}")
            continue
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Damaged(f"{name} or the book of offers that it cites cannot be read ({error!r})") from error
        cited.add(root)
        seen += 1
        followed += sum(map(len, shelf.since.values()))
    note = f"{early} decisions were made before a book of offers was signed: nothing shows that they saw every product."
    detail = f"{seen} decisions saw every assistance product of their classes: {len(cited)} signed books, {followed} changes since"
    return detail, faults, [note] if early else []


def _cited_book(log: OfferLog, root: str, place: int) -> int | None:
    """The size of the book with that root, signed last before the decision; None before there were any. Raises Damaged."""
    found = [(index, int(book["size"])) for index, book in log.books.items() if book["root"] == root and index < place]
    if found:
        return max(found)[1]
    first = min((index for index, book in log.books.items() if book["number"] == 1), default=None)
    if any(index < place for index in log.books) or (root and first is None):
        raise Damaged(f"no entry before it signs the book of offers {root[:16] or '(none)'}… that it cites")
    return None


def _shelf(
    log: OfferLog,
    hashes: dict[int, bytes],
    files: dict[str, memoryview],
    root: str,
    size: int,
    place: int,
    codes: set[str],
) -> Shelf:
    """Build the classes of the book anew from the offers' entries, and follow what changed until the decision. Raises Damaged."""
    name = f"{OFFERS}{root}.json"
    if name not in files:
        raise Damaged(f"the book of offers {root[:16]}… is not in the pack")
    book = _canonical_json(files[name], name)
    if sha256(json.dumps(book["classes"], ensure_ascii=False, separators=(",", ":")).encode()).hexdigest() != root:
        raise Damaged(f"the classes in {name} do not give the root that was signed")
    said = {code: (offers, value) for code, offers, value in book["classes"]}
    shelf = Shelf()
    for code in sorted(codes - {""}):
        members = book["members"].get(code, [])
        made = _put_in(shelf, log, hashes, size, code, members)
        if (len(members), made) != said.get(code, (0, sha256(b"").hexdigest())):
            raise Damaged(
                f"the offers listed for {code} are not those of the signed book: one was left out, added or changed"
            )
    for index, body in sorted(log.offers.items()):
        if size <= index < place:
            shelf.since.setdefault(body["offer"], []).append(body)
    held = set(shelf.units)
    for index, body in sorted(log.capacities.items()):
        # Of an offer that came into the class since, whatever was said of its stock before.
        if index < place and (index >= size or body["stock"] not in held):
            shelf.units.setdefault(body["stock"], [0]).append(body["capacity"])
    return shelf


def _put_in(
    shelf: Shelf, log: OfferLog, hashes: dict[int, bytes], size: int, code: str, members: list[list[int]]
) -> str:
    """Put a class's offers into the shelf; SHA-256 over their entries, in hex. Raises Damaged."""
    last, parts = -1, []
    for offer, index, capacity in members:
        body = log.offers.get(index)
        units = {"stock": body["stock"], "capacity": 0} if body and capacity < 0 else log.capacities.get(capacity)
        if body is None or units is None:
            raise Damaged(f"an entry of the offer {offer}, which the book holds in {code}, is not in the pack")
        if (body["offer"], body["class"], units["stock"]) != (offer, code, body["stock"]) or offer <= last:
            raise Damaged(f"entry {index} is not of the offer {offer} in {code}")
        if max(index, capacity) >= size:
            raise Damaged(f"entry {index} came after the book in which it is said to be")
        parts += [hashes[index]] + ([hashes[capacity]] if capacity >= 0 else [])
        shelf.in_book[offer], last = body, offer
        shelf.units.setdefault(body["stock"], []).append(units["capacity"])
    return sha256(b"".join(parts)).hexdigest()


def _missing(asked: dict[str, Any], shelf: Shelf) -> list[str]:
    """What a decision's lines did not see, or saw otherwise than it stood."""
    faults: list[str] = []
    day = asked["decided_on"]
    for line in asked["lines"]:
        code, where = line["commodity_class"], f"line {line['ref']}"
        mine = {offer for offer in [*shelf.in_book, *shelf.since] if _ever(shelf, offer, code)}
        if not code:
            continue
        if line["assistance"]:
            told = [body for offer in mine for body in shelf.versions(offer) if _same(line, body)]
            if not any(not failings(body, day) for body in told if body.get("class") == code):
                faults.append(f"{where}: {line['product']} of {line['producer']} is no assistance product of the book")
            continue
        open_offers = set(mine)
        for candidate in line["candidates"]:
            named = f"{candidate['product']} of {candidate['producer']}"
            same = [offer for offer in mine if any(_same(candidate, body) for body in shelf.versions(offer))]
            if not same:
                faults.append(f"{where}: the candidate {named} is no offer of the book")
            elif not any(_stood(candidate, body, shelf, line, day) for o in same for body in shelf.versions(o)):
                faults.append(f"{where}: the candidate {named} is not as it stood in the book")
            open_offers -= set(same)
        for offer in sorted(open_offers):
            first = shelf.in_book.get(offer)
            if first and first["class"] == code and all(_of(body, code) for body in shelf.since.get(offer, [])):
                faults.append(
                    f"{where}: {first['product']} of {first['producer']}, an assistance product of {code}, is missing"
                )
    return faults


def _of(body: dict[str, Any], code: str) -> bool:
    return bool(body.get("accreditation")) and body.get("class") == code


def _ever(shelf: Shelf, offer: int, code: str) -> bool:
    return any(_of(body, code) for body in shelf.versions(offer))


def _same(one: dict[str, Any], body: dict[str, Any]) -> bool:
    """Whether a candidate or line is of this offer, under this accreditation."""
    facts = (str(body.get("product")), body.get("producer"), body.get("accreditation"))
    return facts == (one["product"], one["producer"], one["accreditation"])


def failings(body: dict[str, Any], day: str) -> set[str]:
    """Why an offer, as its entry says it stood, was no assistance offer on that day."""
    found = set()
    if body["state"] != "valid":
        found.add(f"accreditation_{body['state']}")
    elif not body["from"] <= day < body["to"]:
        found.add("accreditation_expired")
    found |= {name for name, key in _FLAGS if not body[key]}
    return found


_FLAGS = (("county_not_listed", "county_listed"), ("producer_suspended", "standing"), ("not_listed", "listed"))


def _stood(candidate: dict[str, Any], body: dict[str, Any], shelf: Shelf, line: dict[str, Any], day: str) -> bool:
    """Whether a candidate says what the offer's entry says: price to the region, day of arrival, content, criteria, stock."""
    if not _of(body, line["commodity_class"]):
        return False
    fitting = [d for d in body["deliveries"] if line["region"].startswith(d["region"])]
    delivery = max(fitting, key=lambda d: len(d["region"]), default=None)
    ready = (date.fromisoformat(day) + timedelta(days=delivery["days"])).isoformat() if delivery else ""
    criteria = failings(body, day) | (set() if delivery else {"not_delivered_there"})
    units = candidate["available"]
    capacity = 1 << (units.bit_length() - 1) if units > 0 else 0
    facts = (
        candidate["price_fen"] == body["price"] + (delivery["freight"] if delivery else 0),
        candidate["ready_on"] == ready,
        candidate["content"] == max(body["content"], 1),
        candidate["county"] == body["county"],
        bool(candidate["assistance"]) == (body["state"] == "valid"),
        set(candidate["reasons"]) & CRITERIA == criteria,
        capacity in shelf.units.get(body["stock"], [0]),
    )
    return all(facts)


def replay(decisions: list[Decision], files: dict[str, memoryview]) -> list[str]:
    """Run each decision's engine on its input and compare.

    The faults. Executes code from the pack: see the module's text.
    """
    with tempfile.TemporaryDirectory() as folder:
        for engine in {decision.engine for decision in decisions}:
            (Path(folder) / Path(engine).name).write_bytes(files[engine])

        def again(job: tuple[int, Decision]) -> str | None:
            number, decision = job
            source = Path(folder) / f"{number}.json"
            source.write_bytes(files[decision.source])
            command = [sys.executable, "-I", str(Path(folder) / Path(decision.engine).name), str(source)]
            try:
                done = subprocess.run(command, capture_output=True, timeout=60, cwd=folder, env={}, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                return f"{decision.name}: the engine did not finish: {error}"
            finally:
                source.unlink()
            if done.returncode:
                said = done.stderr.decode(errors="replace").strip()
                return f"{decision.name}: the engine failed: {said[-200:]}"
            same = done.stdout == files[decision.result]
            return None if same else f"{decision.name}: the engine decides otherwise"

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return [fault for fault in pool.map(again, enumerate(decisions)) if fault]


# --- all together
# -----------------------------------------------------------------------------------------------------


def verify(
    data: bytes, log_key: str | None = None, witness_keys: list[str] | None = None, *, run: bool = False
) -> Report:
    """Check a whole pack. Never raises on bad contents: everything found is in the report."""
    report = Report()
    try:
        members, faults = read_members(memoryview(data))
        report.add("container", faults, f"{len(members)} members, {len(data):,} bytes")
        if all(name in members for name in FIXED):
            _verify_members(report, members, log_key, witness_keys or [], run=run)
    except Damaged as error:
        report.add("pack", [str(error)], "")
    except Exception as error:  # A hostile file must end in a sentence, whatever it found.
        report.add(
            "pack",
            [f"it is damaged in a way that nothing else reported ({type(error).__name__}: {error})"],
            "",
        )
    return report


def _verify_members(
    report: Report, members: dict[str, memoryview], log_key: str | None, witness_keys: list[str], *, run: bool
) -> None:
    leaves, faults = read_entries(members["entries.jsonl"])
    hashes = {index: leaf_hash(leaf) for index, leaf in leaves.items()}
    report.add("entries", faults, _by_kind(leaves))
    checkpoint = _verify_keys(report, members, log_key, witness_keys)
    nodes, faults = read_proof(members["proof.jsonl"])
    try:
        if checkpoint and tree_root(hashes, nodes, checkpoint.size) != checkpoint.root:
            faults.append("the entries do not give the signed root: at least one was changed, or the proof was")
    except Damaged as error:
        faults.append(str(error))
    if checkpoint is None:
        faults.append("without a checkpoint nothing shows that the entries are in the log")
    report.add("inclusion", faults, f"all entries are in the signed log, shown by {len(nodes)} further nodes")
    _verify_files(report, members, leaves, hashes, run=run)


def _verify_files(
    report: Report, members: dict[str, memoryview], leaves: dict[int, bytes], hashes: dict[int, bytes], *, run: bool
) -> None:
    files = {name: data for name, data in members.items() if name.startswith("files/")}
    try:
        faults, digests = check_manifest(members["manifest.json"], leaves, hashes, files)
    except Damaged as error:
        report.add("manifest", [str(error)], "")
        return
    report.add("manifest", faults, f"nothing taken out, added or changed; {len(files)} files")
    decisions, faults = check_decisions(leaves, digests)
    if decisions or faults:
        report.add("decisions", faults, f"{len(decisions)} with recorded input, output and engine")
    if ORDER in files:
        _enter(report, "releases", lambda: check_releases(files[ORDER], leaves))
        if STATEMENT in files:
            _enter(report, "year", lambda: check_year(files[STATEMENT], leaves))
        _verify_offers(report, files, leaves, digests)
    if run and decisions:
        if report.faults:
            report.notes.append("Nothing was replayed: code from a pack that does not verify is not run.")
        else:
            report.notes.append("The replay ran the engine from the pack, whose hash the log certifies.")
            report.add(
                "replay",
                replay(decisions, files),
                f"{len(decisions)} decisions come out the same, byte for byte",
            )


def _enter(report: Report, part: str, check: Callable[[], tuple[str, list[str]]]) -> None:
    """Enter what a check says of a part, or that it cannot be read."""
    try:
        detail, faults = check()
    except Damaged as error:
        detail, faults = "", [str(error)]
    report.add(part, faults, detail)


def _verify_offers(
    report: Report, files: dict[str, memoryview], leaves: dict[int, bytes], digests: dict[str, str]
) -> None:
    try:
        detail, faults, notes = check_offers(files, leaves, digests)
    except Damaged as error:
        detail, faults, notes = "", [str(error)], []
    report.add("offers", faults, detail)
    report.notes += notes


def _verify_keys(
    report: Report, members: dict[str, memoryview], log_key: str | None, witness_keys: list[str]
) -> Checkpoint | None:
    faults: list[str] = []
    log, witnesses = _own_keys(members)
    if log_key:
        given = parse_key(log_key)
        if given != log:
            faults.append("keys.json names another key for the log than the one you gave")
        log = given
    else:
        report.notes.append("The log's key was taken from the pack itself. Give the one you know with --log-key.")
    trusted = [parse_key(vkey) for vkey in witness_keys]
    if not trusted:
        report.notes.append(
            "The witnesses' keys were taken from the pack itself. Give those you know with --witness-key."
        )
        trusted = witnesses
    if any(key.kind != TIMESTAMPED or key.public == log.public for key in [*witnesses, *trusted]):
        faults.append("a witness's key is not of type 4, or is the log's own")
    checkpoint, more = check_checkpoint(bytes(members["checkpoint.txt"]), log, witnesses, trusted)
    times = dict(checkpoint.times) if checkpoint else {}
    signed = ", ".join(f"{name} {_moment(time)}" for name, time in times.items())
    detail = (
        f"{checkpoint.origin}, {checkpoint.size:,} entries, root {checkpoint.root.hex()[:16]}…; {signed}"
        if checkpoint
        else ""
    )
    report.add("checkpoint", [*faults, *more], detail)
    return checkpoint


def _moment(time: int) -> str:
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"at {time} s"


def _by_kind(leaves: dict[int, bytes]) -> str:
    counts: dict[str, int] = {}
    for leaf in leaves.values():
        kind = _kind(leaf) or "?"
        counts[kind] = counts.get(kind, 0) + 1
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    more = f" and {len(most) - 6} other kinds" if len(most) > 6 else ""
    return f"{len(leaves):,}: " + ", ".join(f"{count:,} {kind}" for kind, count in most[:6]) + more


TITLES = {
    "pack": "证据包 pack",
    "container": "容器 container",
    "entries": "记录 entries",
    "checkpoint": "检查点 checkpoint",
    "inclusion": "在日志中 inclusion",
    "manifest": "清单 manifest",
    "decisions": "判定 decisions",
    "releases": "核减 releases",
    "year": "年度 year",
    "offers": "在售台账 offers",
    "replay": "重放 replay",
}


def _text(report: Report, name: str) -> str:
    def padded(text: str, width: int) -> str:
        return text + " " * (width - sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text))

    lines = [f"证据包核验 Verification of {name}", ""]
    lines += [
        f"  {padded(TITLES[part], 22)}{padded('通过 ok' if ok else '不符 BAD', 10)}{detail}"
        for part, ok, detail in report.rows
    ]
    if report.faults:
        lines += ["", "发现 Found:", *(f"  - {_plain(fault)}" for fault in report.faults[:MAX_SHOWN])]
        if len(report.faults) > MAX_SHOWN:
            lines.append(f"  … and {len(report.faults) - MAX_SHOWN} more (--json lists all)")
    lines += ["", *(f"注意 Note: {note}" for note in report.notes)] if report.notes else []
    result = f"不通过 NOT GOOD: {len(report.faults)} faults" if report.faults else "全部通过 ALL GOOD"
    return "\n".join([*lines, "", result])


def _plain(text: str) -> str:
    """Without control characters, which a hostile pack might send to the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Check an evidence pack offline.")
    parser.add_argument("file", type=Path, help="the pack (.zip)")
    parser.add_argument("--log-key", metavar="VKEY", help="the log's public key, from its operator")
    parser.add_argument(
        "--witness-key", metavar="VKEY", action="append", help="a witness's public key; may be repeated"
    )
    parser.add_argument(
        "--replay",
        action="store_true",
        help="also run the pack's engine on every decision (runs code from the pack)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args(arguments)
    try:
        if options.file.stat().st_size >= 2**32:
            raise OSError("it is larger than any pack can be (4 GB)")
        data = options.file.read_bytes()
    except (OSError, MemoryError) as error:
        report = Report()
        report.add("pack", [f"{options.file} cannot be read: {error}"], "")
    else:
        report = verify(data, options.log_key, options.witness_key, run=options.replay)
    if options.json:
        rows = [{"part": part, "ok": ok, "detail": detail} for part, ok, detail in report.rows]
        result = {"ok": not report.faults, "checks": rows, "faults": report.faults, "notes": report.notes}
        sys.stdout.buffer.write(json.dumps(result, ensure_ascii=False, indent=1).encode(errors="replace") + b"\n")
    else:
        sys.stdout.buffer.write(_text(report, str(options.file)).encode(errors="replace") + b"\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
