"""Web servers to be measured: gunicorn as `make demo` runs it, with as many processes and threads on every side."""

from __future__ import annotations

import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.load import Page, load
from marketplace.processes import LOOPBACK, Child, ProcessFailed, end, free_port, spawn, web_command

START_SECONDS = 60.0


@contextmanager
def site(
    name: str,
    application: str,
    environment: Mapping[str, str],
    *,
    python: str = sys.executable,
    folder: Path | None = None,
) -> Iterator[int]:
    """Serve a WSGI application on a free port of the loopback, yielded; ended afterwards."""
    port = free_port()
    command = [python, *web_command(port)[1:]]
    command[command.index("marketplace.wsgi")] = application
    if folder:
        command.append(f"--chdir={folder}")
    with tempfile.TemporaryDirectory(prefix=f"mall-bench-{name}-") as logs:
        child = spawn(name, command, Path(logs), environment)
        try:
            wait(port, child)
            yield port
        finally:
            end([child])


def wait(port: int, child: Child) -> None:
    """Wait until something listens."""
    until = time.monotonic() + START_SECONDS
    while True:
        with suppress(OSError), socket.create_connection((LOOPBACK, port)):
            return
        if child.process.poll() is not None or time.monotonic() > until:
            raise ProcessFailed(f"{child.name} does not start:\n{child.last_lines(30)}")
        time.sleep(0.1)


def warm(page: Page) -> None:
    """Ask for a page a few times, so that every process has its templates at hand."""
    for _ in range(3):
        load(page, 0)
