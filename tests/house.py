"""The servers and databases that the tests run on: real ones, embedded, in `.data-test`, kept between runs.

A template database is migrated once per state of the migrations; a second one, with the demonstration's world in it, and a third,
whose world has its past, are filled once per state of the code and day. Every test process, and every test that needs real commits,
works in a copy of one of them that takes a moment to make.

    python -m tests.house     # make the templates that almost every test needs, so that no test waits for them
"""

import atexit
import fcntl
import hashlib
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psycopg
from django.conf import settings
from psycopg import sql

from marketplace import embedded
from marketplace.databases import copy_database, drop_database, renamed

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("MALL_TEST_DATA", ROOT / ".data-test")).resolve()
BROKER_SLOTS = range(1, 256)
TEMPLATES_KEPT = 4
TEMPLATES = ("mall_template_", "mall_tworld_", "mall_tpast_")
WITHOUT_PART_IN_THE_WORLD = frozenset({"workspaces", "api", "programmes", "compliance", "audit", "fulfilment"})


@dataclass(frozen=True)
class Database:
    """A test's own database: its name, and the addresses for the app's and the owner's roles."""

    name: str
    url: str
    owner_url: str


_numbers = itertools.count(1)
_servers: embedded.Servers | None = None


def servers() -> embedded.Servers:
    """The running servers of the tests, started on the first call."""
    global _servers
    if _servers is None:
        _servers = embedded.ensure(DATA, durable=False)
    return _servers


def enter() -> None:
    """Give this process, and what it starts, a database and a broker, before Django is set up."""
    if settings.configured:
        raise RuntimeError("The settings were loaded before the tests' servers. Unset DJANGO_SETTINGS_MODULE.")
    database = this_process_database()
    os.environ.update(
        DJANGO_SETTINGS_MODULE="tests.settings",
        MALL_DATA=str(DATA),
        MALL_EMBEDDED="1",
        DATABASE_URL=database.url,
        DATABASE_OWNER_URL=database.owner_url,
        REDIS_URL=_own_broker(),
    )


def named(name: str) -> Database:
    """The addresses of a database of the tests' server."""
    return Database(name, renamed(servers().database_url, name), renamed(servers().owner_url, name))


def this_process_database() -> Database:
    """The database that tests in a transaction share within one test process. Its name carries the pid."""
    return named(f"mall_test_{os.getpid()}")


def new_database(*, world: bool = False) -> Database:
    """A new copy of a template for one test."""
    return make(named(f"mall_test_{os.getpid()}_{next(_numbers)}"), world=world)


def make(database: Database, *, world: bool = False, past: bool = False) -> Database:
    """Create a database as a copy of a template: empty, with the demonstration's world, or with that world and its past."""
    with _lock("databases.lock"):
        empty = _template()
        template = _world_template(empty) if world else empty
        _drop_abandoned(keep={empty, template})
        if not past:
            return _copy(template, database)
    # Takes longest, and few need it: nobody else has to wait for it.
    with _lock("past.lock"):
        return _copy(_past_template(empty), database)


def _copy(template: str, database: Database) -> Database:
    copy_database(servers().owner_url, template, database.name)
    return database


def drop(database: Database) -> None:
    """Drop a database, ending whatever sessions it has. An autovacuum worker there is nobody's to end: it is waited for."""
    for _ in range(100):
        try:
            return drop_database(servers().owner_url, database.name)
        except psycopg.errors.InsufficientPrivilege:
            time.sleep(0.1)
    raise RuntimeError(f"{database.name} could not be dropped: somebody else's session stays in it.")


@contextmanager
def _lock(name: str) -> Iterator[None]:
    with (DATA / name).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _own_broker() -> str:
    """The address of a numbered database of Valkey that is this process's alone while it lives."""
    folder = DATA / "brokers"
    folder.mkdir(exist_ok=True)
    for slot in BROKER_SLOTS:
        file = (folder / str(slot)).open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        atexit.register(file.close)
        return urlsplit(servers().redis_url)._replace(path=f"/{slot}").geturl()
    raise RuntimeError(f"All {len(BROKER_SLOTS)} broker databases of {DATA} are in use by other test processes.")


