"""Every page of the house, as each of those sees it who may come: generated from the URL map, read once a run."""

from __future__ import annotations

import contextvars
import fcntl
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import translation
from django_scopes.state import state as scopes

from marketplace.organisations.models import Role, User
from tests import house
from tests.people import signed_in
from tests.workspaces import url_map
from tests.workspaces.html import Html
from tests.workspaces.own import PEOPLE, make
from tests.world import visiting

COOKIE = "django_language"


@dataclass(frozen=True)
class Page:
    """A page that somebody was shown: the address's name, who looked (None: a visitor), where, and what came."""

    name: str
    role: Role | None
    url: str
    source: str

    @cached_property
    def html(self) -> Html:
        """What it holds."""
        return Html(self.source)

    def __str__(self) -> str:
        return f"{self.name} ({self.role.value if self.role else 'visitor'}, {self.url})"


def reader(role: Role | None, language: str) -> Client:
    """A visitor, or the person of that role, reading in that language."""
    client = Client()
    client.cookies[COOKIE] = language
    if role:
        signed_in(client, User.objects.get(username=PEOPLE[role]))
    return client


def unscoped(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call outside the test's own scope: a page has to say for whom it asks. Everything else of the context stays."""
    context = contextvars.copy_context()
    context.run(scopes.set, None)
    return context.run(function, *arguments, **options)


def urls(parameters: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Role | None, str]]:
    """Name, reader and address of everything that might be a page; what is open to all is read by a visitor and by a buyer."""
    for address in url_map.addresses():
        if not address.is_api and (address.name in parameters or not address.parameters):
            for role in sorted(address.roles) or (None, Role.BUYER):
                yield address.name, role, reverse(address.name, kwargs=parameters.get(address.name, {}))


def pages(parameters: dict[str, dict[str, Any]], language: str) -> list[Page]:
    """All pages that open with a GET, as HTML; what is put into a page later (a fragment) is no page."""
    clients = {role: reader(role, language) for role in (None, *PEOPLE)}
    found = []
    for name, role, url in urls(parameters):
        answer = unscoped(clients[role].get, url)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            source = answer.content.decode()
            if source.lstrip().startswith("<!DOCTYPE html>"):
                found.append(Page(name, role, url, source))
    return found


@dataclass(frozen=True)
class Crawled:
    """All pages in one language, and every text that the database held meanwhile."""

    pages: list[Page]
    texts: list[str]


def once(language: str, folder: Path, database: house.Database) -> Crawled:
    """All pages as `own.make` and the world in that database fill them; kept in the folder for whoever asks next."""
    file = folder / f"pages-{language}.pickle"
    with (folder / "pages.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            file.write_bytes(pickle.dumps(_crawl(language, folder, database)))
    found: Crawled = pickle.loads(file.read_bytes())
    return found


def _crawl(language: str, folder: Path, database: house.Database) -> Crawled:
    cache.clear()
    quiet = override_settings(STATIC_ROOT=folder, STRANGERS_PAGES_SECONDS=0)
    with quiet, translation.override("en"), visiting(database):
        return Crawled(pages(url_map.own_parameters(make()), language), texts())


def texts() -> list[str]:
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
