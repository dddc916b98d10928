"""A mall of the benchmarks' own: servers in a temporary folder, a database with the demonstration's world, and copies of it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from marketplace import embedded
from marketplace.databases import copy_database, drop_database, renamed

TEMPLATE = "mall"


@dataclass(frozen=True)
class Mall:
    """Where everything is. The template must have no sessions while it is copied."""

    data: Path
    owner_url: str
    app_url: str


@contextmanager
def own_mall() -> Iterator[Mall]:
    """Durable servers, as users have them; gone afterwards with all they held."""
    with tempfile.TemporaryDirectory(prefix="mall-bench-") as folder:
        # The servers' account, when root starts us, must get through.
        Path(folder).chmod(0o711)
        data = Path(folder) / "data"
        try:
            servers = embedded.ensure(data)
            os.environ.update(
                DJANGO_SETTINGS_MODULE="marketplace.settings",
                MALL_DATA=str(data),
                MALL_EMBEDDED="1",
                DATABASE_URL=servers.database_url,
                DATABASE_OWNER_URL=servers.owner_url,
                REDIS_URL=servers.redis_url,
            )
            _prepare()
            yield Mall(data, servers.owner_url, servers.database_url)
        finally:
            embedded.remove(data)


def _prepare() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from marketplace.demo.world import load

    call_command("migrate", database="owner", verbosity=0)
    load()


@contextmanager
def copied(mall: Mall, name: str) -> Iterator[str]:
    """Django works in a fresh copy of the template meanwhile; yields the copy's address for the app's role."""
    from django.db import connections

    connections.close_all()
    copy_database(mall.owner_url, TEMPLATE, name)
    before = connections.settings["default"]["NAME"]
    connections.settings["default"]["NAME"] = name
    try:
        yield renamed(mall.app_url, name)
    finally:
        connections.close_all()
        connections.settings["default"]["NAME"] = before
        drop(mall, name)


def drop(mall: Mall, name: str) -> None:
    """Drop a database. While the server is vacuuming it by itself, its owner may not end that session, so try again."""
    for wait in (0.5, 1, 2, 4, 8, 16):
        try:
            return drop_database(mall.owner_url, name)
        except psycopg.errors.InsufficientPrivilege:
            time.sleep(wait)
    return drop_database(mall.owner_url, name)


# Transaction control, a connection's own settings, and the health check before a request (both shops use it).
_NOT_COUNTED = r"^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET |SHOW |SELECT set_config|SELECT \$1$)"


def statements(connection: psycopg.Connection) -> int:
    """Statements sent to this connection's database so far by its role, COPY included; our own counting is left out."""
    row = connection.execute(
        "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
        " WHERE d.datname = current_database() AND s.query !~* %s AND s.query NOT LIKE '%%pg_stat_statements%%'",
        [_NOT_COUNTED],
    ).fetchone()
    return int(row[0]) if row else 0
