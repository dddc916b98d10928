"""Who gets which line of each slot: pure arithmetic over counts and ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """A line of a slot as the assignment needs it: for one region or all (""), for so many heads or all the rest (None)."""

    line: int
    region: str
    heads: int | None


def deal(shares: Sequence[Share], heads: Mapping[str, int]) -> dict[tuple[int, str], int]:
    """How many heads of each region every line serves, as (line, region) → heads, zero ones left out.

    `heads` counts recipients by region. A region's recipients are served by the lines for that region, then by those for all, each in
    the order given; numbered lines come before lines for all the rest. What no line serves is missing from the result.
    """
    dealt: defaultdict[tuple[int, str], int] = defaultdict(int)
    left = {share.line: share.heads for share in shares}
    ordered = sorted(shares, key=lambda share: (share.region == "", share.heads is None))
    for region in sorted(heads):
        waiting = heads[region]
        for share in ordered:
            if not waiting or share.region not in ("", region):
                continue
            room = left[share.line]
            served = waiting if room is None else min(room, waiting)
            if room is not None:
                left[share.line] = room - served
            if served:
                dealt[share.line, region] += served
                waiting -= served
    return dict(dealt)


def spread(dealt: Mapping[tuple[int, str], int], order: Sequence[int]) -> dict[str, list[int]]:
    """The lines of a slot for each region, one for each recipient in turn, lines in the given order."""
    turns: defaultdict[str, list[int]] = defaultdict(list)
    place = {line: n for n, line in enumerate(order)}
    for (line, region), heads in sorted(dealt.items(), key=lambda item: (item[0][1], place[item[0][0]])):
        turns[region] += [line] * heads
    return dict(turns)
