"""Papers beside a request for an exception: what is filed stays filed (docs/decisions/0020-papers-on-file.md)."""

from __future__ import annotations

from django.db import transaction

from marketplace.evidence.actions import record
from marketplace.organisations.models import Role, User
from marketplace.organisations.paper_files import checked
from marketplace.organisations.papers import scanned
from marketplace.organisations.queries import require
from procurement.priority.models import FiledPaper, PriorityException


def file_ground(actor: User, exception: PriorityException, file_name: str, content: bytes) -> FiledPaper:
    """Put a paper on file that proves the grounds. The same file again returns the first paper.

    Raises NotAllowed, PaperTooLarge, NoPaper.
    """
    require(actor, Role.BUYER, exception.union)
    found = checked(file_name, content)
    with transaction.atomic():
        paper: FiledPaper
        paper, is_new = FiledPaper.objects.get_or_create(
            exception=exception,
            sha256=found.sha256,
            defaults=scanned(found, actor) | {"union": exception.union},
        )
        if is_new:
            body = {"number": exception.number, "sha256": found.sha256, "size": len(content)}
            record("exception.paper", body, subject=f"exception:{exception.number}", union_id=exception.union_id)
    return paper
