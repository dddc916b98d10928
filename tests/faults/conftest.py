"""Real processes to be killed, places to hold them at, and what the end must look like."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from django.db import connections
from psycopg import sql

from marketplace import keeper
from tests import house
from tests.races import holding, until, until_waiting

HELD = 4_711  # the advisory lock at which a step waits before its commit


@dataclass
class Process:
    """A forked process of the mall, leader of its own group."""

    pid: int
    log: Path

    @property
    def alive(self) -> bool:
        return keeper.command_line(self.pid) is not None

    def until_says(self, words: str) -> Process:
        until(lambda: words in self.log.read_text(encoding="utf-8", errors="replace"), f"{self.log} says {words!r}")
        return self

    def stop_leader(self) -> None:
        """Freeze the leader alone: of a worker, the process that acknowledges; its pool works on."""
        os.kill(self.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        until(lambda: not self.alive, f"the end of {self.pid}")


class Nursery:
    """Starts processes of the mall within milliseconds (tests/faults/nursery.py)."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=house.ROOT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=keeper.die_with_parent(signal.SIGKILL),
        )
        self.broker = os.environ["REDIS_URL"]
        self.number = 0
        assert self._hear() == "ready"

    def _hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def start(self, what: str, **order: Any) -> Process:
        """Fork a worker, a sweeper or a buyer for the database that Django uses now."""
        self.number += 1
        log = self.logs / f"{what}-{self.number}.log"
        log.touch()
        address = ("NAME", "HOST", "PORT", "USER", "PASSWORD")
        databases = {alias: {key: connections.settings[alias][key] for key in address} for alias in connections}
        words = {"what": what, "log": str(log), "databases": databases, "broker": self.broker, **order}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return Process(int(self._hear()), log)

    def worker(self, **order: Any) -> Process:
        """A worker that is ready for messages."""
        return self.start("worker", **({"concurrency": 1} | order)).until_says(" ready.")

    def end(self) -> None:
        """End it; the kernel ends whatever it started."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def _nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path_factory.mktemp("faults"))
    yield nursery
    nursery.end()


@pytest.fixture
def nursery(_nursery: Nursery, fresh_world: house.Database, broker: str) -> Iterator[Nursery]:
    """Starts processes for the test's own database and broker; none of them outlives the test."""
    started: list[Process] = []
    start = _nursery.start

    def remember(what: str, **order: Any) -> Process:
        started.append(start(what, **order))
        return started[-1]

    _nursery.start = remember  # type: ignore[method-assign]
    yield _nursery
    _nursery.start = start  # type: ignore[method-assign]
    for process in started:
        process.kill()


@pytest.fixture
def queue(broker: str) -> Iterator[redis.Redis]:
    """The broker as it is: the list `fulfilment`, the hash `unacked`."""
    with redis.Redis.from_url(broker) as client:
        yield client


Hold = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def hold(fresh_world: house.Database) -> Hold:
    """A function `(*kinds)`: while its context lasts, whoever writes evidence of these kinds waits, inside the transaction."""
    with psycopg.connect(fresh_world.owner_url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" PERFORM pg_advisory_xact_lock_shared({HELD}); RETURN NEW; END $$"
        )

    @contextmanager
    def holding_kinds(*kinds: str) -> Iterator[None]:
        with psycopg.connect(fresh_world.owner_url, autocommit=True) as connection:
            names = sql.SQL(", ").join(map(sql.Literal, kinds))
            connection.execute(
                sql.SQL(
                    "CREATE OR REPLACE TRIGGER wait_for_test BEFORE INSERT ON evidence_entry FOR EACH ROW"
                    " WHEN (NEW.kind IN ({})) EXECUTE FUNCTION wait_for_test()"
                ).format(names)
            )
        with holding(fresh_world, "SELECT pg_advisory_xact_lock(%s)", HELD):
            yield

    return holding_kinds


@pytest.fixture
def until_held(fresh_world: house.Database) -> Callable[[], None]:
    """Wait until somebody is held."""
    return lambda: until_waiting(fresh_world, 1)


@pytest.fixture(scope="session")
def undisturbed(world_database: house.Database, django_db_blocker: Any) -> Any:
    """How the small order ends when nothing goes wrong and no broker is there."""
    from procurement.programmes.placement import place
    from tests.faults.states import small_order, state
    from tests.world import bring, visiting

    database = house.new_database(world=True)
    with django_db_blocker.unblock(), visiting(database):
        giver, programme = small_order()
        bring(place(giver.buyer, programme, "the-form"), giver.buyer, "accepted")
        end = state()
    house.drop(database)
    return end
