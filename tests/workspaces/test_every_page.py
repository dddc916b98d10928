"""What holds on every page for everybody who may come: its words in the reader's language, its structure, its links, its forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from marketplace.organisations.models import Role
from tests.workspaces.crawl import Crawled, Page
from tests.workspaces.html import Html

HAN = re.compile(r"[\u3400-\u9fff]+")
WORD = re.compile(r"[A-Za-z][a-z]{2,}")
# What has no language: file names, addresses and numbers with letters in them; masked names; words that offices write as they are.
OF_NO_LANGUAGE = re.compile(
    r"\b[a-z]+:(?=[\u3400-\u9fff])|[\w+-]+(?:[.:/_+@-][\w+-]+)+|\b(?=[A-Za-z]*\d)\w+|[\u3400-\u9fff]\*+|\b(?:Python|cryptography|Excel|Merkle|English|halal)\b",
    re.ASCII,
)
# The living page of components shows examples, in Chinese.
WITH_EXAMPLES = {"style"}


@pytest.fixture
def chinese(crawled: Callable[[str], Crawled]) -> list[Page]:
    return crawled("zh-hans").pages


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


def test_in_english_only_data_is_chinese(crawled: Callable[[str], Crawled]) -> None:
    english = crawled("en")
    assert len(english.pages) > 60
    assert foreign(english.pages, HAN, "zh", english.texts) == {}


def test_in_chinese_only_data_is_english(crawled: Callable[[str], Crawled]) -> None:
    chinese = crawled("zh-hans")
    assert len(chinese.pages) > 60
    assert foreign(chinese.pages, WORD, "en", chinese.texts) == {}


def test_every_page_is_well_made(chinese: list[Page]) -> None:
    """One heading of the first rank, a title, ids that are there once, a name for every control, no inline script or style."""
    wrong: dict[str, list[str]] = {}
    for page in chinese:
        if found := faults(page.html):
            wrong[str(page)] = found
    assert wrong == {}


def faults(html: Html) -> list[str]:
    """What is ill made on a page, in words."""
    found = [] if len(html.all("h1")) == 1 else [f"{len(html.all('h1'))} h1"]
    found += [] if html.text_of("title").strip(" ·") else ["no title"]
    ids = [element.attributes["id"] for element in html.elements if "id" in element.attributes]
    found += [f"id {one} is there {ids.count(one)} times" for one in sorted(set(ids)) if ids.count(one) > 1]
    labelled = {element.attributes.get("for") for element in html.all("label")}
    for element in html.elements:
        held = element.attributes
        if "style" in held or any(name.startswith("on") for name in held):
            found.append(f"inline style or script on <{element.name}>")
        if element.name == "script" and "src" not in held and held.get("type") != "application/json":
            found.append("inline script")
        if element.name in {"input", "select", "textarea"} and held.get("type") not in {"hidden", "submit"}:
            named = (
                held.get("id") in labelled
                or "label" in element.inside
                or {"aria-label", "aria-labelledby"} & held.keys()
            )
            found += [] if named else [f"<{element.name} name={held.get('name')}> has no label"]
        if element.name == "img" and "alt" not in held:
            found.append("a picture without alt")
    return found


def test_every_link_leads_somewhere(chinese: list[Page]) -> None:
    """Links and forms go to addresses of the house."""
    wrong = set()
    for page in chinese:
        for element in page.html.all("a", "form"):
            target = element.attributes.get("href", element.attributes.get("action", ""))
            path = urlsplit(target).path
            if urlsplit(target).netloc or not path.startswith("/") or path.startswith("/static/"):
                continue
            try:
                resolve(path)
            except Resolver404:
                wrong.add((path, str(page)))
    assert wrong == set()


def test_titles_tell_pages_apart(chinese: list[Page]) -> None:
    """Two pages that one person may open in a workspace have two titles, unless both addresses show the same page."""
    same = [{"union:statement", "union:statement_year"}, {"people", "people_of"}]
    titles: dict[tuple[str, Role | None, str], set[str]] = {}
    for page in chinese:
        workspace = page.name.partition(":")[0] if ":" in page.name else ""
        titles.setdefault((page.html.text_of("title"), page.role, workspace), set()).add(page.name)
    assert {title: names for title, names in titles.items() if len(names) > 1 and names not in same} == {}
