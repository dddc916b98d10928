"""Fixtures of every test: real PostgreSQL, real broker, real worker, real site, real browser; and no network.

* `db` or `@pytest.mark.django_db`: the test runs in a transaction that is rolled back (as the app's role,
  like production; deferred constraints are checked at the end).
* `fresh_database`: the test has a database of its own and really commits. It takes the place of
  `transactional_db`. With `fresh_world` beside it (or alone), the demonstration's world is in it.
* `world`: like `db`, in a database with the demonstration's world (builders in tests/world.py).
* `broker`, `celery_worker_process`, `live_site`, `browser_page`: what their names say.
"""

import gc
import ipaddress
import os
import socket
import sys
from asyncio import events
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import redis
from django.utils import translation

from marketplace import processes
from tests import house
from tests.chromium import chromium_arguments, find_chromium

LOCAL_NAMES = {None, "", "localhost", socket.gethostname()}


# No network.


def _is_local(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto"} and arguments[0].family in {
        socket.AF_INET,
        socket.AF_INET6,
    }:
        host = arguments[1][0]
    else:
        return
    if not _is_local(host):
        raise RuntimeError(f"A test tried to reach {host}. Tests use the loopback only.")


sys.addaudithook(_refuse_network)
house.enter()


# Django and its databases.


def pytest_configure(config: pytest.Config) -> None:
    """Set Django up before pytest-django looks for it."""
    import django

    django.setup()
    # Otherwise pytest-django would load the settings of parallel test processes before they have databases.
    if config.getoption("numprocesses", None):
        del os.environ["DJANGO_SETTINGS_MODULE"]
    # Playwright's sync API runs an event loop in the tests' thread, which Django would take for a coroutine.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse what needs TRUNCATE, which the app's role has no right to."""
    refused = []
    for item in items:
        marker = item.get_closest_marker("django_db")
        fixtures = set(getattr(item, "fixturenames", ()))
        if (marker and marker.kwargs.get("transaction")) or fixtures & {"transactional_db", "live_server"}:
            refused.append(
                f"{item.nodeid} wants a database that is truncated afterwards, which the app's role may not "
                "do. Use the fixture fresh_database (and live_site instead of live_server)."
            )
        if "fresh_database" in fixtures and (marker or {"db", "world"} & fixtures):
            refused.append(f"{item.nodeid} wants both a transaction (db) and a database of its own (fresh_database).")
    if refused:
        raise pytest.UsageError("\n".join(refused))


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Hide the loop of a browser that an earlier test started from a test without one.

    Playwright leaves its event loop running in this thread. Django would take the test for a coroutine then and keep its
    connections by context, so that whatever runs in a context of its own would open others.
    """
    loop = events._get_running_loop()
    hidden = loop is not None and "chromium" not in getattr(item, "fixturenames", ())
    if hidden:
        events._set_running_loop(None)
    try:
        return (yield)
    finally:
        if hidden and not loop.is_closed():
            events._set_running_loop(loop)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """This process's copy of the migrated template."""
    from django.db import connections

    database = house.make(house.this_process_database())
    yield
    with django_db_blocker.unblock():
        connections.close_all()
    house.drop(database)


