"""The embedded servers: they start, are shared, come back when killed, and leave nothing behind."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import errors

from marketplace import embedded, keeper
from marketplace.databases import UnsupportedDatabase, parse_database_url
from marketplace.embedded import Servers
from tests.house import ROOT

RECOVERY_SECONDS = 10.0


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder of this module's own."""
    folder = tmp_path_factory.mktemp("embedded") / "data"
    yield folder
    embedded.remove(folder)


@pytest.fixture
def servers(data: Path) -> Servers:
    return embedded.ensure(data, durable=False)


def pids(data: Path) -> dict[str, int]:
    """The pids of the keeper and both servers, from the files that they leave behind."""
    programs = embedded._programs_of_last_start(data)
    found = {program.name: int(Path(program.pid_file).read_text().split()[0]) for program in programs}
    return found | {"keeper": int((data / "keeper.lock").read_text())}


def wait_until_gone(pid: int, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while keeper.command_line(pid) is not None:
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.02)


def wait_until_replaced(data: Path, name: str, old: int) -> None:
    deadline = time.monotonic() + RECOVERY_SECONDS
    while True:
        with contextlib.suppress(OSError, IndexError, ValueError):
            if pids(data)[name] != old:
                return
        assert time.monotonic() < deadline, f"{name} was not started again"
        time.sleep(0.02)


def answers(servers: Servers) -> bool:
    with psycopg.connect(servers.database_url) as connection:
        row = connection.execute("SELECT current_user::text").fetchone()
    with redis.Redis.from_url(servers.redis_url) as client:
        return row == ("mall_app",) and client.ping() is True


def start_in_another_process(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "marketplace.embedded", "start", "--data", str(data), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_both_servers_answer_and_a_second_call_finds_the_same_ones(data: Path, servers: Servers) -> None:
    before = pids(data)
    assert answers(servers)
    assert embedded.ensure(data) == servers == embedded.read(data)
    assert pids(data) == before


def test_two_starts_at_once_end_with_one_pair_of_servers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "marketplace.embedded", "start", "--detach", "--data", str(data)]
    starters = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    try:
        assert [starter.communicate()[0].split()[0] for starter in starters] == [b"running,"] * 3
        assert answers(embedded.read(data))
    finally:
        embedded.remove(data)


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_killed_server_comes_back(data: Path, servers: Servers, name: str) -> None:
    killed = pids(data)[name]
    os.kill(killed, signal.SIGKILL)
    wait_until_replaced(data, name, killed)
    embedded.ensure(data)
    assert answers(servers)


def test_a_killed_keeper_takes_its_servers_along_and_all_come_back(data: Path, servers: Servers) -> None:
    before = pids(data)
    os.kill(before["keeper"], signal.SIGKILL)
    assert embedded.ensure(data) == servers
    assert answers(servers)
    for pid in before.values():
        wait_until_gone(pid)


def test_a_stale_pid_file_that_names_a_stranger_does_not_block_the_start(data: Path, servers: Servers) -> None:
    cluster = Path(embedded._programs_of_last_start(data)[0].pid_file)
    lines = cluster.read_text().splitlines()
    embedded.stop(data)
    cluster.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert answers(embedded.ensure(data))


def test_a_port_taken_by_a_stranger_is_replaced(data: Path, servers: Servers) -> None:
    port = parse_database_url(servers.database_url)["PORT"]
    embedded.stop(data)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", int(port)))
        stranger.listen()
        moved = embedded.ensure(data)
    assert parse_database_url(moved.database_url)["PORT"] != port
    assert answers(moved)
    assert embedded.read(data) == moved


def test_what_was_written_survives_a_stop_and_a_start(data: Path, servers: Servers) -> None:
    with psycopg.connect(servers.owner_url) as connection:
        connection.execute("CREATE TABLE kept (n integer)")
        connection.execute("INSERT INTO kept VALUES (7)")
    with redis.Redis.from_url(servers.redis_url) as client:
        client.set("kept", "7")
    embedded.stop(data)
    embedded.ensure(data)
    with psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
    with redis.Redis.from_url(servers.redis_url) as client:
        assert client.get("kept") == b"7"


