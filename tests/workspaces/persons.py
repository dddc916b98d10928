"""Somebody at the pages, and what a page says."""

import contextvars
import re
from html import unescape
from typing import Any

from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from marketplace.organisations.models import User
from tests.people import signed_in


class Person:
    """Somebody at a browser, reading English."""

    def __init__(self, username: str = "") -> None:
        self.client = Client(headers={"accept-language": "en"})
        if username:
            signed_in(self.client, User.objects.get(username=username))

    def open(self, name: str, /, *arguments: Any, **query: Any) -> Any:
        return self._ask("get", reverse(name, args=arguments), query)

    def send(self, name: str, /, *arguments: Any, **data: Any) -> Any:
        return self._ask("post", reverse(name, args=arguments), data)

    def _ask(self, method: str, address: str, data: dict[str, Any]) -> Any:
        # Outside the test's own scope: each page has to say for whom it asks.
        return contextvars.Context().run(getattr(self.client, method), address, data)


def text(answer: Any) -> str:
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def told(answer: Any) -> list[str]:
    """The messages that wait for the next page."""
    return [str(message) for message in get_messages(answer.wsgi_request)]


def statements_of(ask: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert ask().status_code == 200
    return len(captured)
