"""Whatever the house writes into its log has words for readers, in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from marketplace.workspaces.log_words import KINDS, SUBJECTS, kind_in_words, kinds_said, subject_in_words

WRITERS = {"record", "EntryDraft", "note", "_note", "_record", "_write", "_draft"}


def written() -> set[str]:
    """Every kind that the source names where it writes an entry."""
    base, found = Path(settings.BASE_DIR), set()
    for folder in ("marketplace", "procurement", "suppliers"):
        for file in (base / folder).rglob("*.py"):
            for call in (
                node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
            ):
                name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                given = [
                    one.value
                    for one in [*call.args[:1], *(k.value for k in call.keywords if k.arg == "kind")]
                    if isinstance(one, ast.Constant)
                ]
                found |= {
                    one
                    for one in given
                    if name in WRITERS and isinstance(one, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+", one)
                }
    return found


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
