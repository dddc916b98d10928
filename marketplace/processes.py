"""The processes of a running mall: `make demo` and `make smoke` start, watch and end them all.

    python -m marketplace.processes demo     # runs until Ctrl-C; a second run starts where the first one was
    python -m marketplace.processes smoke    # the same in a temporary folder: the main job once, then the end
    python -m marketplace.processes stop     # ends a demo that runs elsewhere

Database and broker are the embedded ones, unless DATABASE_URL names others. Every process has its own group
and log file, and the kernel ends it should this supervisor be killed (Linux).
"""

import argparse
import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from marketplace import embedded, keeper, local_witness

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"
LOCK = "mall.lock"
QUEUES = "fulfilment,imports,reports,evidence"
STOP_SECONDS = 15.0


class ProcessFailed(RuntimeError):
    """A process of the mall did not come up; the sentence names it and the end of its log."""


@dataclass(frozen=True)
class Child:
    """A started process, leader of its own group, and the file its output goes to."""

    name: str
    command: tuple[str, ...]
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self, number: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-number:])


# Commands.


def web_command(port: int, workers: int = 2) -> list[str]:
    """Gunicorn on the loopback."""
    bind = f"--bind={LOOPBACK}:{port}"
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "marketplace.wsgi",
        bind,
        f"--workers={workers}",
        "--threads=4",
        "--no-control-socket",
    ]


def worker_command(concurrency: int = 2, queues: str = QUEUES) -> list[str]:
    """A Celery worker for all queues. Its name carries no host, so that several may run side by side."""
    quiet = ["--loglevel=INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "marketplace",
        "worker",
        "-Q",
        queues,
        "-c",
        str(concurrency),
        *quiet,
    ]


def sweeper_command() -> list[str]:
    """The sweeper, which nudges the steps that are due."""
    return [sys.executable, "manage.py", "sweep"]


# One process.


def spawn(name: str, command: Sequence[str], logs: Path, environment: Mapping[str, str] | None = None) -> Child:
    """Start a process in the background; `environment` is added to our own.

    Call it from the main thread: the kernel takes the end of the starting thread for the end of the parent.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=keeper.die_with_parent(signal.SIGTERM),
        )
    return Child(name, tuple(command), process, log)


def end(children: Sequence[Child], seconds: float = STOP_SECONDS) -> None:
    """Ask all of them to stop, wait, and kill what is left of their groups. Returns when none is left."""
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + seconds
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
    for child in children:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def free_port(preferred: int = 0) -> int:
    """The preferred port of the loopback if nobody listens there, else any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((LOOPBACK, port))
                return int(probe.getsockname()[1])
    raise ProcessFailed("No port of the loopback is free.")


