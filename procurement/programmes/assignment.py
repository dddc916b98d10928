"""Who gets which line of each slot: pure arithmetic over counts and ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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


Part = tuple[int, int]  # slot and option; the option is 0 where the slot is the same for all


def deal_out(
    parts: Mapping[Part, Sequence[Share]], people: Sequence[tuple[int, str]], wanted: Mapping[int, Sequence[Part]]
) -> dict[int, list[int]]:
    """The lines that each of the people (id, region) gets: one of each part that they want, in the parts' order.

    The parts must serve everybody who wants them.
    """
    heads: defaultdict[Part, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for person, region in people:
        for part in wanted[person]:
            heads[part][region] += 1
    turns: dict[tuple[Part, str], Iterator[int]] = {
        (part, region): iter(turn)
        for part, shares in parts.items()
        for region, turn in spread(deal(shares, heads[part]), [share.line for share in shares]).items()
    }
    return {person: [next(turns[part, region]) for part in wanted[person]] for person, region in people}
