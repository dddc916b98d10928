"""What every other test relies on: its databases, its broker, and no network."""

import os
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction

from tests.house import ROOT, Database


def where() -> tuple[str, str]:
    """The role and the database that Django talks to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        found: tuple[str, str] = cursor.fetchone()
    return found


def count_groups(_: int) -> tuple[int, str]:
    """What another thread sees."""
    try:
        return Group.objects.count(), where()[1]
    finally:
        connection.close()


def test_a_test_in_a_transaction_works_as_the_apps_role(db: None) -> None:
    role, database = where()
    assert (role, database) == ("mall_app", f"mall_test_{os.getpid()}")
    assert urlsplit(os.environ["DATABASE_URL"]).path == f"/{database}"


@pytest.mark.parametrize("time", [1, 2])
def test_nothing_is_left_of_a_test_in_a_transaction(db: None, time: int) -> None:
    assert Group.objects.count() == 0
    Group.objects.create(name="left over")


@pytest.mark.parametrize("time", [1, 2])
def test_a_fresh_database_is_fresh_and_its_commits_are_seen_by_others(fresh_database: Database, time: int) -> None:
    assert Group.objects.count() == 0
    Group.objects.create(name="committed")
    assert where() == ("mall_app", fresh_database.name)
    with ThreadPoolExecutor(2) as threads:
        assert set(threads.map(count_groups, range(2))) == {(1, fresh_database.name)}
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        assert other.execute("SELECT name FROM auth_group").fetchall() == [("committed",)]


def test_the_apps_role_may_not_truncate(fresh_database: Database) -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
        cursor.execute("TRUNCATE auth_group CASCADE")


def test_deferred_constraints_bite_at_commit(fresh_database: Database) -> None:
    with psycopg.connect(fresh_database.owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE parent (id integer PRIMARY KEY)")
        owner.execute("CREATE TABLE child (parent integer REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    with (
        pytest.raises(DatabaseError, match="violates foreign key"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("INSERT INTO child VALUES (1)")


def test_the_template_has_no_visitors(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'mall\\_template%' AND datallowconn")
        assert cursor.fetchall() == []


@pytest.mark.parametrize("time", [1, 2])
def test_the_broker_is_empty(broker: str, time: int) -> None:
    with redis.Redis.from_url(broker) as client:
        assert client.dbsize() == 0
        client.set("left", "over")


@pytest.mark.parametrize("address", [("example.org", 80), ("192.0.2.1", 80), ("2001:db8::1", 80)])
def test_the_network_is_closed(address: tuple[str, int]) -> None:
    with pytest.raises(RuntimeError, match="loopback only"):
        socket.create_connection(address, timeout=1)


def test_a_database_that_cannot_be_had_is_refused(tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    wanted = {"one": "transactional_db", "two": "live_server", "three": "db, fresh_database"}
    test.write_text("".join(f"def test_{name}({fixtures}): pass\n" for name, fixtures in wanted.items()))
    command = [sys.executable, "-m", "pytest", "--rootdir", ROOT, "-c", ROOT / "pyproject.toml"]
    command += ["-p", "tests.conftest", test]
    # As in a terminal: whoever starts pytest has not chosen the settings yet.
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    for name in wanted:
        assert re.search(rf"test_{name} wants .*fresh_database", done.stderr)
