"""The embedded set-up's one witness: a process of its own, with its key and memory in the data folder, at an address that stays.

A real witness is run by somebody else (docs/security.md). This one shows the whole way on one machine.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PATIENCE = 15.0


def port(data: Path) -> int:
    """The witness's port, chosen once for a data folder."""
    file = data / "witness" / "port"
    with suppress(FileNotFoundError, ValueError):
        return int(file.read_text())
    file.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        chosen: int = probe.getsockname()[1]
    file.write_text(str(chosen))
    return chosen


def url(data: Path) -> str:
    """Where the witness of a data folder answers."""
    return f"http://127.0.0.1:{port(data)}"


def command(data: Path, log_vkey: str) -> list[str]:
    """The command that runs it."""
    options = ["--state", str(data / "witness"), "--port", str(port(data)), "--log-vkey", log_vkey]
    return [sys.executable, "-m", "marketplace.evidence.witness", *options]


def answers(data: Path) -> bool:
    """Whether it runs."""
    try:
        with urllib.request.urlopen(f"{url(data)}/vkey", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running(data: Path, log_vkey: str) -> Iterator[None]:
    """The witness, started for the time being where it does not run already. Raises RuntimeError when it does not come up."""
    if answers(data):
        yield
        return
    root = Path(__file__).resolve().parents[1]
    process = subprocess.Popen(
        command(data, log_vkey), cwd=root, env=os.environ, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + _PATIENCE
        while not answers(data):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the witness of {data} does not come up")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()
