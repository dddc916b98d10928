"""Whom fulfilment tells that goods do not reach members as ordered: the interface, and a documented default.

`settings.LOSS_POLICY` names the implementation. Fulfilment knows parcels and money; what a union's year makes of them is known
a floor above.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from marketplace.fulfilment.models import Loss
from marketplace.organisations.models import Organisation
from marketplace.shop.order.models import Order


class LossPolicy(Protocol):
    """What fulfilment needs of the floor above when goods are cancelled, refused or returned."""

    def lock(self, union: Organisation, gift_year: int) -> None:
        """Take what must be locked before money moves, inside the caller's transaction."""

    def lost(self, order: Order, losses: Sequence[Loss]) -> None:
        """Count the losses, inside the caller's transaction, when their parcels and money have moved. A HouseError refuses them.

        All losses are of one order and were caused by one party.
        """


class NothingCounted:
    """The default: nobody counts, nothing is refused."""

    def lock(self, union: Organisation, gift_year: int) -> None:
        """Nothing to lock."""

    def lost(self, order: Order, losses: Sequence[Loss]) -> None:
        """Nothing to count."""


@cache
def loss_policy() -> LossPolicy:
    """The policy that settings name."""
    return cast("LossPolicy", import_string(settings.LOSS_POLICY)())
