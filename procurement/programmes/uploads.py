"""Large lists are read by a worker: the upload waits, encrypted, and its step reads it in one transaction."""

from __future__ import annotations

import base64
import hashlib
from pathlib import PurePath

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.refusals import kept
from marketplace.organisations.scopes import seen_by
from marketplace.spreadsheets.workbook import refuse_other_types
from marketplace.spreadsheets.workbook_limits import WorkbookError
from marketplace.steps.actions import retry as retry_step
from marketplace.steps.actions import write
from marketplace.steps.models import Step, StepState
from procurement.programmes.actions import import_roster
from procurement.programmes.errors import BadFile
from procurement.programmes.models import ImportState, Programme, RosterImport
from procurement.programmes.states import locked_draft

READ = "roster.read"
# Some 2,000 rows of a workbook; how many there are is known only once it has been read.
READ_AT_ONCE = 120_000


def take_roster(actor: User, programme: Programme, file_name: str, content: bytes) -> RosterImport:
    """Read a small list at once; let a large one wait for a worker. The same file again, while it waits, is the same import.

    Raises NotAllowed, WrongState; BadFile for what is read at once, and for what its first bytes show to be no list: nobody should
    have to wait to hear that they picked a picture.
    """
    if len(content) <= READ_AT_ONCE:
        return import_roster(actor, programme, file_name, content)
    require(actor, Role.BUYER, programme.union)
    try:
        refuse_other_types(content)
    except WorkbookError as error:
        raise BadFile(reason=error.said) from error
    with transaction.atomic():
        locked = locked_draft(programme, _("import a roster into"))
        waiting, is_new = RosterImport.objects.get_or_create(
            programme=locked,
            sha256=hashlib.sha256(content).hexdigest(),
            state=ImportState.DUE,
            defaults={
                "union": locked.union,
                "file_name": PurePath(file_name).name[:200],
                "content": base64.b64encode(content).decode(),
                "imported_by": actor,
            },
        )
        if is_new:
            write(_cause(waiting.pk), READ)
    return waiting


def read_waiting(import_id: int) -> None:
    """Read an upload that waits. What is wrong with the file or the plan is noted in words and not tried again."""
    with transaction.atomic(), seen_by(None):
        rows = RosterImport.objects.select_for_update(of=("self",)).select_related("programme__union", "imported_by")
        waiting: RosterImport = rows.get(pk=import_id)
        if waiting.state != ImportState.DUE:
            return
        content = base64.b64decode(waiting.content)
        try:
            with transaction.atomic():
                import_roster(waiting.imported_by, waiting.programme, waiting.file_name, content, waiting)
        except HouseError as error:
            waiting.state, waiting.reason, waiting.content = ImportState.FAILED, " ".join(error.sentences), ""
            waiting.refusal = kept(error)
            waiting.save(update_fields=["state", "reason", "refusal", "content"])


def state_of_import(upload: RosterImport) -> str:
    """due, running (tried before, and tried again), done, or failed: also when the worker has given it up."""
    if upload.state != ImportState.DUE:
        return str(upload.state)
    step = _step(upload)
    if step is None or step.state == StepState.FAILED:
        return "failed"
    return "running" if step.attempts else "due"


def retry_import(actor: User, upload: RosterImport) -> None:
    """Let the worker try again what it has given up. Raises NotAllowed."""
    require(actor, Role.BUYER, upload.union)
    step = _step(upload)
    if step is not None:
        retry_step(step)


def _step(upload: RosterImport) -> Step | None:
    return Step.objects.filter(cause=_cause(upload.pk), kind=READ).first()


def _cause(import_id: int) -> str:
    return f"import:{import_id}"
