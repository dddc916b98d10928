"""One living site for all paths that tests of this process walk, and windows to look at it.

A path makes what it needs beside what others made: it asserts about its own plans, orders and requests, never about all there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from marketplace import processes
from tests import house
from tests.browser.people import View

PATIENCE = 60_000  # milliseconds; a machine that does much else needs that, and a page that is in time does not wait
# Every page says so itself, as soon as it stands there.
WIDER = """addEventListener('load', () => { const width = document.scrollingElement.scrollWidth;
  if (width > innerWidth) console.error(`${location.pathname} is ${width} wide in a window of ${innerWidth}`) })"""


@pytest.fixture(scope="session")
def shared_house(django_test_environment: None, tmp_path_factory: Any) -> Iterator[tuple[house.Database, str]]:
    """A database with the world, and the address of the site that is served from it."""
    database = house.new_database(world=True)
    port = processes.free_port()
    own = {"DATABASE_URL": database.url, "DATABASE_OWNER_URL": database.owner_url}
    child = processes.spawn("web", processes.web_command(port), tmp_path_factory.mktemp("shared"), own)
    try:
        processes.wait_for_page(f"http://127.0.0.1:{port}/accounts/sign-in/", child)
        yield database, f"http://127.0.0.1:{port}"
    finally:
        processes.end([child])
        house.drop(database)


@pytest.fixture
def site(shared_house: tuple[house.Database, str], django_db_blocker: Any, monkeypatch: Any) -> Iterator[str]:
    """The address of the shared site; Django works in its database, on behalf of the house, and commits are real."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connections

    from marketplace.organisations.scopes import seen_by

    database, address = shared_house
    with django_db_blocker.unblock():
        connections.close_all()
        for alias in connections:
            monkeypatch.setitem(connections.settings[alias], "NAME", database.name)
        ContentType.objects.clear_cache()
        with seen_by(None):
            yield address
        connections.close_all()
        ContentType.objects.clear_cache()


@pytest.fixture
def window(chromium: Any) -> Iterator[Callable[..., Any]]:
    """A function `(view, like=None)`: a page in a window of its own, signed in as the page `like` is.

    At the end no script may have failed, nothing been missing, and no page been wider than its window.
    """
    contexts, wrong = [], []

    def note(message: Any) -> None:
        if message.type == "error":
            wrong.append(f"{message.text} ({message.location.get('url', '')})")

    def opened(view: View, like: Any = None) -> Any:
        context = chromium.new_context(
            viewport={"width": view.width, "height": 900 if view.width > 600 else 740},
            locale=view.locale,
            timezone_id="Asia/Shanghai",
            storage_state=like.context.storage_state() if like else None,
        )
        contexts.append(context)
        context.add_init_script(WIDER)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", note)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []
