"""Papers on file beside a plan: minutes, quotations, notices, and what comes with the order. What is filed stays filed."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from marketplace.organisations.models import Role, User
from marketplace.organisations.paper_files import checked
from marketplace.organisations.papers import scanned
from marketplace.organisations.queries import holds, require
from procurement.programmes.models import Paper, PaperKind, Programme
from procurement.programmes.states import locked_programme, record_step


def file_paper(actor: User, programme: Programme, kind: PaperKind, file_name: str, content: bytes) -> Paper:
    """Put a paper on file, before or after the order. The same file again returns the first paper.

    Raises NotAllowed, PaperTooLarge, NoPaper.
    """
    if not holds(actor, Role.BUYER, programme.union):
        require(actor, Role.APPROVER, programme.union)
    found = checked(file_name, content)
    with transaction.atomic():
        locked = locked_programme(programme)
        earlier: Paper | None = Paper.objects.filter(programme=locked, sha256=found.sha256).first()
        if earlier is not None:
            return earlier
        paper: Paper = Paper.objects.create(programme=locked, union=locked.union, kind=kind, **scanned(found, actor))
        record_step("paper.filed", locked, kind=kind.value, sha256=found.sha256, size=len(content))
    return paper


def papers_of(programme: Programme) -> QuerySet[Paper]:
    """The papers on file without their content."""
    return Paper.objects.filter(programme=programme).select_related("added_by").defer("content")
