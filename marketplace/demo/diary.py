"""What is to happen when: the appointments of a simulated year, kept in order of time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import date, datetime

from marketplace.demo.clock import Clock, moment
from marketplace.steps.actions import run_all_due

Deed = Callable[[], object]


class Diary:
    """Appointments until a last moment; what falls after it has not happened yet, which is how work stands half-done today."""

    def __init__(self, clock: Clock, end: datetime) -> None:
        self._clock, self._end = clock, end
        self._due: list[tuple[datetime, int, Deed]] = []
        self._serial = itertools.count()

    def note(self, day: date, deed: Deed, hour: int = 9, minute: int = 0) -> None:
        """Make an appointment. What is due at one moment happens in the order in which it was noted."""
        heapq.heappush(self._due, (moment(day, hour, minute), next(self._serial), deed))

    def live(self, tell: Callable[[datetime], None]) -> None:
        """Let everything happen, steps included. `tell` hears the moment of each appointment before it."""
        while self._due and self._due[0][0] < self._end:
            when, _serial, deed = heapq.heappop(self._due)
            self._clock.go_to(when)
            tell(when)
            deed()
            run_all_due()
