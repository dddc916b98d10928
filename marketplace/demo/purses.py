"""What unions have to spend: a general purse and an assistance-only purse for each gift year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marketplace.demo import cast
from marketplace.demo.gifts import UNIONS
from marketplace.ledger.actions import fund, open_purse
from marketplace.ledger.models import PurseKind
from marketplace.organisations.models import Organisation

THE_CASTS = (cast.UNION, "U-YL-YY", "U-XA-YT-01")


def open_purses(organisations: Mapping[str, Organisation], year: int, unions: Iterable[str] = tuple(UNIONS)) -> None:
    """Open and fund the purses of a gift year: ample general funds, and a little in the assistance-only purse."""
    for code in unions:
        union = organisations[code]
        general = open_purse(union, cast.GENERAL_PURSE, year, name_en="Festival gifts")
        fund(general, cast.FUNDS_AT_FIRST, f"demo:fund:{code}:{year}:general")
        reserve = open_purse(
            union, cast.ASSISTANCE_PURSE, year, name_en="Assistance products only", kind=PurseKind.RING_FENCED
        )
        fund(reserve, cast.RESERVE_AT_FIRST, f"demo:fund:{code}:{year}:assistance")
