"""PostgreSQL and Valkey from Python wheels, kept in one data folder: no Docker, no root, nothing to install.

    servers = ensure(Path(".data"))     # starts what does not run; they live as long as somebody uses them
    python -m marketplace.embedded start|stop|status|remove [--data DIR] [--detach]

Two wheels bring the programs (`programs.py`); `keeper.py` keeps them running. Both listen on the loopback
only, on ports chosen once, with passwords made once. The data folder holds `servers.json` and `secrets.json`
(both mode 0600), `logs/`, `postgres/` and `valkey/`.

PostgreSQL refuses to run as root. Started by root, both servers run as the account `postgres` or `nobody`;
where that account cannot reach the data folder or the programs (a clone under /root), they are in SHELTER.

No Django in here: settings import this module.
"""

import argparse
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import psycopg

from marketplace import keeper
from marketplace.databases import APP, OWNER, UnsupportedDatabase, parse_database_url, prepare
from marketplace.keeper import Program
from marketplace.programs import (
    LOOPBACK,
    SHELTER,
    EmbeddedError,
    Plan,
    account_for,
    home_of,
    initialise,
    postgres,
    reachable_binaries,
    valkey,
)

__all__ = [
    "EmbeddedError",
    "Servers",
    "UnsupportedDatabase",
    "ensure",
    "parse_database_url",
    "read",
    "remove",
    "secrets_for",
    "stop",
]

READY_SECONDS = 60.0
MAX_STARTS = 3


@dataclass(frozen=True)
class Servers:
    """Where the servers of one data folder are found. The addresses contain passwords: never log them."""

    database_url: str
    owner_url: str
    redis_url: str
    data: Path


# The shared locks that tell the keepers that this process needs them; closed, and so released, when it ends.
_leases: dict[Path, IO[str]] = {}
_keepers: dict[Path, subprocess.Popen[bytes]] = {}


def read(data: Path) -> Servers:
    """The addresses of this folder's servers, chosen on the first call. Starts nothing."""
    data = _folder(data)
    with _locked(data / "addresses.lock"):
        return _addresses(data, _plan(data, durable=True))


def ensure(data: Path, *, durable: bool = True, detach: bool = False) -> Servers:
    """Start what does not run, wait until both servers answer, return their addresses. Safe to repeat.

    The servers stop a few seconds after the last process that called this has ended, however it ended;
    with `detach` they stay until `stop`. `durable=False` on the first call for a folder switches fsync off
    for good.
    Raises EmbeddedError where they cannot run.
    """
    data = _folder(data)
    if data not in _leases:
        lease = (data / keeper.USERS).open("a")
        # Waits while a keeper that found no users is stopping its servers.
        fcntl.flock(lease, fcntl.LOCK_SH)
        _leases[data] = lease
    if detach:
        (data / keeper.DETACHED).touch()
    with _locked(data / "start.lock"):
        with _locked(data / "addresses.lock"):
            plan = _plan(data, durable=durable)
        plan = _bring_up(data, plan)
    return _addresses(data, plan)


def stop(data: Path) -> None:
    """Stop this folder's servers and wait until they have gone, whoever uses them."""
    data = _folder(data)
    with _locked(data / "start.lock"):
        (data / keeper.DETACHED).unlink(missing_ok=True)
        if data in _leases:
            _leases.pop(data).close()
        while (pid := keeper.keeper_pid(data)) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            time.sleep(0.05)
        if data in _keepers:
            _keepers.pop(data).wait()
        for program in _programs_of_last_start(data):
            keeper.end_leftover(program)


def remove(data: Path) -> None:
    """Stop the servers and delete the data folder with everything in it."""
    if not data.exists():
        return
    stop(data)
    data = _folder(data)
    if (data / "servers.json").exists():
        shutil.rmtree(SHELTER / _plan(data, durable=True).name, ignore_errors=True)
        # Succeeds for the last one only.
        with contextlib.suppress(OSError):
            SHELTER.rmdir()
    shutil.rmtree(data)


def secrets_for(data: Path) -> dict[str, str]:
    """The secrets of this folder, made on the first call: `secret_key`, `data_key` and `index_key`.

    The last two are 32 random bytes each in URL-safe base64.
    """
    data = _folder(data)
    with _locked(data / "addresses.lock"):
        file = data / "secrets.json"
        if not file.exists():
            keys = {name: urlsafe_b64encode(secrets.token_bytes(32)).decode() for name in ("data_key", "index_key")}
            _write_private(file, {"secret_key": secrets.token_urlsafe(50), **keys})
        found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        return found


# The folder.


def _folder(data: Path) -> Path:
    data = data.absolute()
    try:
        (data / "logs").mkdir(parents=True, exist_ok=True)
        # Root's servers run as another account, which must get through.
        data.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if not os.access(data, os.W_OK):
            raise PermissionError
    except PermissionError:
        raise EmbeddedError(
            f"The data folder {data} belongs to somebody else. "
            "Run as its owner, or set MALL_DATA to a folder of your own."
        ) from None
    return data.resolve()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write_private(path: Path, content: dict[str, Any]) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
    draft.replace(path)


