"""For whom the shop window is dressed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from marketplace.organisations.models import Organisation, Role
from marketplace.workspaces.doors import memberships_of
from marketplace.workspaces.storefront.queries import Card, cards, with_freight

_UNION_ROLES = {Role.BUYER, Role.APPROVER}


def union_of(request: HttpRequest) -> Organisation | None:
    """The union for which a buyer or approver looks around; None for everybody else."""
    return next((m.organisation for m in memberships_of(request) if m.role in _UNION_ROLES), None)


def cards_for(request: HttpRequest, rows: Iterable[Any]) -> list[Card]:
    """Offers as cards: with what they cost delivered for a union's people, without freight for everybody else."""
    offers, union = list(rows), union_of(request)
    shown = cards(offers)
    return with_freight(offers, shown, union) if union and offers else shown
