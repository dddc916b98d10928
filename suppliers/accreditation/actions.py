"""Verbs of accreditation once it was applied for: town and sector review, the county decides.

Every move is a conditional update: whoever comes second finds a clear refusal, never a state overwritten.
Free text (reasons) goes into the evidence as written and must not name private persons.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import County, Membership, OrganisationKind, Role, User
from suppliers.accreditation.errors import NoReason, NoticeRunning, ObjectionsOpen, PeriodWrong, StillValid, WrongState
from suppliers.accreditation.models import Accreditation, AccreditationState, ObjectionState
from suppliers.accreditation.queries import notice_ends

# How long a county's decision is on public notice; a county's own rule may differ, so it can be set.
DEFAULT_NOTICE_DAYS = 7

# Who refuses is whoever is to act next.
_REFUSERS: dict[str, Role] = {
    AccreditationState.APPLIED: Role.TOWN_OFFICER,
    AccreditationState.TOWN_REVIEW: Role.SECTOR_OFFICER,
    AccreditationState.SECTOR_REVIEW: Role.COUNTY_OFFICER,
    AccreditationState.COUNTY_DECISION: Role.COUNTY_OFFICER,
    AccreditationState.PUBLIC_NOTICE: Role.COUNTY_OFFICER,
}


def review_town(actor: User, accreditation: Accreditation) -> None:
    """The town has reviewed an application (镇办初审)."""
    _step(actor, Role.TOWN_OFFICER, accreditation, AccreditationState.APPLIED, AccreditationState.TOWN_REVIEW)


def review_sector(actor: User, accreditation: Accreditation) -> None:
    """The sector's department has reviewed it (行业复审)."""
    _step(
        actor,
        Role.SECTOR_OFFICER,
        accreditation,
        AccreditationState.TOWN_REVIEW,
        AccreditationState.SECTOR_REVIEW,
    )


def decide_county(actor: User, accreditation: Accreditation) -> None:
    """The county decides in favour (县级审定)."""
    _step(
        actor,
        Role.COUNTY_OFFICER,
        accreditation,
        AccreditationState.SECTOR_REVIEW,
        AccreditationState.COUNTY_DECISION,
    )


def publish(actor: User, accreditation: Accreditation, *, notice_days: int | None = None) -> None:
    """Put the county's decision on public notice (公示).

    `notice_days` is how long; None = settings.ACCREDITATION_NOTICE_DAYS.
    """
    if notice_days is None:
        notice_days = getattr(settings, "ACCREDITATION_NOTICE_DAYS", DEFAULT_NOTICE_DAYS)
    until = timezone.localdate() + timedelta(days=notice_days)
    _step(
        actor,
        Role.COUNTY_OFFICER,
        accreditation,
        AccreditationState.COUNTY_DECISION,
        AccreditationState.PUBLIC_NOTICE,
        body={"notice_days": notice_days, "notice_until": until.isoformat()},
    )


def make_valid(actor: User, accreditation: Accreditation, valid_from: date, valid_to: date) -> None:
    """Let the accreditation hold from a day up to, not including, another, once its public notice is over and objections are answered.

    A renewal takes the place of the older accreditation, so it cannot be made valid before its first day.
    """
    require_officer(actor, Role.COUNTY_OFFICER, accreditation.county)
    if valid_to <= valid_from:
        raise PeriodWrong(number=accreditation.number, valid_from=valid_from, valid_to=valid_to)
    until = notice_ends([accreditation]).get(accreditation.number)
    if until is not None and timezone.localdate() < until:
        raise NoticeRunning(number=accreditation.number, until=until)
    with transaction.atomic():
        # Whoever objects meanwhile waits, and then finds no notice any more.
        Accreditation.objects.select_for_update(no_key=True).get(pk=accreditation.pk)
        if waiting := accreditation.objections.filter(state=ObjectionState.OPEN).count():
            raise ObjectionsOpen(number=accreditation.number, count=waiting)
        _succeed(accreditation, valid_from)
        move(
            accreditation,
            [AccreditationState.PUBLIC_NOTICE],
            AccreditationState.VALID,
            {"valid_from": valid_from.isoformat(), "valid_to": valid_to.isoformat()},
            valid_from=valid_from,
            valid_to=valid_to,
        )


