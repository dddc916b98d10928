"""What a scanned paper may be: PDF, JPEG or PNG by its first bytes, whatever its name, and not too large."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePath

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError

MAX_BYTES = 10 * 1024 * 1024

_SIGNATURES = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@dataclass(frozen=True)
class Checked:
    """A file that can be kept as a paper: its bare name, what it is inside, its bytes and their hex SHA-256."""

    name: str
    media_type: str
    content: bytes
    sha256: str


def checked(file_name: str, content: bytes) -> Checked:
    """The file, if it is a paper. Raises PaperTooLarge, NoPaper."""
    name = PurePath(file_name).name[:200]
    if len(content) > MAX_BYTES:
        raise PaperTooLarge(name=name, most=MAX_BYTES // 1024 // 1024)
    media_type = next((kind for signature, kind in _SIGNATURES.items() if content.startswith(signature)), None)
    if media_type is None:
        raise NoPaper(name=name)
    return Checked(name, media_type, content, hashlib.sha256(content).hexdigest())


class PaperTooLarge(HouseError):
    """A scan that nobody needs that large."""

    code = "paper_too_large"
    sentence = _("“%(name)s” is larger than %(most)s MB. Scan it with a lower resolution, or split it.")


class NoPaper(HouseError):
    """A file that is not what papers are kept as."""

    code = "no_paper"
    sentence = _(
        "“%(name)s” is no PDF, JPEG or PNG inside, whatever its name says. Scan or export the paper as one of these."
    )
