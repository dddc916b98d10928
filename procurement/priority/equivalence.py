"""When an assistance offer of the same class can stand for a wanted product: content, grade, processing, dietary marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the bounds in force of a class say; see ClassBounds."""

    content_least: int
    content_most: int
    grades: Sequence[str]
    processings: Sequence[str]
    dietary: Sequence[str]

    def holds(self, content: int) -> bool:
        """Whether a content lies inside."""
        return content >= self.content_least and (not self.content_most or content <= self.content_most)


class Measured(Protocol):
    """What of a product is compared."""

    @property
    def content(self) -> int: ...
    @property
    def grade(self) -> str: ...
    @property
    def processing(self) -> str: ...
    @property
    def dietary(self) -> Sequence[str]: ...


def missed(wanted: Measured, offered: Measured, bounds: Bounds | None) -> list[str]:
    """The criteria that an offer misses. In a class without bounds: grade and processing are the same where both state one, and every
    dietary mark of the wanted product is borne.

    A wanted product whose own content lies outside the bounds is compared with offers of every content: nobody escapes the rule by an
    odd package.
    """
    if bounds is None:
        return _without_bounds(wanted, offered)
    found = []
    if bounds.holds(wanted.content) and not bounds.holds(offered.content):
        found.append("content")
    if _worse(wanted.grade, offered.grade, bounds.grades):
        found.append("grade")
    told_apart = set(bounds.processings)
    if wanted.processing != offered.processing and {wanted.processing, offered.processing} <= told_apart:
        found.append("processing")
    if not set(wanted.dietary) & set(bounds.dietary) <= set(offered.dietary):
        found.append("dietary")
    return found


def _worse(wanted: str, offered: str, grades: Sequence[str]) -> bool:
    """Whether the offered grade stands below the wanted one; what is not named fits."""
    return wanted in grades and offered in grades and grades.index(offered) > grades.index(wanted)


def _without_bounds(wanted: Measured, offered: Measured) -> list[str]:
    found = []
    if wanted.grade and offered.grade and wanted.grade != offered.grade:
        found.append("grade")
    if wanted.processing and offered.processing and wanted.processing != offered.processing:
        found.append("processing")
    if wanted.dietary and not set(wanted.dietary) <= set(offered.dietary):
        found.append("dietary")
    return found
