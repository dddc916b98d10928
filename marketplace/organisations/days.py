"""Days within a sentence, as Chinese and English offices write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import get_language


def in_chinese() -> bool:
    """Whether the reader's language is Chinese, which it is where nobody chose one."""
    return (get_language() or "zh").startswith("zh")


def day_in_words(day: date) -> str:
    """2026年11月24日, or 24 November 2026; of a moment, its day in the business calendar."""
    if isinstance(day, datetime) and timezone.is_aware(day):
        day = timezone.localdate(day)
    return f"{day.year}年{day.month}月{day.day}日" if in_chinese() else format_date(day, "j F Y")


def days_in_words(data: Mapping[str, Any]) -> dict[str, Any]:
    """What fills the places of a sentence, its days in words. A text stays as it is: a lot's code may look like a day."""
    return {name: day_in_words(value) if isinstance(value, date) else value for name, value in data.items()}
