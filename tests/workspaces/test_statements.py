"""How many statements each page costs: the same with one row as with several, and few (`pytest -s` prints the table)."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.organisations.models import Role
from tests.workspaces import crawl, own, url_map

CEILING = 30


@pytest.fixture(autouse=True)
def _refusals_are_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("django.request"), "level", logging.ERROR)


def costs(parameters: dict[str, dict[str, object]]) -> dict[tuple[str, str], int]:
    """Statements by page and reader, signing in included, when what can be cached is."""
    clients = {role: crawl.reader(role, "zh-hans") for role in (None, *own.PEOPLE)}
    found: dict[tuple[str, str], int] = {}
    for name, role, url in crawl.urls(parameters):
        for _twice in range(2):
            with CaptureQueriesContext(connection) as captured:
                answer = crawl.unscoped(clients[role].get, url)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            found[name, Role(role).value if role else "visitor"] = len(captured)
    return found


def test_no_page_asks_more_for_more_rows(own: SimpleNamespace) -> None:
    from tests.workspaces.own import make

    parameters = url_map.own_parameters(own)
    few = costs(parameters)
    for _again in range(3):
        make()
    more = costs(parameters)
    for (name, reader), number in sorted(more.items(), key=lambda found: -found[1]):
        print(f"{number:3}  {name} ({reader})")
    assert {page: (few[page], number) for page, number in more.items() if number > few[page]} == {}
    assert {page: number for page, number in more.items() if number > CEILING} == {}
    assert len(more) > 60
