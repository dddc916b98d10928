"""When the festivals are on which gifts may be given. Those of the lunar calendar and Qingming are computed, by `holidays`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import holidays

from procurement.policy.models import Occasion

_NAMES = {
    Occasion.NEW_YEAR: "元旦",
    Occasion.SPRING_FESTIVAL: "春节",
    Occasion.QINGMING: "清明节",
    Occasion.LABOUR_DAY: "劳动节",
    Occasion.DRAGON_BOAT: "端午节",
    Occasion.MID_AUTUMN: "中秋节",
    Occasion.NATIONAL_DAY: "国庆节",
}


@dataclass(frozen=True)
class Festival:
    """An occasion and its first day in some year."""

    occasion: Occasion
    day: date

    def days_from(self, day: date) -> int:
        """How many days it is until then; negative once it has begun."""
        return (self.day - day).days


@cache
def of_year(year: int) -> Mapping[Occasion, date]:
    """The first day of each festival that falls into this year of the common calendar."""
    named = holidays.country_holidays("CN", years=year, observed=False, language="zh_CN")
    # Two festivals on one day stand in one name.
    return {
        occasion: min(day for day, names in named.items() if name in names.split("; "))
        for occasion, name in _NAMES.items()
    }


def upcoming(day: date, number: int = len(_NAMES)) -> list[Festival]:
    """The next festivals on or after a day, nearest first."""
    coming = [
        Festival(occasion, on)
        for year in (day.year, day.year + 1)
        for occasion, on in of_year(year).items()
        if on >= day
    ]
    return sorted(coming, key=lambda festival: (festival.day, festival.occasion))[:number]