def test_stop_leaves_no_process(data: Path, servers: Servers) -> None:
    before = pids(data)
    embedded.stop(data)
    assert {name: keeper.command_line(pid) for name, pid in before.items()} == dict.fromkeys(before)
    assert keeper.keeper_pid(data) is None


def test_servers_end_with_their_last_user_unless_detached(tmp_path: Path) -> None:
    data = tmp_path / "data"
    use = f"from pathlib import Path; from marketplace import embedded; embedded.ensure(Path({str(data)!r}))"
    subprocess.run([sys.executable, "-c", use], cwd=ROOT, check=True)
    for pid in pids(data).values():
        wait_until_gone(pid)
    assert start_in_another_process(data, "--detach").returncode == 0
    time.sleep(keeper.LINGER_SECONDS + 1)
    assert keeper.keeper_pid(data) is not None
    embedded.remove(data)
    assert not data.exists()


def test_the_apps_role_owns_nothing_and_may_not_change_the_schema(servers: Servers) -> None:
    with psycopg.connect(servers.owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS furniture (n integer)")
        rights = owner.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles"
            " WHERE rolname LIKE 'mall%' ORDER BY rolname"
        ).fetchall()
    assert rights == [("mall_app", False, False, False), ("mall_owner", False, True, False)]
    with psycopg.connect(servers.database_url, autocommit=True) as app:
        app.execute("INSERT INTO furniture VALUES (1)")
        for forbidden in (
            "TRUNCATE furniture",
            "DROP TABLE furniture",
            "ALTER TABLE furniture DISABLE TRIGGER ALL",
            "CREATE TABLE mine (n integer)",
            "SET ROLE mall_owner",
            "SET session_replication_role = replica",
            "CREATE DATABASE mine",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(forbidden)
        owned = app.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'mall_app'").fetchone()
        extensions = app.execute("SELECT extname FROM pg_extension ORDER BY extname").fetchall()
    assert owned == (0,)
    assert extensions == [("btree_gist",), ("pg_stat_statements",), ("pg_trgm",), ("plpgsql",)]


def test_wrong_passwords_are_refused(servers: Servers) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(servers.database_url.replace("mall_app:", "mall_app:x"))
    wrong = servers.redis_url.replace("//:", "//:x")
    with redis.Redis.from_url(wrong) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_the_broker_keeps_what_it_accepted(servers: Servers) -> None:
    with redis.Redis.from_url(servers.redis_url) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_servers_log_no_row_contents(data: Path, servers: Servers) -> None:
    with psycopg.connect(servers.owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS phones (phone text UNIQUE)")
        owner.execute("INSERT INTO phones VALUES ('canary-13700000000') ON CONFLICT DO NOTHING")
        with pytest.raises(errors.UniqueViolation):
            owner.execute("INSERT INTO phones VALUES ('canary-13700000000')")
    log = (data / "logs" / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "canary" not in log


def test_secrets_are_made_once_and_private(data: Path, servers: Servers) -> None:
    first = embedded.secrets_for(data)
    assert sorted(first) == ["data_key", "index_key", "secret_key"]
    assert len(set(first.values())) == 3
    assert embedded.secrets_for(data) == first
    for name in ("secrets.json", "servers.json"):
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600


def test_lost_addresses_of_an_existing_database_are_reported(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(embedded.EmbeddedError, match=r"servers\.json .* is missing"):
        embedded.read(tmp_path)


def test_status_and_stop_on_the_command_line(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    assert embedded.main(["status", "--data", data]) == 3
    assert embedded.main(["stop", "--data", data]) == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///mall.db", "'sqlite', but the mall runs on PostgreSQL only"),
        ("mysql://a:b@localhost/mall", "'mysql', but the mall runs on PostgreSQL only"),
        ("mall", "'no scheme'"),
        ("postgresql://a:b@localhost:5432/", "names no database"),
    ],
)
def test_other_databases_are_refused_with_a_sentence(url: str, words: str) -> None:
    with pytest.raises(UnsupportedDatabase, match=words):
        parse_database_url(url)


def test_a_database_address_is_read_whole() -> None:
    assert parse_database_url("postgresql://us%40er:p%2Fw@db.example:5433/mall?sslmode=require") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "mall",
        "USER": "us@er",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }
