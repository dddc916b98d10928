"""What the evidence tests share.

Entries, a witness in a process of its own, and the owner's connection for tampering.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _own_keys(settings: Any, tmp_path: Path) -> None:
    """Every test has its own log, with its own key, and at first no witness."""
    settings.EVIDENCE_KEY_FILE = tmp_path / "keys" / "log.key"
    settings.EVIDENCE_ORIGIN = "mall.example/log"
    settings.EVIDENCE_WITNESSES = []
    settings.EMBEDDED = True


class WitnessProcess:
    """A witness that runs apart from the tests, as it does in life."""

    def __init__(self, state: Path, log_vkey: str, name: str) -> None:
        self.state, self.log_vkey, self.name = state, log_vkey, name
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """How it is started; it comes back on the port that it had."""
        options = ["--state", str(self.state), "--port", str(self.port), "--log-vkey", self.log_vkey]
        return [sys.executable, "-m", "marketplace.evidence.witness", *options, "--name", self.name]

    def start(self) -> "WitnessProcess":
        """Start it and wait until it says that it listens."""
        # A witness has nothing of ours but the program: no settings, no database.
        environment = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
        self.process = subprocess.Popen(
            self.command(),
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout
        said = self.process.stdout.readline()
        found = re.search(r"witness (\S+) listens on http://127\.0\.0\.1:(\d+)", said)
        assert found, said
        self.vkey, self.port = found[1], int(found[2])
        return self

    def kill(self) -> None:
        """End it without warning."""
        if self.process:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout
            self.process.stdout.close()
            self.process = None


@pytest.fixture
def start_witness(tmp_path: Path, settings: Any) -> Iterator[Callable[..., WitnessProcess]]:
    """A function that starts a witness of the log and names it in settings."""
    from marketplace.evidence import keys

    started: list[WitnessProcess] = []

    def start(name: str = "witness.example/one", log_vkey: str | None = None) -> WitnessProcess:
        state = tmp_path / f"witness-{len(started)}"
        witness = WitnessProcess(state, log_vkey or keys.log_vkey(), name).start()
        started.append(witness)
        settings.EVIDENCE_WITNESSES = [
            *settings.EVIDENCE_WITNESSES,
            {"url": witness.url, "vkey": witness.vkey},
        ]
        return witness

    yield start
    for witness in started:
        witness.kill()


@pytest.fixture
def tamper(fresh_database: Any) -> Iterator[Callable[..., int]]:
    """A function `(table, statement)` that does what an intruder with the owner's rights would.

    Past every trigger and check.
    """
    with psycopg.connect(fresh_database.owner_url, autocommit=True) as connection:

        def change(table: str, statement: str, *parameters: Any) -> int:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            return connection.execute(statement, parameters).rowcount

        yield change
