"""English for what the data says in Chinese by a closed list of words: grade, processing, produce, designation.

An installation adds a line to data/glossary.csv for each word that it takes into its lists. Names of organisations, products,
classes and counties have an English name of their own in the database.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from django.utils.translation import get_language


@cache
def english() -> dict[str, str]:
    """Each word and its English."""
    with (Path(__file__).parent / "data" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        return {row["word"]: row["english"] for row in csv.DictReader(file)}


def in_readers_language(word: str) -> str:
    """The word as the reader's language has it; as it stands where the glossary does not know it."""
    return english().get(word, word) if get_language() == "en" else word
