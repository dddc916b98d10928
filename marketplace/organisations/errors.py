"""Errors that a person can act on: a code for programs, data for both, a sentence that names the thing, the rule and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.days import days_in_words


@dataclass(frozen=True)
class Sentence:
    """A sentence within a refusal's data: marked for translation, with data of its own."""

    text: Any
    data: Mapping[str, Any]

    def __str__(self) -> str:
        return str(self.text) % days_in_words(self.data)


class HouseError(Exception):
    """A refusal. Subclasses give `code` and `sentence`; the data fills the sentence's places, days among it as dates."""

    code = "error"
    sentence: Any = _("This cannot be done.")

    def __init__(self, **data: Any) -> None:
        self.data = data
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.sentence) % days_in_words(self.data)

    @property
    def sentences(self) -> list[str]:
        """Every fault as a sentence; one for a plain refusal."""
        return [str(self)]


class Refusals(HouseError):
    """Several refusals reported together, so that a person can mend them all at once."""

    code = "refusals"

    def __init__(self, refusals: list[HouseError]) -> None:
        self.refusals = refusals
        super().__init__(codes=[r.code for r in refusals])

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    @property
    def sentences(self) -> list[str]:
        """The sentences of all refusals, in order."""
        return [s for refusal in self.refusals for s in refusal.sentences]


class NotAllowed(HouseError):
    """The actor has no role for this verb in this organisation."""

    code = "not_allowed"
    sentence = _(
        "Only a person with the role “%(role)s” in %(organisation)s may do this. Ask the organisation's administrator for the role."
    )


class SameKeyOtherBody(HouseError):
    """An idempotency key came again with another body (I6)."""

    code = "same_key_other_body"
    sentence = _(
        "The key %(key)s was already used for a different request. Send the new request under a new key; the first one stands."
    )
