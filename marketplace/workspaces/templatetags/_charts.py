"""The charts and what they show: positions are percentages written as text, which fit any width without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ._figures import bp, count, fen


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


def share_gauge(
    share: int | None,
    required: int,
    assistance: int | None = None,
    total: int | None = None,
    missing: int | None = None,
    make_good: int = 0,
) -> dict[str, object]:
    """The share of assistance products against the required minimum; shares in basis points, amounts in fen.

    `missing` is what must still be bought from assistance products, computed by the caller; `make_good` the same when a producer's
    failure, and no purchase of the union's, took the share below the minimum.
    A share of None means that nothing has been bought yet.
    """
    met = share is not None and share >= required
    return {
        "share": share,
        "required": required,
        "assistance": assistance,
        "total": total,
        "missing": missing,
        "make_good": make_good,
        "met": met,
        "tone": "neutral" if share is None else "success" if met else "warning" if make_good else "danger",
        "length": percent(share or 0, 10_000),
        "mark": percent(required, 10_000),
        "anchor": "start" if required < 2000 else "end" if required > 8000 else "middle",
    }


_SHOWN = {"money": fen, "count": count, "bp": bp}


def _chart(rows: Iterable[Sequence[Any]], kind: str, tone: str, limit: int | None) -> tuple[list[Bar], int]:
    """Bars of (label, value[, tone]) rows and the top of their scale, which leaves room for the limit."""
    shown = _SHOWN.get(kind, count)
    items = [(str(row[0]), int(row[1]), shown(row[1]), str(row[2]) if len(row) > 2 else tone) for row in rows]
    top = max([value for _, value, _, _ in items] + [limit or 0], default=0)
    return bars(items, top), top


def bar_chart(
    rows: Iterable[Sequence[Any]], title: str, kind: str = "count", note: str = "", tone: str = "success"
) -> dict[str, object]:
    """Horizontal bars for (label, value[, tone]) rows; `kind` is money (fen), count or bp: shares are drawn as parts of the whole."""
    bars, _ = _chart(rows, kind, tone, 10_000 if kind == "bp" else None)
    return {"bars": bars, "title": title, "note": note}


def column_chart(
    rows: Iterable[Sequence[Any]],
    title: str,
    kind: str = "count",
    note: str = "",
    tone: str = "success",
    limit: int | None = None,
    limit_label: str = "",
) -> dict[str, object]:
    """Columns over time for (label, value[, tone]) rows, with an optional limit line on the same scale."""
    bars, top = _chart(rows, kind, tone, limit)
    return {
        "bars": bars,
        "title": title,
        "note": note,
        "limit_label": limit_label,
        "limit": f"{100 - float(percent(limit, top)[:-1]):.2f}%" if limit else "",
        "every": max(1, len(bars) // 6),
        "every_narrow": max(1, len(bars) // 6) * 2,
    }
