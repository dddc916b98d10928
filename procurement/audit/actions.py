"""Verbs of an audit case: an auditor opens it, the union answers, the auditor asks again or closes it.

What is said stays in our rows; the log carries its hash, so that words changed later would show and no personal data enters it.
"""

from __future__ import annotations

import hashlib

from django.db import transaction

from marketplace.evidence.actions import record
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import Membership, Organisation, Role, User
from procurement.audit.errors import CaseMoved, NothingSaid, SubjectTooLong
from procurement.audit.models import AuditCase, CaseNote, CaseState

_SUBJECT_LENGTH = 80


def open_case(actor: User, union: Organisation, subject: str, question: str) -> AuditCase:
    """Open a case about one subject ("order:number", "statement:year") of a union that the auditor is responsible for.

    Raises NotAllowed, NothingSaid, SubjectTooLong.
    """
    _require_auditor(actor, union)
    if not question.strip() or not subject.strip():
        raise NothingSaid()
    if len(subject) > _SUBJECT_LENGTH:
        raise SubjectTooLong(length=len(subject))
    with transaction.atomic():
        case = AuditCase.objects.create(
            union=union, subject=subject.strip(), question=question.strip(), opened_by=actor
        )
        _record("audit.opened", case, case.question)
    return case


def answer(actor: User, case: AuditCase, text: str) -> CaseNote:
    """Answer for the union, as its buyer or approver. Raises NotAllowed, NothingSaid, CaseMoved when it is not open."""
    held = Membership.objects.filter(user=actor, organisation=case.union, role__in=[Role.BUYER, Role.APPROVER])
    if not held.exists():
        raise NotAllowed(role=Role.BUYER.label, organisation=case.union.display_name)
    return _say(actor, case, text, [CaseState.OPEN], CaseState.ANSWERED, "audit.answered")


def ask_again(actor: User, case: AuditCase, text: str) -> CaseNote:
    """The answer does not do: say what is missing. Raises NotAllowed, NothingSaid, CaseMoved when it was not answered."""
    _require_auditor(actor, case.union)
    return _say(actor, case, text, [CaseState.ANSWERED], CaseState.OPEN, "audit.asked_again")


def close(actor: User, case: AuditCase, text: str) -> CaseNote:
    """Close the case with its conclusion. Raises NotAllowed, NothingSaid, CaseMoved when it is closed already."""
    _require_auditor(actor, case.union)
    return _say(actor, case, text, [CaseState.OPEN, CaseState.ANSWERED], CaseState.CLOSED, "audit.closed")


def _require_auditor(actor: User, union: Organisation) -> None:
    """An auditor of the union itself or of one above it."""
    held = Membership.objects.filter(user=actor, role=Role.AUDITOR).select_related("organisation")
    if not any(union.path.startswith(membership.organisation.path) for membership in held):
        raise NotAllowed(role=Role.AUDITOR.label, organisation=union.display_name)


def _say(actor: User, case: AuditCase, text: str, needed: list[CaseState], to: CaseState, kind: str) -> CaseNote:
    """Move the case where it still is where it must be, and keep what was said."""
    if not text.strip():
        raise NothingSaid()
    with transaction.atomic():
        moved = AuditCase.objects.filter(pk=case.pk, state__in=needed).update(state=to)
        case.refresh_from_db(fields=["state"])
        if not moved:
            raise CaseMoved(subject=case.subject, state=str(CaseState(case.state).label))
        note = CaseNote.objects.create(case=case, author=actor, text=text.strip())
        _record(kind, case, note.text)
    return note


def _record(kind: str, case: AuditCase, words: str) -> None:
    record(
        kind,
        {"case": case.pk, "about": case.subject, "words_sha256": hashlib.sha256(words.encode()).hexdigest()},
        subject=f"case:{case.pk}",
        union_id=case.union_id,
    )
