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
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import User
from marketplace.organisations.queries import require_operator
from procurement.policy.errors import (
    AlreadyApproved,
    FloorAboveCap,
    NoOccasion,
    PolicyInThePast,
    RatioUnfit,
    RegionUnfit,
    SourceMissing,
    StepsUnordered,
    VersionTaken,
)
from procurement.policy.models import GiftForm, Occasion, Policy

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
    cap: int = 0
    floor: int = 0
    first_choice: bool = True
    urgent_occasions: Sequence[str] = ()
    forbidden_forms: Sequence[str] = ()
    approval_steps: Sequence[Mapping[str, int]] = field(
        default_factory=lambda: [{"from": 0, "quotations": 0, "people": 1}]
    )


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
        body = {"version": policy.version, "region": policy.region, "from": begins.isoformat(), "source": policy.source}
        record("policy.drafted", body, subject=f"policy:{policy.version}")
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
    if wish.begins < timezone.localdate():
        yield PolicyInThePast(version=wish.version, begin=wish.begins)
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


def _rise(steps: Sequence[Mapping[str, int]]) -> bool:
    """Whether the steps of procurement begin at nothing, rise, and each ask for a person at least."""
    amounts = [step["from"] for step in steps]
    rises = bool(amounts) and amounts[0] == 0 and all(a < b for a, b in itertools.pairwise(amounts))
    return rises and all(step["people"] >= 1 and step["quotations"] >= 0 for step in steps)
