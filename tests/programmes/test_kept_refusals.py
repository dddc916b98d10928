"""What a worker was refused is told in the language of whoever reads it, however it was stored."""

from __future__ import annotations

import json

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from marketplace.fulfilment.errors import NotYet
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.refusals import kept, sentences_of
from marketplace.spreadsheets.workbook_limits import WorkbookError
from marketplace.stock.errors import LotsTooSmall
from procurement.priority.errors import RuleViolation
from procurement.programmes.errors import AddressTooShort, BadFile, NotAPerson, OutsideTheRegion, WrongState
from procurement.programmes.models import ProgrammeState

REFUSALS = [
    NotYet(number="S-1", state="sent", needed="assigned", verb="ship"),
    LotsTooSmall(sku="JX-DATE-1000", covered=3, needed=5),
    AddressTooShort(most=200),
    OutsideTheRegion(place="西安"),
    WrongState(
        programme="100 %", state=ProgrammeState.DRAFT.label, needed=ProgrammeState.APPROVED.label, verb=_("place")
    ),
    BadFile(reason=WorkbookError("file_too_large", size=40, limit=32).said),
    RuleViolation("accreditation_missing", title="甲"),
    Refusals([AddressTooShort(most=200), OutsideTheRegion(place="西安")]),
]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.code)
def test_it_says_the_same_as_if_it_were_raised_for_the_reader(refusal: HouseError, language: str) -> None:
    with translation.override("zh-hans" if language == "en" else "en"):
        stored = json.loads(json.dumps(kept(refusal)))
    with translation.override(language):
        assert sentences_of(stored) == refusal.sentences


def test_code_and_data_are_kept_as_they_are() -> None:
    assert kept(LotsTooSmall(sku="A", covered=3, needed=5)) == [
        {
            "code": "lots_too_small",
            "text": LotsTooSmall.sentence._args[0],
            "data": {"sku": "A", "covered": 3, "needed": 5},
        }
    ]


def test_a_sentence_that_makes_itself_keeps_its_words() -> None:
    with translation.override("en"):
        refusal = NotAPerson("name_missing")
        assert sentences_of(kept(refusal)) == [str(refusal)]
