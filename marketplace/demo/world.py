"""Loading the demonstration world: everything in one transaction, once."""

from __future__ import annotations

import random

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.demo import cast
from marketplace.demo.accredited import accredit, accredit_in_part
from marketplace.demo.catalogue import make_classes, make_goods
from marketplace.demo.devices import give_phones, make_devices
from marketplace.demo.organisations import make_counties, make_organisations, make_people
from marketplace.demo.rules import make_policies
from marketplace.demo.supply import (
    Supply,
    make_assistance_lots,
    make_contracts,
    make_households,
    make_ordinary_lots,
)
from marketplace.evidence.actions import record
from marketplace.evidence.models import Entry
from marketplace.ledger.actions import fund, open_purse
from marketplace.ledger.models import PurseKind
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation
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


def load() -> bool:
    """Load the world, all or nothing; False if it was there already. Raises NotADemonstration."""
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
        _load()
    return True


def _load() -> None:
    counties = make_counties()
    organisations = make_organisations(counties)
    people = make_people(organisations)
    make_devices(people.values())
    give_phones(people.values())
    make_policies(people)
    offers = make_goods(make_classes(), organisations)
    today = timezone.localdate()
    supply = Supply(organisations, people, offers, today, today, random.Random(SEED))
    make_contracts(supply)
    make_households(supply)
    accredit(supply)
    accredit_in_part(supply)
    make_assistance_lots(supply)
    make_ordinary_lots(supply)
    _make_purses(organisations)
    record("demo.loaded", {"seed": SEED, "goods": len(offers)}, subject=_MARKER)


def _make_purses(organisations: dict[str, Organisation]) -> None:
    """This year's purses: ample general funds, and a little in the assistance-only purse."""
    year = timezone.localdate().year
    for code in (cast.UNION, "U-YL-YY", "U-XA-YT-01"):
        union = organisations[code]
        general = open_purse(union, cast.GENERAL_PURSE, year, name_en="Festival gifts")
        fund(general, cast.FUNDS_AT_FIRST, f"demo:fund:{code}:{year}:general")
        reserve = open_purse(
            union, cast.ASSISTANCE_PURSE, year, name_en="Assistance products only", kind=PurseKind.RING_FENCED
        )
        fund(reserve, cast.RESERVE_AT_FIRST, f"demo:fund:{code}:{year}:assistance")
