"""Which union gave what to how many, and on what occasion: the plan of the simulated year, drawn by seed. Pure: no database.

In every gift the assistance goods are worth about as much as the ordinary ones or more, or rest on money set aside, so that clause 3
of the rule (docs/decisions/0003) holds all year. Ordinary goods are such as nobody's assistance product is equivalent to; where a
gift is first tried with others, the attempt is refused.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from procurement.policy.festivals import of_year
from procurement.policy.models import Occasion

BEFORE = timedelta(days=480)  # how long before today the history begins
DRAWN_UP_BEFORE = timedelta(days=5)  # how long before its order a plan is begun
PLACED_BEFORE, NEEDED_BEFORE = timedelta(days=27), timedelta(days=6)  # before a festival

# Where a gift stands when its story ends; "paid" is the whole way, down to the households' confirmation.
STAGES = ("draft", "submitted", "approved", "sent", "confirmed", "shipped", "accepted", "paid_seller", "paid")


@dataclass(frozen=True)
class Gift:
    """One gift: who gives it, when, to how many, what, and what becomes of it."""

    union: str
    occasion: Occasion
    placed: date
    need: date
    heads: int
    goods: tuple[str, ...]
    tried: str = ""  # an ordinary article tried first in place of an assistance article, and refused
    stage: str = "paid"
    silent: bool = False  # nobody accepts: silence does
    twist: str = ""  # refused, returned, cancelled, given_up, held: what happens to some of its parcels
    set_aside: int = 0  # fen moved into the assistance-only purse before the gift is placed
    excepted: str = ""  # an ordinary article bought under an exception granted before

    @property
    def gift_year(self) -> int:
        """The occasion's year, whose purse pays: a New Year's gift that comes in December is the next year's."""
        return self.need.year + (self.occasion == Occasion.NEW_YEAR and self.need.month == 12)

    @property
    def tried_slot(self) -> int:
        """In which part of the gift (from 1) another article is tried first; 0 for none."""
        return next((slot for slot, sku in enumerate(self.goods, 1) if self.tried and TRIED.get(sku) == self.tried), 0)

    @property
    def drawn_up(self) -> date:
        """The day on which the plan is begun."""
        return self.placed - DRAWN_UP_BEFORE


# Union → how many members it gives to.
UNIONS: Mapping[str, int] = {
    "U-XA-YT": 150, "U-XA-YT-01": 180, "U-XA-YT-02": 64, "U-XA-YT-03": 210, "U-XA-BQ": 42, "U-XA-BQ-01": 240,
    "U-YL-YY": 58, "U-YL-YY-01": 260, "U-YL-YY-02": 96, "U-HZ-HT": 48, "U-HZ-HT-01": 120,
}  # fmt: skip
_GREAT = ("U-XA-BQ-01", 600)  # the largest gift of the year, at Spring Festival

_BASKETS: Mapping[Occasion, Sequence[tuple[str, ...]]] = {
    Occasion.NEW_YEAR: (
        ("MZ-BOX-GRAIN", "LY-HELE-1000", "RH-TOWEL-2"),
        ("NS-SHIITAKE-250", "DB-STARCH-1000", "YX-BLACKRICE-1000", "QD-RICE-5000"),
    ),
    Occasion.SPRING_FESTIVAL: (
        ("NS-BOX-HILL", "FP-PERSIMMON-500", "RH-PAPER-24", "QD-RICE-5000"),
        ("LN-WALNUT-1000", "SN-PEANUT-1000", "PL-HERB-150", "RY-MILK-3000", "QD-RICE-5000"),
        ("FP-BOX-SPRING", "WB-NOODLE-3000", "CA-CRYSTAL-400", "RH-CUP-1"),
    ),
    Occasion.QINGMING: (("PL-HERB-150", "LG-KONJAC-500", "BW-JUICE-1000"),),
    Occasion.LABOUR_DAY: (
        ("LG-KONJAC-500", "DB-POTATO-500", "YX-BLACKRICE-1000", "RH-WASH-3000"),
        ("SQ-PORK-500", "SN-PEANUT-1000", "RH-TOWEL-2", "BW-SOY-1000"),
    ),
    Occasion.DRAGON_BOAT: (
        ("MZ-BEAN-1000", "YX-BLACKRICE-1000", "LB-HONEY-250", "RY-MILK-3000"),
        ("LX-GOAT-400", "HM-UMBRELLA-1", "BW-JUICE-1000"),
    ),
    Occasion.MID_AUTUMN: (
        ("LN-WALNUT-1000", "XY-APPLE-2500", "NS-SHIITAKE-250", "CA-MOON-600"),
        ("QJ-BOX-NORTH", "YX-BLACKRICE-1000", "BH-MOON-480"),
    ),
    Occasion.NATIONAL_DAY: (
        ("XY-APPLE-5000", "SN-PEANUT-1000", "RH-PAPER-24"),
        ("WB-NOODLE-1000", "HS-BEAN-1000", "LG-KONJAC-500", "QD-RICE-5000"),
    ),
    Occasion.BIRTHDAY: (
        ("FP-PERSIMMON-1000", "CA-CRYSTAL-400"),
        ("LX-GOAT-400", "HM-UMBRELLA-1"),
        ("PL-GREEN-200", "RH-CUP-1"),
    ),
    Occasion.ILLNESS: (("LX-GOAT-800",), ("LX-GOAT-400", "PC-PEAR-2500")),
    Occasion.RETIREMENT: (("SQ-QUILT-1",),),
}  # fmt: skip
# Two unions whose year is told by hand: the main job's, whose share stands on the edge, and one that keeps money back.
_YANTA = ("PL-HERB-150", "SN-PEANUT-1000", "RH-CUP-1")
_EDGE, _KEEPER = "U-XA-YT", "U-HZ-HT"
# Ordinary articles that have equivalents, and the assistance article of the basket whose place they are tried in.
TRIED: Mapping[str, str] = {
    "NS-SHIITAKE-250": "XS-SHIITAKE-250", "LN-WALNUT-1000": "XS-WALNUT-1000", "SN-PEANUT-1000": "BW-PEANUT-1000",
    "PL-HERB-150": "CY-HERB-150", "LG-KONJAC-500": "BW-KONJAC-500", "MZ-BEAN-1000": "JS-BEAN-1000",
    "LX-GOAT-400": "RY-GOAT-400",
}  # fmt: skip


