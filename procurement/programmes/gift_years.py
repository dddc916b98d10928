"""In which gift years a gift may count: that of the day on which it is needed, and around the turn of the year its neighbour."""

from __future__ import annotations

from datetime import date

from procurement.programmes.errors import YearUnfit


def gift_years(needed: date) -> tuple[int, ...]:
    """The gift years of a gift needed on that day. What is handed out in November and December may be for the festivals after New
    Year; what comes in January and February may have been meant for the year before."""
    if needed.month >= 11:
        return needed.year, needed.year + 1
    return (needed.year - 1, needed.year) if needed.month <= 2 else (needed.year,)


def unfit(needed: date, gift_year: int) -> YearUnfit | None:
    """What is said against a gift year that does not go with the day: otherwise one year's room could buy another year's gifts."""
    fit = gift_years(needed)
    return None if gift_year in fit else YearUnfit(day=needed, year=gift_year, years="/".join(map(str, fit)))
