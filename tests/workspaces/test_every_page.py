"""What holds on every page for everybody who may come: its words in the reader's language, its structure, its links, its forms."""

from __future__ import annotations

import logging
import re
from types import SimpleNamespace

import pytest
from django.db import connection

from marketplace.organisations.models import Role
from tests.workspaces import crawl, url_map
from tests.workspaces.crawl import Page

HAN = re.compile(r"[\u3400-\u9fff]+")
WORD = re.compile(r"[A-Za-z][a-z]{2,}")
# What has no language: file names, addresses and numbers with letters in them; masked names; words that offices write as they are.
OF_NO_LANGUAGE = re.compile(
    r"\b[a-z]+:(?=[\u3400-\u9fff])|[\w+-]+(?:[.:/_+@-][\w+-]+)+|\b(?=[A-Za-z]*\d)\w+|[\u3400-\u9fff]\*+|\b(?:Python|cryptography|Excel|Merkle|English|halal)\b",
    re.ASCII,
)
# The living page of components shows examples, in Chinese.
WITH_EXAMPLES = {"style"}


@pytest.fixture(autouse=True)
def _refusals_are_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("django.request"), "level", logging.ERROR)


@pytest.fixture
def chinese(own: SimpleNamespace) -> list[Page]:
    return crawl.pages(url_map.own_parameters(own), "zh-hans")


@pytest.fixture
def english(own: SimpleNamespace) -> list[Page]:
    return crawl.pages(url_map.own_parameters(own), "en")


def data() -> list[str]:
    """Every text that the database holds, longest first: names, titles, addresses, sentences that people wrote."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying') AND table_name NOT LIKE 'django_%'"
        )
        columns = cursor.fetchall()
        found: set[str] = set()
        for table, column in columns:
            cursor.execute(f'SELECT DISTINCT "{column}" FROM "{table}" WHERE length("{column}") BETWEEN 2 AND 400')
            found |= {" ".join(value.split()) for (value,) in cursor.fetchall()}
    return sorted(found, key=len, reverse=True)


def foreign(pages: list[Page], letters: re.Pattern[str], language: str, known: list[str]) -> dict[str, str]:
    """Texts in another language's letters that no mark says to be so and no table holds, each with a page where it stands."""
    # A lower-case word in a column is a code of ours, not data: nobody but the operator, who keeps the codes, is shown it.
    codes = {text for text in known if re.fullmatch("[a-z_.]+", text)}
    known = [text for text in known if letters.search(text) and not re.fullmatch("[a-z_]+", text)]
    found: dict[str, str] = {}
    for page in pages:
        if page.name in WITH_EXAMPLES:
            continue
        for said in page.html.said:
            if said.verbatim or said.language.startswith(language) or not letters.search(said.text):
                continue
            if page.role == Role.OPERATOR and said.text in codes:
                continue
            rest = said.text
            for text in known:
                rest = rest.replace(text, " ")
            rest = OF_NO_LANGUAGE.sub(" ", rest)
            if letters.search(rest) and len(said.text) > 1:  # one letter is the initial of somebody's name
                found.setdefault(f"{rest[:90]} <{said.element}>", str(page))
    return found


def test_in_english_only_data_is_chinese(english: list[Page]) -> None:
    assert len(english) > 60
    assert foreign(english, HAN, "zh", data()) == {}


def test_in_chinese_only_data_is_english(chinese: list[Page]) -> None:
    assert len(chinese) > 60
    assert foreign(chinese, WORD, "en", data()) == {}
