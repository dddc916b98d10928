"""The sweeper: nudges what is due, and runs the house's regular work. Any number of copies may run."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import Error, close_old_connections
from django.utils.module_loading import import_string

from marketplace.steps.actions import sweep

log = logging.getLogger(__name__)


def regular_work() -> list[Callable[[], object]]:
    """What settings name to be done at every turn, besides nudging."""
    return [import_string(name) for name in settings.REGULAR_WORK]


def run(every: float, stop: threading.Event) -> None:
    """Turn until told to stop. A turn that fails (database gone, broker gone) is logged, and the next one tries again."""
    work = [sweep, *regular_work()]
    while not stop.is_set():
        for job in work:
            try:
                job()
            except (Error, OSError):
                log.exception("the sweeper's %s failed; it will be tried again", getattr(job, "__name__", job))
                close_old_connections()
        stop.wait(every)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
