"""Geometry of the charts: positions are percentages written as text, which fit any width without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def percent(part: float, whole: float) -> str:
    """`part` of `whole` as an SVG length such as "37.50%", kept within 0 and 100; 0 of nothing."""
    share = 100 * part / whole if whole > 0 else 0.0
    return f"{min(100.0, max(0.0, share)):.2f}%"


@dataclass(frozen=True)
class Bar:
    """One bar: what it stands for, its value as shown, and where it is drawn."""

    label: str
    value: str
    length: str
    position: str
    middle: str
    width: str
    top: str
    tone: str


def bars(items: Sequence[tuple[str, int, str, str]], top: int, gap: float = 0.35) -> list[Bar]:
    """Lay out bars from (label, value, value as shown, tone) on a scale of 0 to `top`."""
    slot = 100 / len(items) if items else 0.0
    return [
        Bar(
            label=label,
            value=shown,
            length=percent(value, top),
            position=f"{slot * (index + gap / 2):.2f}%",
            middle=f"{slot * (index + 0.5):.2f}%",
            width=f"{slot * (1 - gap):.2f}%",
            top=f"{100 - float(percent(value, top)[:-1]):.2f}%",
            tone=tone,
        )
        for index, (label, value, shown, tone) in enumerate(items)
    ]
