"""Signed notes, checkpoints and cosignatures, as C2SP signed-note, tlog-checkpoint and tlog-cosignature (v1,
Ed25519) define them.

Pure: knows neither Django nor a database. A key is written as a *vkey*: `<name>+<key id, 8 hex
digits>+<base64 of type and key>`.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PLAIN = 0x01
TIMESTAMPED = 0x04
MAX_LINES = 64
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class NoteError(ValueError):
    """A note, key or checkpoint that is malformed, or whose signature does not verify."""


@dataclass(frozen=True)
class Verifier:
    """A public key with its name and signature type (PLAIN or TIMESTAMPED)."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which signature lines name the key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """The vkey."""
        return f"{self.name}+{self.key_id.hex()}+{_encode(bytes([self.kind]) + self.public)}"

    def check(self) -> None:
        """Raise NoteError when the name cannot be written in a note."""
        _check_name(self.name)

    def as_kind(self, kind: int) -> "Verifier":
        """The same key and name for another signature type."""
        return Verifier(self.name, kind, self.public)


@dataclass(frozen=True)
class Signer:
    """A private key with the name that it signs under."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    def verifier(self, kind: int = PLAIN) -> Verifier:
        """The public half, for signatures of `kind`."""
        _check_name(self.name)
        return Verifier(self.name, kind, self.private.public_key().public_bytes_raw())


@dataclass(frozen=True)
class Line:
    """One signature line: who signed, by which key, and the signature's bytes (for TIMESTAMPED with the time
    in front).
    """

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"\N{EM DASH} {self.name} {_encode(self.key_id + self.signature)}\n"


@dataclass(frozen=True)
class Note:
    """A text that ends in a newline, and its signature lines."""

    text: str
    lines: tuple[Line, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(str(line) for line in self.lines)


@dataclass(frozen=True)
class Verified:
    """A signature that holds: whose, and when (POSIX seconds; None for a plain signature)."""

    verifier: Verifier
    time: int | None
    line: Line


@dataclass(frozen=True)
class Checkpoint:
    """The state of a log: its origin, number of leaves and root hash.

    Extension lines are kept but mean nothing.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The note text."""
        return "\n".join([self.origin, str(self.size), _encode(self.root), *self.extensions]) + "\n"


def parse_vkey(vkey: str) -> Verifier:
    """The key written as `vkey`. Raises NoteError."""
    name, _, rest = vkey.partition("+")
    key_id, _, material = rest.partition("+")
    _check_name(name)
    raw = _decode(material)
    if len(raw) != 33 or raw[0] not in (PLAIN, TIMESTAMPED):
        raise NoteError(f"the key of {name} is not an Ed25519 key of type 1 or 4")
    verifier = Verifier(name, raw[0], raw[1:])
    if verifier.key_id.hex() != key_id:
        raise NoteError(f"the key of {name} does not have the id {key_id}: a character was changed")
    return verifier


def parse(source: str) -> Note:
    """The note written as `source`. Raises NoteError."""
    if any(ord(character) < 32 and character != "\n" for character in source):
        raise NoteError("a note holds no control characters but newlines")
    cut = source.rfind("\n\n")
    if cut < 0 or not source.endswith("\n"):
        raise NoteError("a note is a text, an empty line and signature lines, each ended by a newline")
    lines = parse_lines(source[cut + 2 :])
    if not lines:
        raise NoteError("the note is not signed")
    return Note(source[: cut + 1], lines)


def parse_lines(source: str) -> tuple[Line, ...]:
    """The signature lines written as `source`. Raises NoteError."""
    if source and not source.endswith("\n"):
        raise NoteError("a signature line ends in a newline")
    written = source.split("\n")[:-1]
    if len(written) > MAX_LINES:
        raise NoteError(f"more than {MAX_LINES} signature lines")
    return tuple(_parse_line(line) for line in written)


def _parse_line(line: str) -> Line:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\N{EM DASH}":
        raise NoteError("a signature line is an em dash, a name and a signature, each after one space")
    _check_name(parts[1])
    raw = _decode(parts[2])
    if len(raw) < 5:
        raise NoteError(f"the signature of {parts[1]} is too short")
    return Line(parts[1], raw[:4], raw[4:])


def sign(text: str, signer: Signer) -> Line:
    """A plain signature over the note text."""
    return Line(signer.name, signer.verifier(PLAIN).key_id, signer.private.sign(text.encode()))


def cosign(text: str, signer: Signer, time: int) -> Line:
    """A timestamped signature over a checkpoint's text; `time` in POSIX seconds."""
    signature = signer.private.sign(_cosigned(text, time))
    return Line(signer.name, signer.verifier(TIMESTAMPED).key_id, time.to_bytes(8, "big") + signature)


def verify(note: Note, verifiers: Iterable[Verifier]) -> list[Verified]:
    """The signatures of `note` by the given keys; lines of other keys are passed over.

    Raises NoteError when a line of a given key does not verify. An empty answer means that none of the keys
    signed.
    """
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    return [
        Verified(verifier, _verify_line(note.text, line, verifier), line)
        for line in note.lines
        if (verifier := known.get((line.name, line.key_id)))
    ]


def _verify_line(text: str, line: Line, verifier: Verifier) -> int | None:
    message, signature, time = text.encode(), line.signature, None
    if verifier.kind == TIMESTAMPED:
        time = int.from_bytes(signature[:8], "big")
        message, signature = _cosigned(text, time), signature[8:]
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise NoteError(f"the signature of {line.name} does not verify") from error
    return time


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text. Raises NoteError."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise NoteError("a checkpoint is at least three lines: origin, size and root")
    origin, size, root, *extensions = lines[:-1]
    if not _DECIMAL.fullmatch(size):
        raise NoteError("the checkpoint's size is not a plain decimal")
    digest = _decode(root)
    if len(digest) != 32:
        raise NoteError("the checkpoint's root is not 32 bytes")
    return Checkpoint(origin, int(size), digest, tuple(extensions))


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _check_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise NoteError(f"{name!r} is not a key name: it must not be empty or hold spaces or '+'")


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(text: str) -> bytes:
    """Base64, refusing every spelling but the one that encoding gives."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("not base64") from error
    if _encode(raw) != text:
        raise NoteError("not canonical base64")
    return raw
