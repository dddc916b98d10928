"""Changing one's password: with the present one, after the second factor, and every other session ends."""

from __future__ import annotations

import contextvars
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.organisations.models import User
from tests.people import signed_in

pytestmark = pytest.mark.usefixtures("world")
PAGE = reverse("change_password")
NEW = "harvest-of-persimmons"


def client(username: str, **options: Any) -> Client:
    return signed_in(Client(headers={"accept-language": "en"}), User.objects.get(username=username), **options)


def ask(client: Client, data: dict[str, str] | None = None, url: str = PAGE) -> Any:
    """Outside the test's own scope."""
    return contextvars.Context().run(client.get if data is None else client.post, url, data)


def typed(present: str = cast.PASSWORD, password: str = NEW, again: str = NEW) -> dict[str, str]:
    return {"present": present, "password": password, "again": again}


def test_it_is_changed_here_and_every_other_session_ends() -> None:
    here, elsewhere = client(cast.BUYER), client(cast.BUYER)
    assert PAGE in ask(here, url=reverse("union:home")).content.decode()
    answer = ask(here, typed())
    assert (answer.status_code, answer.url) == (302, reverse("union:home"))
    assert User.objects.get(username=cast.BUYER).check_password(NEW)
    assert ask(here, url=reverse("union:home")).status_code == 200
    assert ask(elsewhere, url=reverse("union:home")).status_code == 302
    entry = Entry.objects.get(kind="person.password_changed")
    assert NEW not in str(entry.body)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (typed(present="wrong"), "That is not your present password."),
        (typed(again="another-one-12"), "The two passwords differ."),
        (typed(password="short", again="short"), "at least 10 characters"),
        (typed(password=cast.PASSWORD, again=cast.PASSWORD), "That is the password you have."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_changed(said: dict[str, str], sentence: str) -> None:
    answer = ask(client(cast.BUYER), said)
    assert sentence in answer.content.decode()
    assert User.objects.get(username=cast.BUYER).check_password(cast.PASSWORD)


def test_guessing_the_present_one_ends_soon() -> None:
    thief = client(cast.BUYER)
    answers = [ask(thief, typed(present="wrong")).status_code for _guess in range(9)]
    assert (answers[0], answers[-1]) == (200, 429)
    assert ask(thief, typed()).status_code == 429
    assert User.objects.get(username=cast.BUYER).check_password(cast.PASSWORD)


def test_strangers_sign_in_and_whoever_needs_a_code_gives_it_first() -> None:
    assert ask(Client()).url.startswith(reverse("login"))
    assert ask(client(cast.APPROVER, second_factor=False), typed()).url.startswith(reverse("second_factor"))
    assert User.objects.get(username=cast.APPROVER).check_password(cast.PASSWORD)


def test_who_signs_in_by_phone_alone_has_none_to_change() -> None:
    person = User.objects.get(username="member")
    person.set_unusable_password()
    person.save()
    member = client("member")
    assert ask(member).status_code == 404
    assert PAGE not in ask(member, url=reverse("home")).content.decode()
