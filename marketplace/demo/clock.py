"""A simulated clock, by which a year of history happens in its order within a minute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

_TICK = timedelta(milliseconds=7)  # between two looks at the clock, so that no two moments are the same


class Clock:
    """What `timezone.now()` says while the clock runs. It only goes forward, and a little at every look."""

    def __init__(self, begin: datetime) -> None:
        self._now = begin.astimezone(UTC)

    def now(self) -> datetime:
        """The simulated moment, as `django.utils.timezone.now` gives it."""
        self._now += _TICK
        return self._now

    def go_to(self, moment: datetime) -> None:
        """Let time pass until a moment; one that has passed already changes nothing."""
        self._now = max(self._now, moment.astimezone(UTC))


def moment(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """That day and hour of the Shanghai calendar."""
    return datetime.combine(day, time(hour, minute), timezone.get_default_timezone())


@contextmanager
def simulated(begin: datetime) -> Iterator[Clock]:
    """Let this process live at another time. For the demonstration only: whatever is written meanwhile carries that time."""
    clock, real = Clock(begin), timezone.now
    timezone.now = clock.now
    try:
        yield clock
    finally:
        timezone.now = real
