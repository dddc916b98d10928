"""R5: every address × every role × own, foreign and guessed objects × every method, generated from the URL map."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse

from marketplace import urls
from marketplace.organisations.models import Role, User
from marketplace.signin.second_factor import STRONG_ROLES
from marketplace.workspaces import doors
from tests.people import signed_in
from tests.workspaces import url_map
from tests.workspaces.crawl import unscoped
from tests.workspaces.own import ELSEWHERE, PEOPLE, colleagues_elsewhere, holder
from tests.workspaces.url_map import Address

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
API_HEADERS = {"accept": "application/json", "idempotency-key": "a-key"}


@pytest.fixture(autouse=True)
def _refusals_are_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("django.request"), "level", logging.ERROR)


@pytest.fixture
def bare_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is its status alone. To draw the same page thousands of times proves nothing and takes most of the time."""

    def forbidden(_request: HttpRequest, exception: Exception) -> HttpResponse:
        return HttpResponse(status=403)

    def not_found(_request: HttpRequest, exception: Exception) -> HttpResponse:
        return HttpResponse(status=404)

    monkeypatch.setattr(urls, "handler403", forbidden, raising=False)
    monkeypatch.setattr(urls, "handler404", not_found, raising=False)


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is changed meanwhile is as it was again."""
    atomic = transaction.atomic()
    # As Django's own test cases say: what must not stand in a transaction may here.
    atomic._from_testcase = True
    with atomic:
        yield
        transaction.set_rollback(True)


class Visitor:
    """Somebody who knocks everywhere; whatever an answer changed is taken back."""

    def __init__(self, user: User | None = None, *, second_factor: bool = True) -> None:
        self.client = Client(raise_request_exception=False, headers={"accept-language": "en"})
        if user:
            signed_in(self.client, user, second_factor=second_factor)

    def ask(self, method: str, url: str, body: dict[str, Any] | None = None) -> Any:
        """The answer, asked outside the test's own scope."""
        with taken_back():
            return self.ask_for_good(method, url, body)

    def ask_for_good(self, method: str, url: str, body: dict[str, Any] | None = None) -> Any:
        """The answer; what it changed stays."""
        options: dict[str, Any] = {"headers": API_HEADERS} if url.startswith("/api/") else {}
        if method in {"POST", "PUT", "PATCH"}:
            options |= {"data": body or {}}
            if options.get("headers"):
                options |= {"content_type": "application/json"}
        answer = unscoped(getattr(self.client, method.lower()), url, **options)
        if answer.streaming:  # a workbook is a file, which is closed once it is read
            assert b"".join(answer.streaming_content)
        return answer

    def statuses(
        self, url: str, body: dict[str, Any] | None = None, methods: Iterable[str] = METHODS
    ) -> dict[str, int]:
        return {method: self.ask(method, url, body).status_code for method in methods}


