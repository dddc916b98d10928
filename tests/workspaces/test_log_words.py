"""Whatever the house writes into its log has words for readers, in both languages."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from marketplace.workspaces.log_words import KINDS, SUBJECTS, kind_in_words, kinds_said, subject_in_words
from tests.log_kinds import written


def test_every_kind_that_is_written_has_words() -> None:
    kinds = written()
    assert len(kinds) > 60
    assert {kind for kind in kinds if kind_in_words(kind) == kind} == set()


def test_words_are_said_in_chinese() -> None:
    with override("zh-hans"):
        assert {kind for kind, words in KINDS.items() if str(words).isascii()} == set()
        assert {sort for sort, words in SUBJECTS.items() if str(words).isascii()} == set()
        assert kind_in_words("supplier_order.lots_assigned") == "已分配批次"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("supplier_order.lots_assigned", "Lots assigned"),
        ("accreditation.county_decision", "Accreditation: County decision"),
        ("challenge.opened", "Challenge opened"),
        ("challenge.upheld", "Challenge: Upheld"),
        ("nobody.knows", "nobody.knows"),
    ],
)
def test_an_entry_is_told_in_words(kind: str, words: str) -> None:
    with override("en"):
        assert kind_in_words(kind) == words


def test_a_reader_searches_by_words() -> None:
    with override("en"):
        assert kinds_said("lots assigned") == ["supplier_order.lots_assigned"]
        assert subject_in_words("order:2026-1") == "Order 2026-1"
        assert subject_in_words("something else") == "something else"
