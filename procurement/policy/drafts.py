"""Drafting a policy: what is wrong with a draft is said all at once, before a second person reads it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.ledger.models import PursePurpose
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import UnionLevel, User
from marketplace.organisations.queries import require_operator
from procurement.policy.errors import (
    AlreadyApproved,
    DaysUnfit,
    FloorAboveCap,
    GrantsUnordered,
    LevelUnfit,
    NoOccasion,
    PolicyInThePast,
    PolicyOverlaps,
    PurposeUnfit,
    RatioUnfit,
    RegionUnfit,
    SourceMissing,
    StepsUnordered,
    VersionTaken,
)
from procurement.policy.models import EVERY_LEVEL, GiftForm, Occasion, Policy, any_amount

_REGION = re.compile(r"[0-9]{2}([0-9]{2}){0,2}")
_WHOLE_BP = 10_000


@dataclass(frozen=True)
class Draft:
    """A policy as it was written down. Amounts in fen, ratios in hundredths of a per cent; see Policy for each field."""

    version: str
    region: str
    begins: date
    source: str
    minimum_share_bp: int
    price_band_bp: int
    max_producers: int
    hold_days: int
    rotation_band_bp: int
    planning_days: int
    acceptance_days: int
    occasions: Sequence[str]
    level: int = EVERY_LEVEL
    return_days: int = 7
    cap: int = 0
    floor: int = 0
    ring_fence: int = 0
    keep_last_year: bool = False
    uncovered_purposes: Sequence[str] = ()
    first_choice: bool = True
    urgent_occasions: Sequence[str] = ()
    forbidden_forms: Sequence[str] = ()
    approval_steps: Sequence[Mapping[str, int]] = field(
        default_factory=lambda: [{"from": 0, "quotations": 0, "people": 1}]
    )
    exception_grants: Sequence[Mapping[str, int]] = field(default_factory=any_amount)
    exception_days: int = 5
    exception_second_from: int = 0
    challenge_days: int = 15


def draft(actor: User, wish: Draft) -> Policy:
    """Write a policy down, for a second operator to approve. Raises NotAllowed, Refusals of all that is wrong."""
    require_operator(actor)
    if faults := list(_faults(wish)):
        raise Refusals(faults)
    facts: dict[str, Any] = asdict(wish)
    begins = facts.pop("begins")
    with transaction.atomic():
        policy = Policy.objects.create(
            **facts | {"version": wish.version.strip(), "source": wish.source.strip()},
            period=DateRange(begins, None),
            drafted_by=actor,
        )
        record("policy.drafted", policy.rules(), subject=f"policy:{policy.version}")
    return policy


def discard(actor: User, policy: Policy) -> None:
    """Throw a draft away. Raises NotAllowed, AlreadyApproved: what was approved stays for ever."""
    require_operator(actor)
    with transaction.atomic():
        gone, _kinds = Policy.objects.filter(pk=policy.pk, approved_by__isnull=True).delete()
        if not gone:
            raise AlreadyApproved(version=policy.version)
        record("policy.discarded", {"version": policy.version}, subject=f"policy:{policy.version}")


def _faults(wish: Draft) -> Iterator[HouseError]:
    """Everything that is wrong with a draft."""
    if not wish.version.strip() or Policy.objects.filter(version=wish.version.strip()).exists():
        yield VersionTaken(version=wish.version)
    if not _REGION.fullmatch(wish.region):
        yield RegionUnfit(region=wish.region)
    if wish.level not in {EVERY_LEVEL, *UnionLevel.values}:
        yield LevelUnfit(level=wish.level)
    if wish.begins < timezone.localdate():
        yield PolicyInThePast(version=wish.version, begin=wish.begins)
    begun = Policy.objects.filter(region=wish.region, level=wish.level, approved_by__isnull=False)
    for other in begun.filter(period__startswith=wish.begins):
        yield PolicyOverlaps(region=wish.region, other=other.version, begin=wish.begins)
    if not wish.source.strip():
        yield SourceMissing()
    if max(wish.minimum_share_bp, wish.price_band_bp, wish.rotation_band_bp) > _WHOLE_BP:
        yield RatioUnfit()
    if wish.cap and wish.floor > wish.cap:
        yield FloorAboveCap()
    if not wish.occasions or not {*wish.occasions, *wish.urgent_occasions} <= set(Occasion.values):
        yield NoOccasion()
    if not set(wish.forbidden_forms) <= set(GiftForm.values) or not _rise(wish.approval_steps):
        yield StepsUnordered()
    if not set(wish.uncovered_purposes) <= set(PursePurpose.values) - {PursePurpose.GIFTS.value}:
        yield PurposeUnfit()
    if not _someone_grants(wish.exception_grants):
        yield GrantsUnordered()
    if min(wish.exception_days, wish.challenge_days) < 1:
        yield DaysUnfit()


def _rise(steps: Sequence[Mapping[str, int]]) -> bool:
    """Whether the steps of procurement begin at nothing, rise, and each ask for a person at least."""
    amounts = [step["from"] for step in steps]
    rises = bool(amounts) and amounts[0] == 0 and all(a < b for a, b in itertools.pairwise(amounts))
    return rises and all(step["people"] >= 1 and step["quotations"] >= 0 for step in steps)


def _someone_grants(grants: Sequence[Mapping[str, int]]) -> bool:
    """Whether every value has a union above the grassroots that may grant an exception, the higher the value the higher the union."""
    if not grants or grants[-1]["up_to"]:
        return False
    upwards = all(a["level"] > b["level"] for a, b in itertools.pairwise(grants))
    rising = all(0 < a["up_to"] < b["up_to"] for a, b in itertools.pairwise(grants[:-1]))
    first = len(grants) == 1 or grants[0]["up_to"] > 0
    return upwards and rising and first and all(1 <= grant["level"] <= UnionLevel.COUNTY for grant in grants)
