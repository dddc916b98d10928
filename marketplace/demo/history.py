"""A year of history: gifts, attempts, exceptions and audits, each on its day, by the simulated clock."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from marketplace.demo.cases import note_cases, note_closings
from marketplace.demo.diary import Diary
from marketplace.demo.elsewhere import note_elsewhere
from marketplace.demo.gifts import plan
from marketplace.demo.prices import note_prices
from marketplace.demo.purses import open_purses
from marketplace.demo.story import Story, Year
from marketplace.demo.supply import Supply
from marketplace.demo.watch import note_watch
from marketplace.evidence.sequencer import sequence_all
from suppliers.offerbook.actions import take_book

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marketplace.demo.clock import Clock

Tell = Callable[[datetime], None]

_BUDGET_MONTH, _BUDGET_DAY = 11, 10  # when unions fund the coming year


def make_history(supply: Supply, clock: Clock, end: datetime, seed: int, tell: Tell) -> None:
    """Live through the simulated time until `end`."""
    dice = random.Random(seed)
    diary = Diary(clock, end)
    year = Year(supply, diary, dice)
    gifts = plan(supply.today, dice)
    for gift_year in range(supply.begun.year, supply.today.year + 2):
        # A union that plans the coming year's gift early has its money early.
        first = min((gift.drawn_up for gift in gifts if gift.gift_year == gift_year), default=date.max)
        budget = min(date(gift_year - 1, _BUDGET_MONTH, _BUDGET_DAY), first)
        diary.note(
            max(supply.begun + timedelta(days=1), budget), partial(open_purses, supply.organisations, gift_year), 7
        )
    for gift in gifts:
        Story(year, gift).begin()
    note_cases(year)
    note_closings(year)
    note_elsewhere(year, gifts)
    note_watch(year)
    note_prices(year)
    for number in range((supply.today - supply.begun).days):
        # Every morning what time alone has brought about: deliveries accepted by silence. Every week a signed book of offers.
        diary.note(supply.begun + timedelta(days=number), _sign_a_book if number % 7 == 0 else lambda: None, 7)
    with _quiet():
        diary.live(tell)


def _sign_a_book() -> None:
    """Nobody else writes while the world is made, so that the log may be sequenced here too."""
    sequence_all()
    if take_book() is not None:
        sequence_all()


@contextmanager
def _quiet() -> Iterator[None]:
    """The step that is meant to fail does not fill the terminal."""
    steps = logging.getLogger("marketplace.steps.actions")
    steps.disabled = True
    try:
        yield
    finally:
        steps.disabled = False