def plan(today: date, dice: random.Random) -> list[Gift]:
    """All gifts of the simulated year up to today, by the day on which they are placed."""
    fates = _Fates(dice)
    gifts = [
        *_festival_gifts(today, fates, dice),
        *_personal_gifts(today, fates, dice),
        *_recent(today),
        *_coming(today),
    ]
    return sorted(gifts, key=lambda gift: (gift.placed, gift.union, gift.occasion))


def _festivals(today: date) -> Iterable[tuple[Occasion, date]]:
    """The festivals whose gifts were placed, and over and done with, in the simulated time."""
    first, last = today - BEFORE + timedelta(days=40), today - timedelta(days=25)
    days = [
        (day, occasion) for year in (first.year, first.year + 1, last.year) for occasion, day in of_year(year).items()
    ]
    return [(occasion, day) for day, occasion in sorted(set(days)) if first <= day and day - PLACED_BEFORE <= last]


def _festival_gifts(today: date, fates: _Fates, dice: random.Random) -> Iterable[Gift]:
    great = {Occasion.SPRING_FESTIVAL, Occasion.MID_AUTUMN}
    for number, (occasion, day) in enumerate(_festivals(today)):
        for place, (union, members) in enumerate(UNIONS.items()):
            # Every union gives at the two great festivals, and every third of them, in turn, at each other one.
            if union in (_EDGE, _KEEPER) or (occasion not in great and (place + number) % 4):
                continue
            heads = _GREAT[1] if (union, occasion) == (_GREAT[0], Occasion.SPRING_FESTIVAL) else members
            goods = dice.choice(_BASKETS[occasion])
            gift = _at(union, occasion, day, _some(heads, dice) if heads == members else heads, goods)
            yield fates.befall(gift)
        yield from _by_hand(occasion, day)


def _at(union: str, occasion: Occasion, day: date, heads: int, goods: tuple[str, ...]) -> Gift:
    return Gift(union, occasion, day - PLACED_BEFORE, day - NEEDED_BEFORE, heads, goods)


