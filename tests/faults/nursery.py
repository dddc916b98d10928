"""A process that has loaded the mall once and forks real workers, sweepers and buyers from it, each a group of its own to be killed.

Loading takes seconds, a fork takes none: hundreds of kills become affordable. One JSON object a line comes in, the new process's id
goes out. Everything ends with the nursery.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import django

from marketplace.keeper import die_with_parent


def main() -> None:
    """Fork what is asked for until the input ends."""
    django.setup()
    from marketplace.celery import app

    app.loader.import_default_modules()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are buried by the kernel
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        in_child = die_with_parent(signal.SIGKILL)
        pid = os.fork()
        if not pid:
            in_child()
            _grow_up(order)
        with contextlib.suppress(ProcessLookupError):  # it may be over already
            os.setpgid(pid, pid)  # the child does the same: whoever asks may kill the group at once
        print(pid, flush=True)


def _grow_up(order: dict[str, Any]) -> None:
    """Become what was ordered; never returns."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    code = 1
    try:
        _use(order)
        {"worker": worker, "sweeper": sweeper, "buyer": buyer}[order["what"]](order)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code)


def _use(order: dict[str, Any]) -> None:
    """Work in the test's database and on its broker."""
    from django.db import connections

    from marketplace.celery import app

    for alias in connections:
        connections.settings[alias].update(order["databases"][alias])
    app.conf.broker_url = order["broker"]
    if "visibility_timeout" in order:
        app.conf.broker_transport_options["visibility_timeout"] = order["visibility_timeout"]


def worker(order: dict[str, Any]) -> None:
    """A Celery worker with a pool of processes, as in life."""
    from marketplace.celery import app

    options = ["--loglevel=INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    name = f"--hostname=worker{os.getpid()}@test"
    app.worker_main(["worker", "-Q", "fulfilment", "-c", str(order["concurrency"]), name, *options])


def sweeper(order: dict[str, Any]) -> None:
    """The sweeper, somewhat hurried."""
    from marketplace.steps.sweeper import run, stop_on_signals

    run(0.2, stop_on_signals())


def buyer(order: dict[str, Any]) -> None:
    """Whoever sends the form: places an approved programme and writes the order's number to the file."""
    from marketplace.organisations.scopes import seen_by
    from procurement.programmes.models import Programme
    from procurement.programmes.placement import place
    from tests.world import side

    with seen_by(None):
        programme = Programme.objects.select_related("union").get(pk=order["programme"])
        placed = place(side(programme.union.code).buyer, programme, order["key"])
    Path(order["answer"]).write_text(placed.number, encoding="utf-8")


if __name__ == "__main__":
    main()
