"""Which policy is in force."""

from __future__ import annotations

from datetime import date

from procurement.policy.errors import NoPolicyInForce
from procurement.policy.models import Policy


def in_force(region: str, day: date) -> Policy:
    """The approved policy of the nearest region (GB/T 2260 prefix) on that day; NoPolicyInForce when there is none."""
    prefixes = [region[:n] for n in range(len(region), 1, -2)]
    found = {
        policy.region: policy
        for policy in Policy.objects.filter(region__in=prefixes, period__contains=day, approved_by__isnull=False)
    }
    for prefix in prefixes:
        if prefix in found:
            return found[prefix]
    raise NoPolicyInForce(region=region, day=day)
