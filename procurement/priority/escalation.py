"""Who answers a request for an exception: a union above, its delegate when it stays silent, then the next one up.

A step waits for the deadline and moves the request on, once for each stage, however often it is carried out.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import Membership, Organisation, OrganisationKind, Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.steps.actions import write
from procurement.policy.queries import policy_of
from procurement.priority.errors import DecidedHigherUp, NoOfficer, OwnUnion
from procurement.priority.models import OPEN_STATES, Delegate, PriorityException

KIND = "exception.escalate"


def days_from_now(days: int) -> datetime:
    """When a deadline of so many whole days is over: at the midnight that ends the last one."""
    return timezone.make_aware(datetime.combine(timezone.localdate() + timedelta(days=days + 1), time()))


def lowest_above(union: Organisation, level: int) -> Organisation | None:
    """The nearest union above that stands on this level of the tree (1 = province) or higher; None where none does."""
    codes = union.path.strip("/").split("/")[:-1]
    above = Organisation.objects.filter(code__in=codes, kind=OrganisationKind.UNION, level__lte=level)
    return max(above, key=lambda one: len(one.path), default=None)


def office_for(actor: User, exception: PriorityException, *, revoking: bool = False) -> Organisation:
    """The union for which this person may answer the request (or revoke what was granted): the one it waits for, or one above it.

    Raises OwnUnion for anybody of the buyer's union, DecidedHigherUp for an officer below, NotAllowed for the rest.
    """
    union, waits_for = exception.union, exception.decided_for if revoking else exception.waits_for
    if Membership.objects.filter(user=actor, organisation=union).exists():
        raise OwnUnion(union=union.display_name)
    held = Membership.objects.filter(user=actor, role=Role.UNION_OFFICER).select_related("organisation")
    offices = [one.organisation for one in held if union.path.startswith(one.organisation.path)]
    lowest = waits_for or union
    fitting = [one for one in offices if lowest.path.startswith(one.path) and one != union]
    if fitting:
        return max(fitting, key=lambda one: len(one.path))
    if (
        exception.delegated
        and not revoking
        and waits_for
        and Delegate.objects.filter(union=waits_for, user=actor).exists()
    ):
        return waits_for
    if offices and waits_for:
        raise DecidedHigherUp(number=exception.number, union=waits_for.display_name)
    raise NotAllowed(role=Role.UNION_OFFICER.label, organisation=str(waits_for or union.parent or union))


def name_delegate(actor: User, union: Organisation, person: User) -> Delegate:
    """Name who answers for a union what its officers have left unanswered. Raises NotAllowed, NoOfficer."""
    require(actor, Role.UNION_OFFICER, union)
    if not Membership.objects.filter(user=person, role=Role.UNION_OFFICER).exists():
        raise NoOfficer(name=person.display_name or person.username)
    with transaction.atomic():
        named, _new = Delegate.objects.update_or_create(union=union, defaults={"user": person, "named_by": actor})
        record(
            "exception.delegate",
            {"union": union.code, "person": person.pk},
            subject=f"union:{union.code}",
            union_id=union.pk,
        )
    return named


def wait_on(exception: PriorityException) -> None:
    """Write the step that moves the request on when its deadline is over."""
    write(_cause(exception), KIND, (str(exception.stage),), not_before=exception.answer_by)


def escalate(number: str, stage: int) -> None:
    """Move a request on that nobody has answered at this stage: to the delegate, then to the next union up, with new days for each.

    Nothing to do when it was answered or has gone on already. Where nobody stands above, it stays, and its deadline is over.
    """
    with transaction.atomic(), seen_by(None):
        exception: PriorityException | None = (
            PriorityException.objects.select_for_update(of=("self",))
            .select_related("union", "waits_for__parent")
            .filter(number=number, stage=stage, state__in=OPEN_STATES)
            .first()
        )
        if exception is None or exception.waits_for is None:
            return
        exception.stage += 1
        above = exception.waits_for.parent
        if not exception.delegated and Delegate.objects.filter(union=exception.waits_for).exists():
            exception.delegated = True
        elif above is not None and above.kind == OrganisationKind.UNION:
            exception.waits_for, exception.delegated = above, False
        else:
            exception.save(update_fields=["stage"])
            record_exception("exception.overdue", exception, office=exception.waits_for.code)
            return
        exception.answer_by = days_from_now(policy_of(exception.union, timezone.localdate()).exception_days)
        exception.save(update_fields=["stage", "delegated", "waits_for", "answer_by"])
        record_exception(
            "exception.escalated", exception, office=exception.waits_for.code, delegated=int(exception.delegated)
        )
        wait_on(exception)


def record_exception(kind: str, exception: PriorityException, **facts: Any) -> None:
    """An evidence entry about an exception."""
    body: dict[str, Any] = {
        "number": exception.number,
        "union": exception.union.code,
        "product": exception.product_id,
        "quantity": exception.quantity,
        "from": exception.valid_from.isoformat(),
        "to": exception.valid_to.isoformat(),
        "waives_share": int(exception.waives_share),
        "decided_for": exception.decided_for.code if exception.decided_for else "",
    }
    record(kind, body | facts, subject=_cause(exception), union_id=exception.union_id)


def _cause(exception: PriorityException) -> str:
    return f"exception:{exception.number}"
