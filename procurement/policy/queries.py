"""Which policy is in force, and what it says of exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from django.db.models import F, QuerySet
from django.db.models.functions import Length

from marketplace.organisations.models import Organisation
from procurement.policy.errors import NoPolicyInForce
from procurement.policy.models import EVERY_LEVEL, Policy


def in_force(region: str, day: date, level: int | None = None) -> Policy:
    """The approved policy of the nearest region (GB/T 2260 prefix) on that day; NoPolicyInForce when there is none.

    In one region a policy for the level comes before one for every level; without a level only the latter count.
    """
    found = _nearest(_on([region], day), region, level)
    if found is None:
        raise NoPolicyInForce(region=region, day=day)
    return found


def policy_of(union: Organisation, day: date) -> Policy:
    """The policy that binds a union on that day: of the nearest region, then of its level. Raises NoPolicyInForce."""
    return in_force(union.region, day, union.level)


def binding(union: Organisation, day: date) -> QuerySet[Policy]:
    """The approved policies for a union on that day, the one that binds it first: to be asked within another statement."""
    there = Policy.objects.filter(
        region__in=_prefixes(union.region), level__in={union.level or EVERY_LEVEL, EVERY_LEVEL}
    )
    in_time = there.filter(period__contains=day, approved_by__isnull=False)
    return in_time.order_by(Length("region").desc(), F("level").desc())


def policies_of(unions: Iterable[Organisation], day: date) -> dict[int, Policy]:
    """The policy that binds each of these unions on that day, by the union's id; none where none is in force. One statement."""
    asked = list(unions)
    there = _on((union.region for union in asked), day)
    found = {union.pk: _nearest(there, union.region, union.level) for union in asked}
    return {pk: policy for pk, policy in found.items() if policy is not None}


def _on(regions: Iterable[str], day: date) -> dict[tuple[str, int], Policy]:
    """The approved policies of that day for these regions and those around them, by region and level."""
    prefixes = {prefix for region in regions for prefix in _prefixes(region)}
    rows = Policy.objects.filter(region__in=prefixes, period__contains=day, approved_by__isnull=False)
    return {(policy.region, policy.level): policy for policy in rows}


def _nearest(there: Mapping[tuple[str, int], Policy], region: str, level: int | None) -> Policy | None:
    levels = (level, EVERY_LEVEL) if level else (EVERY_LEVEL,)
    places = ((prefix, one) for prefix in _prefixes(region) for one in levels)
    return next((there[place] for place in places if place in there), None)


def _prefixes(region: str) -> list[str]:
    return [region[:length] for length in range(len(region), 1, -2)]


def may_grant(policy: Policy, value: int) -> int:
    """The lowest level of the tree (4 = grassroots, 1 = province) from which upwards a union may grant an exception for goods worth
    `value` fen."""
    return max(
        int(grant["level"]) for grant in policy.exception_grants if not grant["up_to"] or value <= grant["up_to"]
    )


def needs_second(policy: Policy, value: int) -> bool:
    """Whether a second person has to agree to an exception for goods worth `value` fen."""
    return 0 < policy.exception_second_from <= value
