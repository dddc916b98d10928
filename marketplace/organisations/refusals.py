"""Refusals that are kept, and told later in the language of whoever reads: code, sentence as it stands in the source, and data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypedDict

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext

from marketplace.organisations.days import day_in_words
from marketplace.organisations.errors import HouseError, Refusals, Sentence


class Kept(TypedDict, total=False):
    """One refusal as JSON: `text` is what is translated, `data` fills its places; `context` tells equal words apart."""

    code: str
    text: str
    context: str
    data: dict[str, Any]


def kept(error: HouseError) -> list[Kept]:
    """A refusal, or each of several, as it is stored."""
    if isinstance(error, Refusals):
        return [one for refusal in error.refusals for one in kept(refusal)]
    if (
        type(error).__str__ is not HouseError.__str__
    ):  # it makes its sentence by itself, so that only the words can be kept
        return [{"code": error.code, "text": str(error).replace("%", "%%"), "data": {}}]
    return [{"code": error.code, **_text(error.sentence), "data": {name: _value(v) for name, v in error.data.items()}}]


def sentences_of(refusals: Iterable[Kept]) -> list[str]:
    """Stored refusals as sentences in the language that is active now."""
    return [_told(one) for one in refusals]


def _text(words: Any) -> Kept:
    """What is to be translated of a sentence that was marked for it; else the words as they are."""
    arguments: tuple[Any, ...] = getattr(words, "_args", ()) if isinstance(words, Promise) else ()
    if len(arguments) == 1 and isinstance(arguments[0], str):
        return {"text": arguments[0]}
    if len(arguments) == 2 and all(isinstance(one, str) for one in arguments):
        return {"context": arguments[0], "text": arguments[1]}
    return {"text": str(words)}


def _value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Sentence):
        return {**_text(value.text), "data": {name: _value(one) for name, one in value.data.items()}}
    if isinstance(value, Promise):
        return _text(value)
    if isinstance(value, date):
        return {"day": value.isoformat()[:10]}
    return str(value)


def _told(one: Mapping[str, Any]) -> str:
    if "day" in one:
        return day_in_words(date.fromisoformat(one["day"]))
    text, context = one["text"], one.get("context")
    words = gettext(text) if context is None else pgettext(context, text)
    if "data" not in one:
        return words
    return words % {name: _told(v) if isinstance(v, dict) else v for name, v in one["data"].items()}