def wait_for_page(url: str, child: Child, seconds: float = 60.0) -> None:
    """Wait until the page answers 200. Raises ProcessFailed when the process ends first or time is over."""
    deadline = time.monotonic() + seconds
    while True:
        with (
            contextlib.suppress(OSError, urllib.error.URLError),
            urllib.request.urlopen(url, timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        if child.process.poll() is not None or time.monotonic() > deadline:
            raise ProcessFailed(f"{child.name} does not answer at {url}. The end of {child.log}:\n{child.last_lines()}")
        time.sleep(0.1)


def wait_for_line(text: str, child: Child, seconds: float = 60.0) -> None:
    """Wait until the process has written `text` to its log. Raises ProcessFailed like `wait_for_page`."""
    deadline = time.monotonic() + seconds
    while text not in child.log.read_text(encoding="utf-8", errors="replace"):
        if child.process.poll() is not None or time.monotonic() > deadline:
            raise ProcessFailed(f"{child.name} did not report {text!r}. The end of {child.log}:\n{child.last_lines()}")
        time.sleep(0.1)


# The whole mall.


@dataclass(frozen=True)
class Prepared:
    """What the one start of Django before all processes found out."""

    log_vkey: str
    logins: str


def _environment(data: Path) -> dict[str, str]:
    """Start the embedded servers unless DATABASE_URL names others, and say where everything is."""
    here = {"MALL_DATA": str(data), "MALL_EMBEDDED": "1", "MALL_DEMO": "1"}
    if "DATABASE_URL" in os.environ:
        return here
    servers = embedded.ensure(data)
    addresses = {"DATABASE_URL": servers.database_url, "DATABASE_OWNER_URL": servers.owner_url}
    return here | addresses | {"REDIS_URL": servers.redis_url}


def _prepare(*, history: bool) -> Prepared:
    """Migrate and load the world, with its past if wanted, in this process: each start of Django costs seconds."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    import django
    from django.core.management import call_command
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    plan = MigrationExecutor(connections["owner"])
    if plan.migration_plan(plan.loader.graph.leaf_nodes()):
        print("Making the database's tables ...", flush=True)
        call_command("migrate", database="owner", verbosity=0)
    call_command("load_world", history=history)
    prepared = Prepared(log_vkey=_output_of("evidence_key").strip(), logins=_output_of("demo_logins"))
    connections.close_all()
    return prepared


def _output_of(command: str) -> str:
    from django.core.management import call_command

    output = io.StringIO()
    call_command(command, stdout=output)
    return output.getvalue()


def _start_all(data: Path, port: int, children: list[Child], *, history: bool) -> Prepared:
    """Start everything and wait until the pages answer; `children` receives what has been started so far."""
    os.environ.update(_environment(data))
    prepared = _prepare(history=history)
    commands = {
        "web": web_command(port),
        "witness": local_witness.command(data, prepared.log_vkey),
        "worker": worker_command(),
        "sweeper": sweeper_command(),
    }
    for name, command in commands.items():
        children.append(spawn(name, command, data / "logs"))
    wait_for_page(f"http://{LOOPBACK}:{port}/health", children[0])
    return prepared


@contextlib.contextmanager
def running_mall(data: Path, port: int, *, history: bool = False) -> Iterator[tuple[list[Child], Prepared]]:
    """All processes of a mall with this data folder, its pages on `port`; all of them ended afterwards.

    Raises ProcessFailed when something does not come up, or when this folder's mall runs already.
    """
    data.mkdir(parents=True, exist_ok=True)
    children: list[Child] = []
    servers_stay = (data / keeper.DETACHED).exists() or "DATABASE_URL" in os.environ
    with keeper.held(data / LOCK) as ours:
        if not ours:
            raise ProcessFailed(f"The mall of {data} runs already. `make stop` ends it.")
        try:
            prepared = _start_all(data, port, children, history=history)
            yield children, prepared
        finally:
            # A second Ctrl-C must not leave half of them behind.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            end(children)
            if not servers_stay:
                embedded.stop(data)


def _main_job() -> int:
    """The main job from end to end, with its progress on our terminal; its exit code."""
    command = [sys.executable, "manage.py", "main_job"]
    in_child = keeper.die_with_parent(signal.SIGTERM)
    return subprocess.run(command, cwd=ROOT, check=False, preexec_fn=in_child).returncode


def _watch(children: list[Child]) -> NoReturn:
    """Start again whatever ends by itself, until a signal ends us."""
    while True:
        for place, child in enumerate(children):
            if (code := child.process.poll()) is not None:
                print(f"{child.name} ended with code {code} (see {child.log}); starting it again.", flush=True)
                # Its own children may have outlived it.
                end([child])
                children[place] = spawn(child.name, child.command, child.log.parent)
        time.sleep(1)


def demo(data: Path, port: int) -> int:
    """Run the demonstration until Ctrl-C or SIGTERM; the exit code is 0 unless something did not come up."""
    started = time.monotonic()
    print(f"Starting the mall; data and logs are in {data} ...", flush=True)
    port = free_port(port)
    address = f"http://{LOOPBACK}:{port}/"
    with contextlib.suppress(KeyboardInterrupt), running_mall(data, port, history=True) as (children, prepared):
        print(f"Answering after {time.monotonic() - started:.1f} s at {address}\n", flush=True)
        done = data / "main-job-done"
        if not done.exists() and _main_job() == 0:
            done.touch()
        print(f"\n{prepared.logins}\n{address} - Ctrl-C stops everything.", flush=True)
        _watch(children)
    print("Stopped.")
    return 0


def smoke() -> int:
    """Everything once in a temporary folder: start, main job, stop. The exit code is the main job's."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="mall-smoke-") as folder:
        # The servers' account, when root starts us, must get through.
        Path(folder).chmod(0o711)
        data = Path(folder) / "data"
        try:
            with running_mall(data, free_port()):
                code = _main_job()
        finally:
            embedded.remove(data)
    print("smoke: passed" if code == 0 else f"smoke: the main job ended with code {code}")
    return code


def stop(data: Path) -> int:
    """End a demonstration that runs elsewhere, and the embedded servers of its folder; always 0."""
    while (pid := keeper.holder(data / LOCK)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        time.sleep(0.2)
    if data.exists():
        embedded.stop(data)
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m marketplace.processes", description="Run the whole mall.")
    parser.add_argument("what", choices=["demo", "smoke", "stop"])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("MALL_DATA", ROOT / ".data")))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    options = parser.parse_args()
    # A shell that starts us in the background has SIGINT ignored.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    data = options.data.absolute()
    try:
        match options.what:
            case "demo":
                return demo(data, options.port)
            case "stop":
                return stop(data)
            case _:
                return smoke()
    except (ProcessFailed, embedded.EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
