"""The living page of components shows everything that there is, read from the files themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from marketplace.workspaces.templatetags._product_art import motif_names, motif_of
from marketplace.workspaces.templatetags.style_tokens import tokens

pytestmark = pytest.mark.django_db

TEMPLATES = Path(settings.BASE_DIR) / "templates"
TOKENS = Path(settings.BASE_DIR) / "static/css/tokens.css"


def test_every_component_is_shown(client: Client) -> None:
    shown = {template.name for template in client.get("/style/").templates}
    there = {str(file.relative_to(TEMPLATES)) for file in TEMPLATES.glob("components/**/*") if file.is_file()}
    assert there - shown == set()


def test_every_token_is_shown(client: Client) -> None:
    declared = set(re.findall(r"^  --([a-z0-9-]+):", TOKENS.read_text(encoding="utf-8"), re.MULTILINE))
    page = client.get("/style/").content.decode()
    assert {name for name in declared if f"<code>--{name}</code>" not in page} == set()


def test_tokens_stand_in_groups() -> None:
    groups = tokens()
    assert sorted(groups) == ["colours", "other", "rounding", "shadows", "space", "type"]
    assert list(groups["space"]) == [f"s{step}" for step in range(1, 9)]
    assert groups["colours"]["brand"] == "#ab3b17"
    assert groups["rounding"]["pill"] == "999px"


def test_both_themes_stand_side_by_side(client: Client) -> None:
    page = client.get("/style/").content.decode()
    assert page.count('class="theme theme-light"') == page.count('class="theme theme-dark"') == 2


def test_the_page_asks_the_database_nothing(client: Client, django_assert_num_queries: object) -> None:
    client.get("/style/")  # sites, content types and the like are looked up once
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert client.get("/style/").status_code == 200


def test_nothing_on_it_needs_a_style_or_script_of_its_own(client: Client) -> None:
    page = client.get("/style/").content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page) == []
    identifiers = re.findall(r'\sid="([^"]+)"', page)
    assert sorted({name for name in identifiers if identifiers.count(name) > 1}) == []


@pytest.mark.parametrize(
    ("code", "name", "motif"),
    [
        ("fruit.citrus", "柑橘", "citrus"),
        ("fruit.grape", "葡萄", "grape"),
        ("wine.grape", "葡萄酒", "wine"),
        ("veg.fresh", "高山蔬菜", "greens"),
        ("veg.konjac", "魔芋制品", "noodle"),
        ("drink.juice", "果汁", "juice"),
        ("daily.soap", "香皂", "soap"),
        ("daily.paper", "纸巾", "tissue"),
        ("daily.cup", "保温杯", "flask"),
        ("daily.umbr", "雨伞", "umbrella"),
        ("nut.chestnut", "板栗", "chestnut"),
        ("fungus.ear", "黑木耳", "fungus"),
        ("tea.black", "红茶", "redtea"),
        ("tea.herb", "代用茶", "tea"),
        ("no.such", "没有", "basket"),
    ],
)
def test_goods_are_drawn_as_what_they_are(code: str, name: str, motif: str) -> None:
    assert motif_of(code, name) == motif


def test_every_motif_has_its_drawing() -> None:
    assert set(motif_names()) == {file.stem for file in (TEMPLATES / "components/motifs").glob("*.svg")}
