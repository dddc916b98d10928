"""Racing real transactions: threads with connections of their own, and locks held from outside so that they truly meet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections

from tests import house

PATIENCE = 60.0  # seconds; a machine that does much else needs that, and whoever is in time does not wait


def race(calls: Sequence[Callable[[], Any]], *, wait: bool = True) -> list[Any]:
    """Call all at once, each in a thread with its own connection; what each returned or raised, in the order given."""
    runners = start(calls)
    return [runner.result() for runner in runners] if wait else runners


def start(calls: Sequence[Callable[[], Any]]) -> list[Runner]:
    """Start all at once; ask each runner for its result later."""
    together = threading.Barrier(len(calls))
    runners = [Runner(call, together) for call in calls]
    for runner in runners:
        runner.start()
    return runners


class Runner(threading.Thread):
    """One caller of a race."""

    def __init__(self, call: Callable[[], Any], together: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self.call, self.together = call, together
        self.outcome: Any = None

    def run(self) -> None:
        try:
            # Conftests import this module before Django is set up.
            from marketplace.organisations.scopes import seen_by

            self.together.wait(PATIENCE)
            with seen_by(None):
                self.outcome = self.call()
        except Exception as error:  # what was raised is a result, too
            self.outcome = error
        finally:
            connections.close_all()

    def result(self) -> Any:
        """What the call returned, or the exception that it raised."""
        self.join(PATIENCE)
        assert not self.is_alive(), "a racer never came home"
        return self.outcome


@contextmanager
def holding(database: house.Database, statement: str, *parameters: Any) -> Iterator[psycopg.Connection]:
    """Hold whatever locks the statement takes, in a transaction of its own that leaves nothing behind."""
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(statement, parameters)
        try:
            yield connection
        finally:
            connection.rollback()


def until(reached: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Poll until it is reached; the truthy value. Fails after the patience is over."""
    over = time.monotonic() + patience
    while not (value := reached()):
        assert time.monotonic() < over, f"{what}: not within {patience:.0f} s"
        time.sleep(0.01)
    return value


def until_waiting(database: house.Database, sessions: int) -> None:
    """Wait until so many sessions of the database wait for a lock."""
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"

        def found() -> bool:
            (number,) = connection.execute(query, [database.name]).fetchone() or (0,)
            return bool(number >= sessions)

        until(found, f"{sessions} sessions that wait for a lock")


def deadlocks(database: house.Database) -> int:
    """How many deadlocks PostgreSQL has counted in the database; sessions report theirs when they end."""
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = %s"
        (number,) = connection.execute(query, [database.name]).fetchone() or (0,)
    return int(number)
