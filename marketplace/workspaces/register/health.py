"""Whether the house is well, in four figures that an alarm can watch."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError

from marketplace.evidence.sequencer import lag
from marketplace.steps.actions import oldest_due

# A due step or an entry without a place that waits longer than this is an alarm (docs/operations.md).
LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True)
class Health:
    """Database and broker answer; how many seconds the oldest due step and the oldest unsequenced entry have waited."""

    database: bool
    broker: bool
    oldest_due_step_seconds: int | None
    sequencing_lag_seconds: int | None

    @property
    def well(self) -> bool:
        """Whether everything answers and nothing waits too long."""
        waits = (self.oldest_due_step_seconds, self.sequencing_lag_seconds)
        return self.database and self.broker and all(w is not None and w <= LONGEST_WAIT.total_seconds() for w in waits)


def measure() -> Health:
    """Ask database and broker (the latter two seconds at most); never raises for one that does not answer."""
    step_wait = log_wait = None
    with suppress(DatabaseError):
        step_wait = int(oldest_due().total_seconds())
        log_wait = int(lag().oldest.total_seconds())
    return Health(
        database=log_wait is not None,
        broker=_broker_answers(),
        oldest_due_step_seconds=step_wait,
        sequencing_lag_seconds=log_wait,
    )


def _broker_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
