"""On English pages the closed lists of the data speak English; what binds keeps its registered Chinese name."""

import csv
from pathlib import Path

import pytest
from django.utils.translation import override

from marketplace.demo import catalogue
from marketplace.organisations.models import Organisation
from marketplace.workspaces.glossary import english, in_readers_language
from marketplace.workspaces.storefront.counties import known_for
from marketplace.workspaces.templatetags.house import legal_name, told

_DATA = Path(catalogue.__file__).parent / "data"


def column(file: str, name: str) -> set[str]:
    with (_DATA / file).open(encoding="utf-8") as rows:
        return {row[name] for row in csv.DictReader(rows)} - {""}


def test_the_glossary_knows_every_word_of_the_closed_lists() -> None:
    lists = [column(file, name) for file in ("goods.csv", "ordinary.csv") for name in ("grade", "processing")]
    counties = [one for county in known_for().values() for one in county]
    words = column("goods.csv", "produce").union(
        *lists,
        {one.produce for one in counties},
        {one.designation for one in counties if not one.designation.isascii()},
    )
    assert words - set(english()) == set()
    assert [word for word, said in english().items() if not said] == []


def test_a_word_is_in_the_readers_language() -> None:
    with override("en"):
        assert in_readers_language("一级") == "first grade"
        assert told("一级") == "first grade"
        assert told("古法") == '<span lang="zh-Hans">古法</span>'
        assert told("AGI02153") == "AGI02153"
    with override("zh-hans"):
        assert told("一级") == "一级"


@pytest.mark.parametrize(
    ("language", "name"), [("en", 'Jia Cooperative <span lang="zh-Hans">佳县合作社</span>'), ("zh-hans", "佳县合作社")]
)
def test_what_binds_names_the_registered_name(language: str, name: str) -> None:
    with override(language):
        assert legal_name(Organisation(name="佳县合作社", name_en="Jia Cooperative")) == name
