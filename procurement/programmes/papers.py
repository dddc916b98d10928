"""Papers on file beside a plan: minutes, quotations, notices, and what comes with the order. What is filed stays filed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePath

from django.db import transaction
from django.db.models import QuerySet

from marketplace.organisations.models import Role, User
from marketplace.organisations.personal import decrypt_bytes, encrypt_bytes
from marketplace.organisations.queries import holds, require
from procurement.programmes.errors import NoPaper, PaperTooLarge
from procurement.programmes.models import Paper, PaperKind, Programme
from procurement.programmes.states import locked_programme, record_step

MAX_BYTES = 10 * 1024 * 1024

# A paper is what its first bytes say, whatever its name.
_SIGNATURES = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@dataclass(frozen=True)
class Checked:
    """A file that can be kept as a paper: its bare name, what it is inside, its bytes and their hash."""

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


def file_paper(actor: User, programme: Programme, kind: PaperKind, file_name: str, content: bytes) -> Paper:
    """Put a paper on file, before or after the order. The same file again returns the first paper.

    Raises NotAllowed, PaperTooLarge, NoPaper.
    """
    if not holds(actor, Role.BUYER, programme.union):
        require(actor, Role.APPROVER, programme.union)
    file = checked(file_name, content)
    with transaction.atomic():
        locked = locked_programme(programme)
        earlier: Paper | None = Paper.objects.filter(programme=locked, sha256=file.sha256).first()
        if earlier is not None:
            return earlier
        paper: Paper = Paper.objects.create(
            programme=locked, union=locked.union, kind=kind, file_name=file.name, media_type=file.media_type, size=len(content),
            sha256=file.sha256, content=encrypt_bytes(content), added_by=actor,
        )  # fmt: skip
        record_step("paper.filed", locked, kind=kind.value, sha256=file.sha256, size=len(content))
    return paper


def papers_of(programme: Programme) -> QuerySet[Paper]:
    """The papers on file without their content."""
    return Paper.objects.filter(programme=programme).select_related("added_by").defer("content")


def content_of(paper: Paper) -> bytes:
    """The bytes as they were filed."""
    return decrypt_bytes(bytes(paper.content))
