"""Words that will be published: without numbers of persons."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError

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


class WordsMissing(HouseError):
    """Nothing was written."""

    code = "words_missing"
    sentence = _("Write your grounds: they are published, and the answer goes into them.")


class PersonalData(HouseError):
    """A number of a person in words that will be published."""

    code = "personal_data"
    sentence = _(
        "What you write is published, and it contains what looks like a phone, identity or account number (%(masked)s). "
        "Take it out; papers that need it can be filed, and only the sides see them."
    )
