"""Bounds of a class: proposed by one operator with the ground, set in force by another. Each step is an entry of the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import User
from marketplace.organisations.queries import require_operator
from marketplace.shop.catalogue.models import BoundsState, ClassBounds, CommodityClass
from marketplace.shop.determinations import too_long
from marketplace.shop.errors import (
    BoundsDecided,
    BoundsEmpty,
    BoundsInsideOut,
    BoundsOwn,
    BoundsWait,
    GroundMissing,
    NotALeaf,
)


@dataclass(frozen=True)
class Limits:
    """What bounds say; see ClassBounds."""

    content_least: int = 0
    content_most: int = 0
    grades: Sequence[str] = ()
    processings: Sequence[str] = ()
    dietary: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is bounded."""
        return not any(asdict(self).values())


def propose_bounds(actor: User, commodity_class: CommodityClass, limits: Limits, ground: str) -> ClassBounds:
    """Propose within what two products of a class are equivalent. Nothing changes until another operator agrees.

    Raises NotAllowed; Refusals of NotALeaf, BoundsEmpty, BoundsInsideOut, MarkTooLong, GroundMissing; BoundsWait.
    """
    require_operator(actor)
    if faults := _faults(commodity_class, limits, ground):
        raise Refusals(faults)
    facts = {name: _words(value) if isinstance(value, Sequence) else value for name, value in asdict(limits).items()}
    with transaction.atomic():
        try:
            with transaction.atomic():
                proposed = ClassBounds.objects.create(
                    commodity_class=commodity_class, ground=ground.strip(), proposed_by=actor, **facts
                )
        except IntegrityError as error:
            raise BoundsWait(name=commodity_class.display_name) from error
        _record("class.bounds_proposed", proposed)
    return proposed


def approve_bounds(actor: User, bounds: ClassBounds) -> None:
    """Set another operator's proposal in force; the bounds before it are replaced. What was decided before stays.

    Raises NotAllowed, BoundsOwn, BoundsDecided.
    """
    require_operator(actor)
    with transaction.atomic():
        # The class's row lets decisions on one class come one after the other.
        CommodityClass.objects.select_for_update(of=("self",)).get(pk=bounds.commodity_class_id)
        proposed = ClassBounds.objects.select_related("commodity_class").get(pk=bounds.pk)
        if proposed.state != BoundsState.PROPOSED:
            raise BoundsDecided(name=proposed.commodity_class.display_name)
        if proposed.proposed_by_id == actor.pk:
            raise BoundsOwn(name=proposed.commodity_class.display_name)
        same = ClassBounds.objects.filter(commodity_class=proposed.commodity_class)
        same.filter(state=BoundsState.IN_FORCE).update(state=BoundsState.REPLACED)
        _decide(actor, proposed, BoundsState.IN_FORCE)
        _record("class.bounds_in_force", proposed)


def discard_bounds(actor: User, bounds: ClassBounds) -> None:
    """Let a proposal go, one's own too. Raises NotAllowed, BoundsDecided."""
    require_operator(actor)
    with transaction.atomic():
        proposed = ClassBounds.objects.select_related("commodity_class").get(pk=bounds.pk)
        _decide(actor, proposed, BoundsState.DISCARDED)
        _record("class.bounds_discarded", proposed)


def _decide(actor: User, bounds: ClassBounds, state: BoundsState) -> None:
    moved = ClassBounds.objects.filter(pk=bounds.pk, state=BoundsState.PROPOSED).update(
        state=state, decided_by=actor, decided_at=timezone.now()
    )
    if not moved:
        raise BoundsDecided(name=bounds.commodity_class.display_name)


def _faults(commodity_class: CommodityClass, limits: Limits, ground: str) -> list[HouseError]:
    faults: list[HouseError] = []
    if commodity_class.children.exists():
        faults.append(NotALeaf(name=commodity_class.display_name))
    if limits.is_empty:
        faults.append(BoundsEmpty(name=commodity_class.display_name))
    if limits.content_most and limits.content_least > limits.content_most:
        faults.append(BoundsInsideOut(least=limits.content_least, most=limits.content_most))
    faults += too_long([*limits.grades, *limits.processings, *limits.dietary])
    if not ground.strip():
        faults.append(GroundMissing())
    return faults


def _words(values: Iterable[str]) -> list[str]:
    """As they were given, for grades stand in order; blanks and repetitions go."""
    return list(dict.fromkeys(value.strip() for value in values if value.strip()))


def _record(kind: str, bounds: ClassBounds) -> None:
    names = ("content_least", "content_most", "grades", "processings", "dietary", "ground")
    body = {name: getattr(bounds, name) for name in names}
    code = bounds.commodity_class.code
    record(kind, {"class": code, "bounds": bounds.pk, **body}, subject=f"class:{code}")
