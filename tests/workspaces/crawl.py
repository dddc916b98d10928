"""Every page of the house, as each of those sees it who may come: generated from the URL map."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.test import Client
from django.urls import reverse
from django_scopes.state import state as scopes

from marketplace.organisations.models import Role, User
from tests.people import signed_in
from tests.workspaces import url_map
from tests.workspaces.html import Html
from tests.workspaces.own import PEOPLE

COOKIE = "django_language"


class Page(NamedTuple):
    """A page that somebody was shown: the address's name, who looked (None: a visitor), where, and what it holds."""

    name: str
    role: Role | None
    url: str
    html: Html

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
            if source.lstrip().startswith("<!doctype html>"):
                found.append(Page(name, role, url, Html(source)))
    return found