@pytest.fixture
def parameters(own: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters of own objects, by address."""
    return url_map.own_parameters(own)


@pytest.fixture
def url_of(parameters: dict[str, dict[str, Any]]) -> Callable[[Address], str]:
    """An address filled in with own objects."""
    return lambda address: reverse(address.name, kwargs=parameters[address.name] if address.parameters else {})


def missing(addresses: list[Address], known: dict[str, Any]) -> list[str]:
    return [a.name for a in addresses if a.parameters and set(known.get(a.name, ())) != set(a.parameters)]


def private() -> list[Address]:
    return [address for address in url_map.addresses() if address.roles]


def with_owner() -> Iterator[Address]:
    shared = url_map.shared()
    return (address for address in private() if address.parameters and address.name not in shared)


def test_every_address_has_own_objects_to_be_tried_with(parameters: dict[str, dict[str, Any]]) -> None:
    addresses = url_map.addresses()
    names = [address.name for address in addresses]
    assert missing(addresses, parameters) == []
    assert parameters.keys() - set(names) == set()
    assert sorted(names) == sorted(set(names))
    assert url_map.shared() <= set(names)


def test_an_address_without_own_objects_is_found() -> None:
    new = path("parcels/<int:pk>/", doors.open_to(Role.MEMBER)(lambda request, pk: None), name="parcel")
    [(route, pattern, name)] = url_map.leaves([new])
    forgotten = Address(name, route, {"pk": "int"}, pattern.callback.audience.roles)
    assert missing([forgotten], {}) == ["parcel"]
    assert missing([forgotten], {"parcel": {"number": 1}}) == ["parcel"]
    assert missing([forgotten], {"parcel": {"pk": 1}}) == []


def test_a_stranger_is_asked_to_sign_in(url_of: Callable[[Address], str]) -> None:
    stranger = Visitor()
    wrong = []
    for address in private():
        found = stranger.statuses(url_of(address))
        if set(found.values()) != ({401} if address.is_api else {302}):
            wrong.append((address.name, found))
    assert wrong == []


def test_a_refusal_is_a_page_that_says_why(url_of: Callable[[Address], str]) -> None:
    """To each role at the first door that is not theirs, to read and to write."""
    for role in Role:
        visitor = Visitor(holder(role, "U-XA-YT", "only"))
        url = url_of(next(address for address in private() if role not in address.roles and not address.is_api))
        for method in ("GET", "POST"):
            answer = visitor.ask(method, url)
            assert answer.status_code == 403
            assert "This page is not open to your role" in answer.content.decode()


def test_other_roles_are_refused(url_of: Callable[[Address], str], bare_refusals: None) -> None:
    """Own objects of the same organisation included: the role is asked first. Each role tries to read and to write;
    of the methods that nobody uses each role tries another one, since none of them looks at the role."""
    people = {role: Visitor(holder(role, "U-XA-YT", "only")) for role in Role}
    unusual = itertools.cycle(method for method in METHODS if method not in {"GET", "POST"})
    wrong = []
    for address in private():
        url = url_of(address)
        with taken_back():  # of all who are refused at once: a refusal changes nothing
            for role in sorted(set(Role) - address.roles):
                methods = ("GET", "POST", next(unusual))
                found = {method: people[role].ask_for_good(method, url).status_code for method in methods}
                if set(found.values()) != {403}:
                    wrong.append((address.name, role.value, found))
    assert wrong == []


def test_a_password_alone_opens_no_door_of_a_role_that_needs_a_second_factor(url_of: Callable[[Address], str]) -> None:
    """Every address of every such role, with every method: led to the code, or for a program refused."""
    people = {
        role: Visitor(User.objects.get(username=name), second_factor=False)
        for role, name in PEOPLE.items()
        if role in STRONG_ROLES
    }
    wrong, tried = [], 0
    for address in private():
        for role in address.roles & STRONG_ROLES:
            tried += 1
            for method in METHODS:
                answer = people[role].ask(method, url_of(address))
                led = answer.status_code == 302 and answer.url.startswith(f"{reverse('second_factor')}?next=")
                if not (answer.status_code == 403 if address.is_api else led):
                    wrong.append((address.name, role.value, method, answer.status_code))
    assert wrong == []
    assert tried >= 50


def test_what_belongs_to_others_does_not_exist(url_of: Callable[[Address], str], bare_refusals: None) -> None:
    """With every method that the address offers its owner."""
    owners = {role: Visitor(User.objects.get(username=name)) for role, name in PEOPLE.items()}
    colleagues = {role: Visitor(user) for role, user in colleagues_elsewhere().items()}
    wrong, tried = [], 0
    for address in with_owner():
        url = url_of(address)
        for role in address.roles & ELSEWHERE.keys():
            for method, found in colleagues[role].statuses(url).items():
                tried += 1
                # "Not by that method" is an answer only where the owner gets it, too.
                offered = found == 405 and owners[role].ask(method, url).status_code != 405
                if found not in hidden(address, method, offered=offered):
                    wrong.append((address.name, role.value, method, found))
    assert wrong == []
    assert tried >= 300


def hidden(address: Address, method: str, *, offered: bool) -> set[int]:
    """What somebody may be answered for whom the object does not exist."""
    if address.is_api and method == "OPTIONS":
        return {200}  # the API describes itself to everybody who may use it; about no object
    if address.is_api and method == "POST":
        return {400, 404, 405}  # a body without sense may be refused before the object is looked for
    return {404} if offered else {404, 405}


def test_a_guessed_number_finds_nothing(parameters: dict[str, dict[str, Any]]) -> None:
    people = {role: Visitor(User.objects.get(username=name)) for role, name in PEOPLE.items()}
    stranger = Visitor()
    wrong = []
    for address in url_map.addresses():
        for url in url_map.guessed(address, parameters.get(address.name, {})):
            for role in address.roles or [None]:
                visitor = people[role] if role else stranger
                for method in ("GET", "POST"):
                    found = visitor.ask(method, url).status_code
                    if found not in hidden(address, method, offered=False):
                        wrong.append((url, role, method, found))
    assert wrong == []


def test_own_pages_open_and_offer_nothing_more(own: SimpleNamespace, url_of: Callable[[Address], str]) -> None:
    people = {role: Visitor(User.objects.get(username=name)) for role, name in PEOPLE.items()}
    stranger = Visitor()
    bodies = url_map.needed_bodies(own)
    wrong, opened = [], 0
    for address in url_map.addresses():
        url = url_of(address)
        for role in address.roles or [None]:
            found = (people[role] if role else stranger).statuses(url, bodies.get(address.name))
            opened += found["GET"] == 200
            if not all(fits(address, method, status) for method, status in found.items()):
                wrong.append((address.name, role, found))
            elif {found["GET"], found["POST"]} == {405}:
                wrong.append((address.name, role, "neither to be read nor to be written"))
    assert wrong == []
    assert opened >= 60


def fits(address: Address, method: str, status: int) -> bool:
    """Whether an answer to somebody on their own ground is one that may be."""
    if status == 405:
        return True
    if method in {"GET", "HEAD"}:
        return status in {200, 302}
    if method == "POST":
        return status in {200, 201, 302, 303} or (address.is_api and status in {400, 409})
    return address.is_api and method == "OPTIONS" and status == 200
