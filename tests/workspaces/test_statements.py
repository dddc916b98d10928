"""How many statements each page costs: the same with one row as with several, and few (`pytest -s` prints the table)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from marketplace.organisations.models import Role
from tests.workspaces import crawl, own, url_map

CEILING = 30
Read = tuple[str, str]  # a page, and who reads it


@pytest.fixture(autouse=True)
def _refusals_are_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("django.request"), "level", logging.ERROR)


def cost(client: Client, url: str) -> tuple[int, HttpResponse]:
    """Statements that an answer takes, signing in included, and the answer."""
    sent: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        sent.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        answer = crawl.unscoped(client.get, url)
    return len(sent), answer


def costs(parameters: dict[str, dict[str, object]], before: Mapping[Read, int] | None = None) -> dict[Read, int]:
    """Statements by page and reader, when what can be cached is: asked again, unless the first time cost no more than `before`."""
    clients = {role: crawl.reader(role, "zh-hans") for role in (None, *own.PEOPLE)}
    found: dict[Read, int] = {}
    for name, role, url in crawl.urls(parameters):
        page = name, Role(role).value if role else "visitor"
        number, answer = cost(clients[role], url)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            known = before is not None and number <= before.get(page, 0)
            found[page] = number if known else cost(clients[role], url)[0]
    return found


def test_no_page_asks_more_for_more_rows(own: SimpleNamespace) -> None:
    from tests.workspaces.own import make

    parameters = url_map.own_parameters(own)
    few = costs(parameters)
    for _again in range(3):
        make()
    more = costs(parameters, few)
    for (name, reader), number in sorted(more.items(), key=lambda found: -found[1]):
        print(f"{number:3}  {name} ({reader})")
    assert {page: (few[page], number) for page, number in more.items() if number > few[page]} == {}
    assert {page: number for page, number in more.items() if number > CEILING} == {}
    assert len(more) > 60
