"""Words that will be published: without numbers of persons."""

from __future__ import annotations

import re

from procurement.watch.errors import PersonalData, WordsMissing

# Mobile phones, identity numbers, bank accounts; blanks and hyphens between digits hide nothing.
_NUMBERS = re.compile(r"(?<![\dA-Za-z])(?:1\d{10}|\d{17}[\dXx]|\d{16}|\d{19})(?![\dA-Za-z])")
_BETWEEN = re.compile(r"(?<=\d)[ \-\u00a0](?=\d)")


def publishable(text: str) -> str:
    """The text without blanks around it. Raises WordsMissing, PersonalData."""
    words = text.strip()
    if not words:
        raise WordsMissing
    found = _NUMBERS.search(_BETWEEN.sub("", words))
    if found:
        number = found.group()
        raise PersonalData(masked=number[:3] + "*" * (len(number) - 5) + number[-2:])
    return words