def _template() -> str:
    """The name of the migrated template, made now if the migrations have changed."""
    migrate = ["migrate", "--database", "owner", "--skip-checks", "-v", "0"]
    return _found_or_built("template", _migrations_hash(), migrate, _make_empty)


def _world_template(empty: str) -> str:
    """The name of the template with the demonstration's world, made now if the day or the code has changed."""
    state = _world_hash(empty, WITHOUT_PART_IN_THE_WORLD)
    return _found_or_built("tworld", state, ["load_world"], partial(_copy, empty))


def _past_template(empty: str) -> str:
    """The name of the template whose world has its past, in which every part of the house has its part."""
    return _found_or_built("tpast", _world_hash(empty), ["load_world", "--history"], partial(_copy, empty))


def _found_or_built(kind: str, state: str, command: list[str], begin: Callable[[Database], Any]) -> str:
    """The name of the template of that kind and state; unless it is there it is begun, and a management command fills it."""
    name = f"mall_{kind}_{state}"
    with _owner_session() as connection:
        if not _exists(connection, name):
            draft = named(f"mall_building_{kind}")
            drop(draft)
            begin(draft)
            _fill(draft, command)
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft.name), sql.Identifier(name))
            )
            # A database with a visitor cannot be copied.
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
    return name


def _make_empty(database: Database) -> None:
    with _owner_session() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database.name)))


def _exists(connection: psycopg.Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _fill(draft: Database, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": draft.url, "DATABASE_OWNER_URL": draft.owner_url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"manage.py {command[0]} failed:\n{done.stdout}{done.stderr}")


def _migrations_hash() -> str:
    """A short hash of everything that decides what a migrated database looks like."""
    digest = hashlib.sha256(
        "".join(version(package) for package in ("django", "django-oscar", "django-allauth", "django-axes")).encode()
    )
    files = [ROOT / "marketplace" / "settings.py", ROOT / "marketplace" / "databases.py"]
    for house in ("marketplace", "suppliers", "procurement"):
        files += [f for f in (ROOT / house).rglob("migrations/*") if f.suffix in {".py", ".sql"}]
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _world_hash(empty: str, without_part: frozenset[str] = frozenset()) -> str:
    """A short hash of what decides what the world looks like: the schema, the day, the world's tables, the verbs that make it.

    Found once per process, so that all tests of a run stand in the same world.
    """
    digest = hashlib.sha256(f"{empty} {datetime.now(ZoneInfo('Asia/Shanghai')).date()}".encode())
    files = [*(ROOT / "marketplace" / "demo" / "data").glob("*.csv"), *(ROOT / "tests").glob("quick_hasher.py")]
    for house in ("marketplace", "suppliers", "procurement"):
        files += [f for f in (ROOT / house).rglob("*.py") if not without_part & set(f.parts)]
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _owner_session() -> psycopg.Connection:
    return psycopg.connect(renamed(servers().owner_url, "postgres"), autocommit=True)


def _drop_abandoned(keep: set[str]) -> None:
    """Drop copies whose test process has gone without dropping them, and templates of long ago."""
    with _owner_session() as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'mall\\_t%' ORDER BY oid"
        ).fetchall()
        names = [name for (name,) in rows]
        gone = [
            name for name in names if name.startswith("mall_test_") and not Path(f"/proc/{name.split('_')[2]}").exists()
        ]
    for kind in TEMPLATES:
        gone += [name for name in names if name.startswith(kind) and name not in keep][: -(TEMPLATES_KEPT - 1)]
    for name in gone:
        drop(named(name))


if __name__ == "__main__":
    enter()
    with _lock("databases.lock"):
        _world_template(_template())
