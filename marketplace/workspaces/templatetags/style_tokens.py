"""The design tokens, read from the style sheet itself, so that the living page cannot fall behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders

register = template.Library()

_DECLARATION = re.compile(r"--([a-z0-9-]+):\s*([^;]+);")
# What a name begins with → the group that it belongs to; what has none of these and is a colour, is one of the colours.
_GROUPS = {"text-": "type", "round": "rounding", "pill": "rounding", "shadow-": "shadows"}
_SPACE = re.compile(r"s\d")


def tokens() -> dict[str, dict[str, str]]:
    """Name → value of every token of the light theme by group: colours, type, space, rounding, shadows, other."""
    found = finders.find("css/tokens.css")
    assert isinstance(found, str)
    sheet = Path(found).read_text(encoding="utf-8")
    first_rule = sheet[sheet.index("{") + 1 : sheet.index("}")]
    groups: dict[str, dict[str, str]] = {}
    for name, value in _DECLARATION.findall(first_rule):
        groups.setdefault(_group(name, value), {})[name] = " ".join(value.split())
    return groups


def _group(name: str, value: str) -> str:
    for start, group in _GROUPS.items():
        if name.startswith(start):
            return group
    if _SPACE.fullmatch(name):
        return "space"
    return "colours" if value.startswith(("#", "rgb")) else "other"


@register.simple_tag
def design_tokens(group: str) -> Iterator[tuple[str, str]]:
    """The (name, value) pairs of a group."""
    yield from tokens()[group].items()


@register.filter
def split_words(text: str) -> list[str]:
    """The words of a text, to loop over."""
    return text.split()
