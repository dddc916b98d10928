"""Approving a policy, so that it comes into force on its first day."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import User
from marketplace.organisations.queries import require_operator
from procurement.policy.errors import ApproverDrafted, PolicyInThePast, PolicyOverlaps
from procurement.policy.models import Policy


def approve(actor: User, policy: Policy) -> Policy:
    """Approve another person's draft. It lasts until the next approved policy of its region and level begins, and the one in force
    ends where it begins. Repeating it does nothing.

    Raises NotAllowed; ApproverDrafted, PolicyInThePast and PolicyOverlaps, together as Refusals when several hold.
    """
    require_operator(actor)
    with transaction.atomic():
        # All policies of the region and level are locked: two approvals come one after the other.
        same = Policy.objects.select_for_update().filter(region=policy.region, level=policy.level)
        rivals = list(same.order_by("pk"))
        draft = next((other for other in rivals if other.pk == policy.pk), None)
        if draft is None or draft.approved_by_id:
            return Policy.objects.get(pk=policy.pk)
        others = [other for other in rivals if other.approved_by_id]
        _refuse(list(_faults(actor, draft, others)))
        begin = draft.period.lower
        for earlier in others:
            if begin in earlier.period:
                earlier.period = DateRange(earlier.period.lower, begin)
                earlier.save(update_fields=["period"])
        later = [other.period.lower for other in others if other.period.lower > begin]
        draft.period = DateRange(begin, min(later, default=None))
        draft.approved_by = actor
        draft.save(update_fields=["period", "approved_by"])
        record("policy.approved", draft.rules(), subject=f"policy:{draft.version}")
    policy.refresh_from_db()
    return policy


def _faults(actor: User, draft: Policy, others: list[Policy]) -> Iterator[HouseError]:
    begin = draft.period.lower
    if draft.drafted_by_id == actor.pk:
        yield ApproverDrafted(version=draft.version)
    if begin < timezone.localdate():
        yield PolicyInThePast(version=draft.version, begin=begin)
    for other in others:
        if other.period.lower == begin:
            yield PolicyOverlaps(region=draft.region, other=other.version, begin=begin)


def _refuse(faults: list[HouseError]) -> None:
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise Refusals(faults)
