"""Loading the demonstration world: everything in one transaction, once."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.demo.accredited import accredit, accredit_in_part
from marketplace.demo.catalogue import make_classes, make_goods
from marketplace.demo.choice import hand_out_vouchers, open_a_choice
from marketplace.demo.clock import moment, simulated
from marketplace.demo.devices import give_phones, make_devices
from marketplace.demo.gifts import BEFORE
from marketplace.demo.history import make_history
from marketplace.demo.organisations import make_counties, make_organisations, make_people
from marketplace.demo.purses import THE_CASTS, open_purses
from marketplace.demo.rules import draft_the_next, make_policies
from marketplace.demo.supply import (
    Supply,
    make_assistance_lots,
    make_contracts,
    make_households,
    make_ordinary_lots,
)
from marketplace.evidence.actions import record
from marketplace.evidence.models import Entry
from marketplace.organisations.errors import HouseError
from marketplace.organisations.scopes import seen_by

SEED = 20200501
_MARKER = "demo:world"
_LOCK = 610828


class NotADemonstration(HouseError):
    """The world, with its known password, belongs into embedded servers only."""

    code = "not_a_demonstration"
    sentence = _(
        "The demonstration's users have a password that anyone can read, so they are only made in the "
        "embedded database. Unset DATABASE_URL to use it, or set MALL_EMBEDDED=1 if this database is a "
        "demonstration's own."
    )


def is_loaded() -> bool:
    """Whether the world is there. One indexed look-up."""
    return Entry.objects.filter(subject=_MARKER, kind="demo.loaded").exists()


def load(*, history: bool = False, tell: Callable[[str], None] = lambda _progress: None) -> bool:
    """Load the world, all or nothing; False if it was there already. Raises NotADemonstration.

    With `history` the world begins more than a year ago, and its unions, producers and officers live through the time until now by
    a simulated clock. `tell` hears how far that has come.
    """
    if not settings.EMBEDDED:
        raise NotADemonstration
    if is_loaded():
        return False
    with transaction.atomic(), seen_by(None):
        with connection.cursor() as cursor:
            # Whoever comes second waits here, and then finds the world loaded.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if is_loaded():
            return False
        if history:
            _live(tell)
        else:
            supply = _begin(timezone.localdate())
            _stock_up(supply)
            open_purses(supply.organisations, supply.today.year, THE_CASTS)
        record("demo.loaded", {"seed": SEED}, subject=_MARKER)
    return True


def _begin(today: date) -> Supply:
    """Who there is and what is offered, as of the moment that the clock shows."""
    counties = make_counties()
    organisations = make_organisations(counties)
    people = make_people(organisations)
    make_devices(people.values())
    give_phones(people.values())
    make_policies(people)
    offers = make_goods(make_classes(), organisations)
    supply = Supply(organisations, people, offers, today, timezone.localdate(), random.Random(SEED))
    make_contracts(supply)
    make_households(supply)
    accredit(supply)
    return supply


def _stock_up(supply: Supply) -> None:
    """What is on the shelf today, and what officers find on their desks."""
    accredit_in_part(supply)
    make_assistance_lots(supply)
    make_ordinary_lots(supply)


def _live(tell: Callable[[str], None]) -> None:
    """Begin long ago, and live until now."""
    now = timezone.now()
    today = timezone.localdate()
    begun = today - BEFORE
    body = {"seed": SEED, "from": begun.isoformat(), "made_at_once_on": today.isoformat()}
    record("demo.history", body, subject=_MARKER)
    with simulated(moment(begun)) as clock:
        supply = _begin(today)
        make_history(supply, clock, now, SEED, lambda when: tell(f"{when:%Y-%m}"))
    _stock_up(supply)
    open_a_choice(supply)
    hand_out_vouchers(supply)
    draft_the_next(supply.people, today)
