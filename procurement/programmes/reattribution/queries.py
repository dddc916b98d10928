"""Reads about orders handed on and taken over: what they change in a union's year."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from marketplace.organisations.models import Organisation
from procurement.programmes.reattribution.models import Reattribution, ReattributionState


@dataclass(frozen=True)
class HandOver:
    """An order that left a union's year, or came into it; fen with their sign: below zero when it left. `other` is the other union."""

    order: str
    other: str
    other_name: str
    on: str
    because: str
    recipients: int
    assistance: int
    ordinary: int
    waived: int

    @property
    def is_in(self) -> bool:
        """Whether it was taken over, not handed on."""
        return self.assistance + self.ordinary + self.waived > 0

    def as_dict(self) -> dict[str, Any]:
        """The published form."""
        return asdict(self)


def hand_overs(union: Organisation, year: int) -> tuple[HandOver, ...]:
    """What moved out of and into a union's gift year, oldest first. One statement."""
    rows = Reattribution.objects.filter(
        Q(union=union) | Q(to_union=union), gift_year=year, state=ReattributionState.TAKEN
    )
    return tuple(
        _hand_over(row, union)
        for row in rows.select_related("order", "union", "to_union").order_by("answered_at", "id")
    )


def _hand_over(row: Reattribution, union: Organisation) -> HandOver:
    is_in = row.to_union_id == union.pk
    sign, other = (1, row.union) if is_in else (-1, row.to_union)
    on = timezone.localtime(row.answered_at or row.offered_at).date().isoformat()
    return HandOver(
        row.order.number, other.code, other.display_name, on, row.because, row.recipients, sign * row.assistance,
        sign * row.ordinary, sign * row.waived,
    )  # fmt: skip


def taken_in(year: int) -> QuerySet[Reattribution]:
    """What moved in a gift year, within the caller's scope."""
    found: QuerySet[Reattribution] = Reattribution.objects.filter(gift_year=year, state=ReattributionState.TAKEN)
    return found


def unanswered(union: Organisation, year: int) -> QuerySet[Reattribution]:
    """Offers of the year that nobody has answered yet, by this union and to it."""
    found: QuerySet[Reattribution] = Reattribution.objects.filter(
        Q(union=union) | Q(to_union=union), gift_year=year, state=ReattributionState.OFFERED
    )
    return found


def waiting_for(union: Organisation) -> QuerySet[Reattribution]:
    """Offers that this union has to answer."""
    found: QuerySet[Reattribution] = Reattribution.objects.filter(to_union=union, state=ReattributionState.OFFERED)
    return found