def _succeed(accreditation: Accreditation, valid_from: date) -> None:
    """Revoke the product's older accreditation, which the new one replaces: only one is valid at a time."""
    older = Accreditation.objects.filter(product_id=accreditation.product_id, state=AccreditationState.VALID).exclude(
        pk=accreditation.pk
    )
    for one in older:
        if valid_from > timezone.localdate():
            raise StillValid(number=accreditation.number, older=one.number, valid_from=valid_from)
        move(one, [AccreditationState.VALID], AccreditationState.REVOKED, {"replaced_by": accreditation.number})


def refuse(actor: User, accreditation: Accreditation, reason: str) -> None:
    """Refuse an application, by whoever is to act on it next; the reason is published."""
    accreditation.refresh_from_db(fields=["state"])
    role = _REFUSERS.get(accreditation.state)
    if role is None:
        raise wrong_state(accreditation, [AccreditationState(state) for state in _REFUSERS])
    _end(
        actor,
        role,
        accreditation,
        [AccreditationState(accreditation.state)],
        AccreditationState.REFUSED,
        reason,
    )


def suspend(actor: User, accreditation: Accreditation, reason: str) -> None:
    """Suspend a valid accreditation at once: the product is ordinary until it is reinstated."""
    _end(
        actor,
        Role.COUNTY_OFFICER,
        accreditation,
        [AccreditationState.VALID],
        AccreditationState.SUSPENDED,
        reason,
    )


def reinstate(actor: User, accreditation: Accreditation, reason: str) -> None:
    """Let a suspended accreditation hold again, for the rest of its period."""
    _end(
        actor,
        Role.COUNTY_OFFICER,
        accreditation,
        [AccreditationState.SUSPENDED],
        AccreditationState.VALID,
        reason,
    )


def revoke(actor: User, accreditation: Accreditation, reason: str) -> None:
    """Revoke a valid or suspended accreditation for good."""
    states = [AccreditationState.VALID, AccreditationState.SUSPENDED]
    _end(actor, Role.COUNTY_OFFICER, accreditation, states, AccreditationState.REVOKED, reason)


def _step(
    actor: User,
    role: Role,
    accreditation: Accreditation,
    needed: AccreditationState,
    to: AccreditationState,
    body: dict[str, Any] | None = None,
) -> None:
    require_officer(actor, role, accreditation.county)
    with transaction.atomic():
        move(accreditation, [needed], to, body or {})


def _end(
    actor: User,
    role: Role,
    accreditation: Accreditation,
    needed: Sequence[AccreditationState],
    to: AccreditationState,
    reason: str,
) -> None:
    require_officer(actor, role, accreditation.county)
    if not reason.strip():
        raise NoReason(number=accreditation.number)
    with transaction.atomic():
        move(accreditation, needed, to, {"reason": reason.strip()})


def require_officer(actor: User, role: Role, county: County) -> None:
    """The role must be held in an office of the accreditation's own county."""
    held = Membership.objects.filter(
        user=actor,
        role=role,
        organisation__kind=OrganisationKind.COUNTY_OFFICE,
        organisation__county=county,
    )
    if not held.exists():
        raise NotAllowed(role=role.label, organisation=str(county))


def move(
    accreditation: Accreditation,
    needed: Sequence[AccreditationState],
    to: AccreditationState,
    body: dict[str, Any],
    **changes: Any,
) -> None:
    """Change the state where it is still a needed one, and write it down."""
    moved = Accreditation.objects.filter(pk=accreditation.pk, state__in=needed).update(state=to, **changes)
    accreditation.refresh_from_db(fields=["state", "valid_from", "valid_to"])
    if moved != 1:
        raise wrong_state(accreditation, needed)
    _write(f"accreditation.{to}", accreditation, body)


def wrong_state(accreditation: Accreditation, needed: Sequence[AccreditationState]) -> WrongState:
    """The refusal that names where it stands and where it would have to."""
    return WrongState(
        number=accreditation.number,
        state=str(accreditation.get_state_display()),
        needed=", ".join(str(state.label) for state in needed),
    )


def _write(kind: str, accreditation: Accreditation, body: dict[str, Any]) -> None:
    whose = {
        "number": accreditation.number,
        "product": accreditation.product_id,
        "producer": accreditation.producer_id,
        "county": accreditation.county_id,
    }
    record(kind, whose | body, subject=f"product:{accreditation.product_id}")