def _plan(data: Path, *, durable: bool) -> Plan:
    file = data / "servers.json"
    if file.exists():
        return Plan(**json.loads(file.read_text(encoding="utf-8")))
    if (data / "postgres").exists():
        raise EmbeddedError(
            f"{file} with the passwords of the database in {data / 'postgres'} is missing. Put it back, "
            f"or delete {data} to start anew."
        )
    postgres_port, valkey_port = _free_ports(2)
    plan = Plan(
        name=secrets.token_hex(8),
        postgres_port=postgres_port,
        valkey_port=valkey_port,
        superuser_password=secrets.token_urlsafe(24),
        owner_password=secrets.token_urlsafe(24),
        app_password=secrets.token_urlsafe(24),
        valkey_password=secrets.token_urlsafe(24),
        durable=durable,
    )
    _write_private(file, asdict(plan))
    return plan


def _addresses(data: Path, plan: Plan) -> Servers:
    return Servers(
        database_url=plan.database_url(APP, plan.app_password),
        owner_url=plan.database_url(OWNER, plan.owner_password),
        redis_url=f"redis://:{plan.valkey_password}@{LOOPBACK}:{plan.valkey_port}/0",
        data=data,
    )


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


# The programs.


def _kept(data: Path) -> bool:
    """Whether a keeper lives: ours, which may not have got as far as its lock yet, or another's."""
    if data in _keepers:
        if _keepers[data].poll() is None:
            return True
        del _keepers[data]
    return keeper.keeper_pid(data) is not None


def _start(data: Path, plan: Plan) -> Plan:
    for program in _programs_of_last_start(data):
        keeper.end_leftover(program)
    if not (_is_free(plan.postgres_port) and _is_free(plan.valkey_port)):
        postgres_port, valkey_port = _free_ports(2)
        plan = Plan(**{**asdict(plan), "postgres_port": postgres_port, "valkey_port": valkey_port})
        _write_private(data / "servers.json", asdict(plan))
    account = account_for(data)
    home = home_of(data, plan, account)
    binaries = reachable_binaries(account)
    initialise(binaries, home / "postgres", plan, account)
    keeper.write_spec(
        data,
        [
            postgres(binaries, home / "postgres", plan, data, account),
            valkey(home / "valkey", plan, data, account),
        ],
    )
    with (data / "logs" / "keeper.log").open("ab") as log:
        _keepers[data] = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, str(data)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    return plan


def _programs_of_last_start(data: Path) -> list[Program]:
    spec = data / keeper.SPEC
    return [Program(**entry) for entry in json.loads(spec.read_text(encoding="utf-8"))] if spec.exists() else []


# Readiness.


def _bring_up(data: Path, plan: Plan) -> Plan:
    """Start a keeper unless there is one and wait until its servers answer; a dead keeper is replaced."""
    deadline = time.monotonic() + READY_SECONDS
    starts = 0
    while True:
        if not _kept(data):
            if starts == MAX_STARTS:
                break
            plan = _start(data, plan)
            starts += 1
        # Asked again afterwards: the servers of a keeper that was just killed answer for another moment.
        if _database_ready(data, plan) and _valkey_answers(plan) and _kept(data):
            return plan
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    logs = [(data / "logs" / f"{name}.log") for name in ("keeper", "postgres", "valkey")]
    tails = "\n".join(f"{log.name}: {line}" for log in logs if log.exists() for line in _last_lines(log))
    raise EmbeddedError(f"The embedded servers of {data} did not start. The ends of their logs:\n{tails}")


def _last_lines(log: Path, number: int = 5) -> list[str]:
    return log.read_text(encoding="utf-8", errors="replace").splitlines()[-number:]


def _database_ready(data: Path, plan: Plan) -> bool:
    """Whether the owner gets in; the first time, roles and database are made once the superuser gets in."""
    prepared = data / "prepared"
    url = _addresses(data, plan).owner_url if prepared.exists() else plan.superuser_url
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    if not prepared.exists():
        prepare(plan.superuser_url, plan.owner_password, plan.app_password)
        prepared.touch()
    return True


def _valkey_answers(plan: Plan) -> bool:
    try:
        with socket.create_connection((LOOPBACK, plan.valkey_port), timeout=2) as connection:
            connection.sendall(f"AUTH {plan.valkey_password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (part := connection.recv(1024)):
                answer += part
            return answer == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False


# Command line.


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m marketplace.embedded", description="The embedded database and broker."
    )
    parser.add_argument("command", choices=["start", "stop", "status", "remove"])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("MALL_DATA", ".data")), help="the data folder")
    parser.add_argument(
        "--detach", action="store_true", help="with start: return, and leave the servers running until stop"
    )
    options = parser.parse_args(arguments)
    try:
        return _run(options.command, options.data, detach=options.detach)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1


def _run(command: str, data: Path, *, detach: bool) -> int:
    if command == "stop":
        stop(data)
    elif command == "remove":
        remove(data)
    elif command == "status":
        running = data.exists() and keeper.keeper_pid(data) is not None
        print(f"running, data in {data}" if running else "stopped")
        return 0 if running else 3
    else:
        ensure(data, detach=detach)
        print(f"running, data in {data}", flush=True)
        if not detach:
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
            stop(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
