"""The season of a day: its solar term (节气), computed from the sun, and what is harvested or freshly made in its month."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_SHANGHAI = timedelta(hours=8)
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)

# From the sun's longitude of 315 degrees on, every 15 degrees.
TERMS: tuple[str | Promise, ...] = (
    _("Beginning of Spring"),
    _("Rain Water"),
    _("Awakening of Insects"),
    _("Spring Equinox"),
    _("Pure Brightness"),
    _("Grain Rain"),
    _("Beginning of Summer"),
    _("Grain Buds"),
    _("Grain in Ear"),
    _("Summer Solstice"),
    _("Minor Heat"),
    _("Major Heat"),
    _("Beginning of Autumn"),
    _("End of Heat"),
    _("White Dew"),
    _("Autumn Equinox"),
    _("Cold Dew"),
    _("Frost's Descent"),
    _("Beginning of Winter"),
    _("Minor Snow"),
    _("Major Snow"),
    _("Winter Solstice"),
    _("Minor Cold"),
    _("Major Cold"),
)

# Months in which the mountains of Shaanxi harvest a class's produce, or make it fresh of the harvest.
MONTHS: dict[str, tuple[int, ...]] = {
    "grain.millet": (10, 11, 12),
    "grain.black": (10, 11),
    "grain.bean": (9, 10, 11),
    "grain.buckwh": (10, 11, 12),
    "oil.rapeseed": (6, 7, 8),
    "nut.walnut": (9, 10, 11),
    "nut.chestnut": (9, 10, 11),
    "date.red": (10, 11, 12),
    "persimmon": (11, 12, 1, 2),
    "fruit.apple": (10, 11, 12),
    "fruit.kiwi": (9, 10, 11),
    "fruit.pear": (8, 9, 10),
    "fruit.cherry": (5, 6),
    "fungus.ear": (6, 7, 8, 9),
    "mushroom.dry": (3, 4, 11, 12),
    "tea.green": (3, 4, 5),
    "tea.black": (4, 5, 6),
    "honey.bee": (5, 6, 7),
    "meat.cured": (12, 1, 2),
    "spice.pepper": (7, 8, 9),
    "spice.chilli": (9, 10, 11),
    "veg.konjac": (11, 12, 1),
    "veg.potato": (10, 11, 12),
    "mooncake": (8, 9),
    "wine.grape": (9, 10),
}


@dataclass(frozen=True)
class Season:
    """A solar term with its first day and the first day of the next one; 0 is the Beginning of Spring."""

    term: int
    since: date
    until: date

    @property
    def name(self) -> str:
        """The term in the reader's language."""
        return str(TERMS[self.term])

    @property
    def quarter(self) -> str:
        """spring, summer, autumn or winter."""
        return ("spring", "summer", "autumn", "winter")[self.term // 6]


def longitude(moment: datetime) -> float:
    """The sun's apparent longitude in degrees, to about a hundredth of one (the term's hour, not its minute).

    After the low-precision formula of the Astronomical Almanac, good for some centuries around 2000.
    """
    days = (moment - _J2000) / timedelta(days=1)
    anomaly = math.radians(357.529 + 0.98560028 * days)
    return (280.459 + 0.98564736 * days + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly) - 0.0057) % 360


def _term_of(day: date) -> int:
    """The term in which the day ends, in Shanghai: the day on which it begins belongs to it."""
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) - _SHANGHAI
    return int((longitude(end) - 315) % 360 // 15)


def season_of(day: date) -> Season:
    """The solar term that holds on a day."""
    term = _term_of(day)
    since = until = day
    while _term_of(since - timedelta(days=1)) == term:
        since -= timedelta(days=1)
    while _term_of(until) == term:
        until += timedelta(days=1)
    return Season(term, since, until)


def in_season(day: date) -> list[str]:
    """Codes of the commodity classes that are harvested or freshly made in the day's month."""
    return [code for code, months in MONTHS.items() if day.month in months]