def _some(heads: int, dice: random.Random) -> int:
    """Not everybody is there each time."""
    return max(20, heads - dice.randint(0, heads // 8))


class _Fates:
    """What becomes of one gift after the other: dealt from a deck, so that in any year everything happens more than once."""

    _DECK = ("tried",) * 4 + ("silent", "returned") * 2 + ("refused", "cancelled") + ("",) * 6

    def __init__(self, dice: random.Random) -> None:
        self._dice, self._cards = dice, list[str]()

    def befall(self, gift: Gift) -> Gift:
        """Most gifts go as planned; some are refused first, some accepted by silence, some lose a few parcels."""
        others = [TRIED[sku] for sku in gift.goods if sku in TRIED]
        if not any(others or card != "tried" for card in self._cards):
            self._cards += self._dice.sample(self._DECK, len(self._DECK))
        # A card that does not fit this gift waits for the next one.
        fate = self._cards.pop(next(n for n, card in enumerate(self._cards) if others or card != "tried"))
        if fate == "tried":
            return replace(gift, tried=self._dice.choice(others))
        return replace(gift, silent=True) if fate == "silent" else replace(gift, twist=fate)


def _by_hand(occasion: Occasion, day: date) -> Iterable[Gift]:
    """What the two unions with a story of their own give."""
    if occasion in (Occasion.SPRING_FESTIVAL, Occasion.DRAGON_BOAT):
        yield _at(_EDGE, occasion, day, UNIONS[_EDGE], _YANTA)
    if occasion in (Occasion.MID_AUTUMN, Occasion.NATIONAL_DAY):
        # Two thirds of it are ordinary goods: allowed, as money for assistance goods lies ready, which then was never spent.
        # A few parcels of the assistance goods come damaged with the later gift: from then on something is to be made good.
        goods = ("SN-PEANUT-1000", "RH-CUP-1")
        later = day == max(of_year(day.year)[o] for o in (Occasion.MID_AUTUMN, Occasion.NATIONAL_DAY))
        gift = replace(_at(_KEEPER, occasion, day, UNIONS[_KEEPER], goods), set_aside=80_000)
        yield replace(gift, twist="refused") if later else gift


def _personal_gifts(today: date, fates: _Fates, dice: random.Random) -> Iterable[Gift]:
    """Birthdays of a quarter, and now and then somebody ill or leaving for good."""
    unions = [union for union in UNIONS if union not in (_EDGE, _KEEPER)]
    for number, ago in enumerate(range(430, 45, -45)):
        placed = today - timedelta(days=ago)
        goods = dice.choice(_BASKETS[Occasion.BIRTHDAY])
        need = placed + timedelta(days=20)
        yield fates.befall(Gift(unions[number % len(unions)], Occasion.BIRTHDAY, placed, need, 22, goods))
    for ago, union, occasion in (
        (330, "U-XA-YT-03", Occasion.ILLNESS),
        (200, "U-YL-YY-01", Occasion.RETIREMENT),
        (150, "U-HZ-HT-01", Occasion.ILLNESS),
        (90, "U-XA-YT-01", Occasion.RETIREMENT),
    ):
        placed = today - timedelta(days=ago)
        need = placed + timedelta(days=7 if occasion == Occasion.ILLNESS else 20)
        yield Gift(union, occasion, placed, need, 2, dice.choice(_BASKETS[occasion]))
    placed, walnuts = today - timedelta(days=110), "XS-WALNUT-1000"
    goods = ("LX-GOAT-400", walnuts)
    yield Gift("U-XA-YT-03", Occasion.BIRTHDAY, placed, placed + timedelta(days=20), 22, goods, excepted=walnuts)


def _recent(today: date) -> Iterable[Gift]:
    """Gifts on their way today: every state in which a producer, a buyer or the enterprise may find one."""

    def gift(
        union: str, ago: int, need: int, heads: int, goods: tuple[str, ...], stage: str, **more: str | bool
    ) -> Gift:
        day = today - timedelta(days=ago)
        made = Gift(union, Occasion.BIRTHDAY, day, today + timedelta(days=need), heads, goods, stage=stage)
        return replace(made, **more)  # type: ignore[arg-type]

    umbrella = ("PL-HERB-150", "HM-UMBRELLA-1")
    return [
        gift("U-XA-YT-01", 1, 19, 24, ("JX-DATE-500", "MZ-MILLET-500", "QJ-BOX-NORTH"), "sent"),
        gift("U-XA-YT-03", 3, 17, 30, ("LX-GOAT-400", "JX-NOODLE-800", "ZS-SHIITAKE-200"), "confirmed"),
        gift("U-XA-YT", 9, 11, 22, umbrella, "shipped"),
        gift("U-XA-YT", 27, -6, 20, ("SN-PEANUT-1000", "YX-BLACKRICE-1000", "QD-RICE-5000"), "accepted"),
        gift("U-XA-BQ-01", 22, -1, 40, ("JX-DATE-500", "CG-CITRUS-5000", "MZ-BEAN-1000"), "sent"),
        gift(
            "U-YL-YY",
            6,
            15,
            26,
            ("DB-BUCKWHEAT-1000", "FP-PERSIMMON-1000", "CA-CRYSTAL-400"),
            "confirmed",
            twist="held",
        ),
        gift("U-YL-YY-01", 30, -9, 36, ("JX-DATE-500", "ZS-SHIITAKE-200", "MZ-MILLET-500"), "paid_seller"),
        gift("U-HZ-HT-01", 24, -5, 28, ("XX-GREEN-250", "RH-CUP-1"), "paid_seller", silent=True),
        gift("U-YL-YY-02", 16, 6, 32, ("PL-GREEN-200", "RH-CUP-1"), "confirmed", twist="given_up"),
        gift("U-XA-YT-02", 12, 9, 21, ("LB-BOX-FOREST",), "shipped"),
    ]


def _coming(today: date) -> Iterable[Gift]:
    """Plans for what comes next: half-finished, waiting for approval, approved."""
    day, occasion = min(
        (day, o)
        for year in (today.year, today.year + 1)
        for o, day in of_year(year).items()
        if day - today >= PLACED_BEFORE
    )
    basket = _BASKETS[occasion]
    return [
        Gift(union, occasion, today, day - NEEDED_BEFORE, heads, basket[place % len(basket)], stage=stage)
        for place, (union, heads, stage) in enumerate(
            [
                ("U-XA-YT", 148, "submitted"),
                ("U-XA-YT", 36, "draft"),
                ("U-XA-YT-01", 175, "approved"),
                ("U-YL-YY", 58, "submitted"),
            ]
        )
    ]