@pytest.fixture
def fresh_database(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[house.Database]:
    """A database of the test's own: Django's connections and subprocesses use it, and commits are real."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connections

    database = house.new_database(world="fresh_world" in request.fixturenames)
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("DATABASE_OWNER_URL", database.owner_url)
    with django_db_blocker.unblock():
        connections.close_all()
        for alias in connections:
            monkeypatch.setitem(connections.settings[alias], "NAME", database.name)
        ContentType.objects.clear_cache()
        yield database
        connections.close_all()
        ContentType.objects.clear_cache()
    house.drop(database)


@pytest.fixture
def fresh_world(fresh_database: house.Database) -> house.Database:
    """The test's own database, with the demonstration's world loaded. Ask within a scope (seen_by)."""
    return fresh_database


@pytest.fixture(scope="session")
def world_database(django_test_environment: None, django_db_blocker: Any) -> Iterator[house.Database]:
    """This process's copy of the template with the world, for tests that are rolled back."""
    database = house.make(house.named(f"mall_test_{os.getpid()}_world"), world=True)
    yield database
    house.drop(database)


@pytest.fixture
def world(world_database: house.Database, django_db_blocker: Any) -> Iterator[None]:
    """The demonstration's world, asked on behalf of the house; what the test writes is rolled back."""
    from tests.world import visiting

    with django_db_blocker.unblock(), visiting(world_database):
        yield


@pytest.fixture
def last_years_plans() -> Iterator[None]:
    """Plans may count in a year that is over: what was bought then is written now (tests/world.py)."""
    from tests.world import whatever_year

    with whatever_year():
        yield


@pytest.fixture(scope="session")
def crawled(
    world_database: house.Database, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Any]:
    """A function `(language)`: every page of the house as each person sees it (tests/workspaces/crawl.py), read once a run."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # what all test processes of this run share

    @cache
    def read(language: str) -> Any:
        from tests.workspaces.crawl import once

        with django_db_blocker.unblock():
            return once(language, folder, world_database)

    return read


@pytest.fixture(autouse=True)
def _sentences_in_english() -> Iterator[None]:
    """Sentences are asserted as the source has them; a request still chooses its own language, Chinese by default."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _pages_are_drawn_anew(settings: Any) -> None:
    """Strangers' pages are not kept ready, so that a test may change something and look again at once."""
    settings.STRANGERS_PAGES_SECONDS = 0


@pytest.fixture(autouse=True)
def _clean_broker(request: pytest.FixtureRequest) -> None:
    """Whoever uses a database starts with an empty cache and an empty broker."""
    if request.node.get_closest_marker("django_db") or {"db", "fresh_database", "broker", "world"} & set(
        request.fixturenames
    ):
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            client.flushdb()


@pytest.fixture
def broker() -> str:
    """The address of an empty Valkey database that only this test process uses."""
    return os.environ["REDIS_URL"]


@pytest.fixture
def own_servers(tmp_path: Path) -> Iterator[Any]:
    """A PostgreSQL and a Valkey of the test's own, to be killed at will; the keeper starts them again."""
    from marketplace import embedded

    yield embedded.ensure(tmp_path / "servers", durable=False)
    embedded.remove(tmp_path / "servers")


# Processes.


@pytest.fixture
def start_process(tmp_path: Path) -> Iterator[Callable[..., processes.Child]]:
    """A function `(name, command, environment=None)` that starts a process; all are ended after the test."""
    started: list[processes.Child] = []

    def start(name: str, command: list[str], environment: dict[str, str] | None = None) -> processes.Child:
        started.append(processes.spawn(name, command, tmp_path / "logs", environment))
        return started[-1]

    yield start
    processes.end(started)


@pytest.fixture
def celery_worker_process(
    fresh_database: house.Database, broker: str, start_process: Callable[..., processes.Child]
) -> processes.Child:
    """A real Celery worker on the test's own database and broker, ready to work."""
    child = start_process("worker", processes.worker_command())
    processes.wait_for_line(" ready.", child)
    return child


@pytest.fixture
def live_site(fresh_database: house.Database, broker: str, start_process: Callable[..., processes.Child]) -> str:
    """The address of the real site, served by gunicorn from the test's own database."""
    port = processes.free_port()
    child = start_process("web", processes.web_command(port))
    # Not /health: a world that was loaded a while ago waits for its sequencer, and is unwell until one runs.
    processes.wait_for_page(f"http://127.0.0.1:{port}/accounts/sign-in/", child)
    return f"http://127.0.0.1:{port}"


# Browser.


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One real Chromium for all tests of this process; it reaches the loopback only."""
    from playwright.sync_api import sync_playwright

    program = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=chromium_arguments())
        loop = events._get_running_loop()
        yield browser
        events._set_running_loop(loop)
        browser.close()


@pytest.fixture
def browser_page(chromium: Any) -> Iterator[Any]:
    """A page of 1440 x 900 with a fresh profile, in Chinese. An uncaught error of a script fails the test."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        accept_downloads=True,
    )
    context.set_default_timeout(60_000)  # milliseconds; a machine that does much else needs that
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []
