"""One figure, and how it is taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """What was measured, what it came to, what it is held against; `reached` is None where the size is not the target's.

    `reason` says why a target may be missed; it is printed only where it was.
    """

    target: str
    what: str
    value: str
    against: str = ""
    goal: str = ""
    reached: bool | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For results.json."""
        return asdict(self)


def seconds(work: Callable[[], object]) -> float:
    """How long one run takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median_of(work: Callable[[], object], times: int) -> float:
    """The median of several runs, in seconds."""
    return statistics.median(seconds(work) for _ in range(times))


def side_by_side(ours: Callable[[], object], other: Callable[[], object], times: int) -> tuple[float, float]:
    """The medians (seconds) of two things run in turn, so that a noisy moment hits both."""
    taken = [(seconds(ours), seconds(other)) for _ in range(times)]
    return statistics.median(a for a, _ in taken), statistics.median(b for _, b in taken)


def duration(value: float) -> str:
    """Seconds as a person reads them."""
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"
