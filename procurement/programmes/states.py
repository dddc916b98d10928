"""Where a programme stands: its lock, what a verb needs, and the moves."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise

from marketplace.evidence.actions import record
from procurement.programmes.errors import WrongState
from procurement.programmes.models import Programme, ProgrammeState


def locked_programme(programme: Programme) -> Programme:
    """The programme with its row lock: verbs on one programme come one after the other."""
    return Programme.objects.select_for_update(of=("self",)).select_related("union", "purse").get(pk=programme.pk)


def locked_draft(programme: Programme, verb: str | Promise) -> Programme:
    """The programme with its row lock, a draft. Raises WrongState, which says what was to be done (`verb`, translated)."""
    locked = locked_programme(programme)
    expect_state(locked, ProgrammeState.DRAFT, verb)
    return locked


def expect_state(programme: Programme, needed: ProgrammeState, verb: str | Promise) -> None:
    """Raise WrongState unless the programme is in the state that the verb needs."""
    if programme.state != needed:
        raise WrongState(
            programme=programme.title, state=ProgrammeState(programme.state).label, needed=needed.label, verb=verb
        )


def move(programme: Programme, state: ProgrammeState, **changes: Any) -> None:
    """Move under the row's lock; the database knows which moves are declared."""
    programme.state = state
    for name, value in changes.items():
        setattr(programme, name, value)
    programme.save(update_fields=["state", *changes])


def record_step(kind: str, programme: Programme, /, **facts: Any) -> None:
    """An evidence entry about the programme."""
    record(kind, {"programme": programme.pk, **facts}, subject=f"programme:{programme.pk}", union_id=programme.union_id)
