"""Approving a policy, so that it comes into force on its first day."""

from __future__ import annotations

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.models import Organisation, OrganisationKind, Role, User
from marketplace.organisations.queries import require
from procurement.policy.errors import ApproverDrafted, PolicyInThePast
from procurement.policy.models import Policy


def approve(actor: User, policy: Policy) -> Policy:
    """Approve another person's draft; the policy in force in its region ends where it begins.

    Raises NotAllowed, ApproverDrafted, PolicyInThePast.
    """
    require(actor, Role.OPERATOR, Organisation.objects.get(kind=OrganisationKind.OPERATOR))
    if policy.drafted_by_id == actor.pk:
        raise ApproverDrafted(version=policy.version)
    if policy.period.lower < timezone.localdate():
        raise PolicyInThePast(version=policy.version, begin=policy.period.lower)
    with transaction.atomic():
        for earlier in Policy.objects.select_for_update().filter(
            region=policy.region, approved_by__isnull=False, period__contains=policy.period.lower
        ):
            earlier.period = DateRange(earlier.period.lower, policy.period.lower)
            earlier.save(update_fields=["period"])
        policy.approved_by = actor
        policy.save(update_fields=["approved_by"])
        record(
            "policy.approved",
            {
                "version": policy.version,
                "region": policy.region,
                "from": policy.period.lower.isoformat(),
                "minimum_share_bp": policy.minimum_share_bp,
                "source": policy.source,
            },
            subject=f"policy:{policy.version}",
        )
    return policy
