"""What was judged the day before, for drafts to be tried on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from marketplace.demo.clock import moment, simulated
from marketplace.organisations.models import Organisation, User
from marketplace.shop.order.models import Order
from tests.world import DATES, MOONCAKES, placed, side

DAY = timedelta(days=1)


def someone(name: str) -> User:
    return User.objects.get(username=name)


def house() -> Organisation:
    return Organisation.objects.get(kind="operator")


@contextmanager
def judged_yesterday() -> Iterator[list[Order]]:
    """The day after: yesterday dates for two members (assistance), then dates with mooncakes under a certificate for three."""
    giver = side()
    orders = [placed(giver, [DATES], 2), placed(giver, [DATES, MOONCAKES], 3)]
    with simulated(moment(timezone.localdate() + DAY)):
        yield orders
