"""Money, shares, counts and dates as Chinese offices write them.

Templates hand in an empty string for a variable that is missing; it shows as a dash, like None.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as format_date

from marketplace.organisations.days import day_in_words, in_chinese

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")
NOTHING = "–"


def parts_of_money(amount: object) -> tuple[str, str, str]:
    """Minus sign or nothing, whole yuan with thousands, two digits of fen. TypeError unless an integer."""
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise TypeError(f"money must be an integer number of fen, not {amount!r}")
    yuan, fen_left = divmod(abs(amount), 100)
    return "-" if amount < 0 else "", f"{yuan:,}", f"{fen_left:02d}"


def fen(amount: int | str | None) -> str:
    """Integer fen as yuan: 123450 → "¥1,234.50"; missing is a dash. Raises TypeError for other types."""
    if amount is None or amount == "":
        return NOTHING
    minus, yuan, cents = parts_of_money(amount)
    return f"{minus}¥{yuan}.{cents}"


def fen_plain(amount: int | str | None) -> str:
    """Integer fen as yuan without a sign of currency: 123450 → "1,234.50", for columns headed 元."""
    if amount is None or amount == "":
        return NOTHING
    minus, yuan, cents = parts_of_money(amount)
    return f"{minus}{yuan}.{cents}"


def bp(points: int | str | None) -> str:
    """Basis points as a percentage: 5000 → "50%" in Chinese, "50 %" in English; 3333 → "33.33%"."""
    if points is None or points == "":
        return NOTHING
    whole, rest = divmod(abs(int(points)), 100)
    number = f"{'-' if int(points) < 0 else ''}{whole}" + (f".{rest:02d}".rstrip("0") if rest else "")
    return f"{number}%" if in_chinese() else f"{number}\N{NO-BREAK SPACE}%"


def count(number: int | str | None) -> str:
    """A whole number with thousands: 10000 → "10,000"."""
    return NOTHING if number is None or number == "" else f"{int(number):,}"


def when(moment: date | datetime | str | None, style: str = "date") -> str:
    """A date or time as offices write it, in Asia/Shanghai: 2026年9月20日, or 20 Sep 2026 in English.

    Styles: "date", "time" (date with hours and minutes), "short" (without year), "month", "clock". Records that hold text only write
    a date as 2026-09-20.
    """
    if not moment:
        return NOTHING
    if isinstance(moment, str):
        moment = date.fromisoformat(moment)
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        moment = moment.astimezone(OFFICE_ZONE)
    clock = f"{moment:%H:%M}" if isinstance(moment, datetime) else ""
    if style == "clock":
        return clock
    if in_chinese():
        day = {
            "short": f"{moment.month}月{moment.day}日",
            "month": f"{moment.year}年{moment.month}月",
        }.get(style, day_in_words(moment))
    else:
        day = format_date(moment, {"short": "j M", "month": "M Y"}.get(style, "j M Y"))
    return f"{day} {clock}".strip() if style == "time" else day
