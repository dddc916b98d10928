"""T11: how long `make demo` takes to a page that answers, when its data are there: servers, checks, processes, all of it.

Comes last, for it stops the servers that the other parts use.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress

from django.db import connections

from benchmarks.mall import Mall
from benchmarks.measure import Figure, Tell, duration
from marketplace import embedded
from marketplace.processes import LOOPBACK, ROOT, free_port

_STARTS = 3
_PATIENCE = 120.0


def measure(mall: Mall, tell: Tell) -> list[Figure]:
    """Several starts on the folder that holds the demonstration's world."""
    connections.close_all()
    embedded.stop(mall.data)
    # The main job runs on the first start only, after the page answers.
    (mall.data / "main-job-done").touch()
    taken = []
    for number in range(1, _STARTS + 1):
        tell(f"T11 start {number} of {_STARTS}, load of the machine {os.getloadavg()[0]:.1f}")
        taken.append(_start(mall))
    median = statistics.median(taken)
    return [
        Figure(
            "T11", "`make demo`, second start, until the first page answers", duration(median),
            f"{_STARTS} starts, the slowest {duration(max(taken))}", "≤ 15 s", median <= 15,
        )
    ]  # fmt: skip


def _start(mall: Mall) -> float:
    """Seconds from the command to the start page; everything is stopped afterwards."""
    port = free_port()
    hidden = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "MALL_EMBEDDED"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    command = [sys.executable, "-m", "marketplace.processes", "demo", "--data", str(mall.data), "--port", str(port)]
    started = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as demo:
        try:
            _wait_for(f"http://{LOOPBACK}:{port}/", demo)
            return time.monotonic() - started
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(_PATIENCE)


def _wait_for(url: str, demo: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        with suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=_PATIENCE):
            return
        if demo.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"the demonstration does not answer at {url}")
        time.sleep(0.05)
