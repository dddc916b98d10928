"""Keeps a few programs running for as long as somebody needs them; a file of its own, standard library only.

`embedded.py` writes `keeper.json` (which programs, how to start and stop them) and starts this file. The
keeper is the programs' parent, so a killed one is reaped at once: a killed PostgreSQL left as a zombie would
block its own restart. It starts again whatever dies, and stops everything when

* it is told to (SIGTERM or SIGINT),
* nobody has held a shared lock on `users.lock` for LINGER_SECONDS and no file `detached` lies in the folder.

Files in the folder: `keeper.json` (input), `keeper.lock` (locked while a keeper lives; contains its pid),
`users.lock`.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import IO

SPEC, LOCK, USERS, DETACHED = "keeper.json", "keeper.lock", "users.lock", "detached"
LINGER_SECONDS = 3.0
STOP_SECONDS = 30.0
LOG_BYTES = 20_000_000
PR_SET_PDEATHSIG = 1
LINUX = sys.platform == "linux"


@dataclass(frozen=True)
class Program:
    """One program: how to start it, how to ask it to stop, and which file it leaves its pid in."""

    name: str
    command: list[str]
    pid_file: str
    log: str
    stop_signal: int
    user: int | None = None
    group: int | None = None


def write_spec(folder: Path, programs: list[Program]) -> None:
    """Store what the next keeper of this folder shall run."""
    (folder / SPEC).write_text(json.dumps([asdict(p) for p in programs], indent=1), encoding="utf-8")


@contextlib.contextmanager
def held(file: Path) -> Iterator[bool]:
    """Hold this lock file with our pid in it; gives False, and holds nothing, when another process has it."""
    with file.open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield True


def holder(file: Path) -> int | None:
    """The pid of the living process that holds this lock file, or None. The lock decides: pids are reused."""
    try:
        lock = file.open("r", encoding="ascii")
    except FileNotFoundError:
        return None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = lock.read().strip()
            return int(text) if text else None
    return None


def keeper_pid(folder: Path) -> int | None:
    """The pid of this folder's living keeper, or None."""
    return holder(folder / LOCK)


def die_with_parent(stop_signal: int) -> Callable[[], None]:
    """A function for the child side of a fork: `stop_signal` comes when the parent dies (Linux only).

    It must run after any change of user, which clears the setting.
    """
    libc = ctypes.CDLL(None) if LINUX else None
    parent = os.getpid()

    def in_child() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, stop_signal)
            if os.getppid() != parent:
                os._exit(1)

    return in_child


def command_line(pid: int) -> str | None:
    """The command line of a living process; None when it is gone or a zombie."""
    if LINUX:
        try:
            state = (
                Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
            )
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return None
        return None if state in "ZX" else words.replace(b"\0", b" ").decode(errors="replace")
    listing = subprocess.run(
        ["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, words_text = listing.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else words_text


def leftover(program: Program) -> int | None:
    """The pid of a server of ours that outlived its keeper. A pid file naming anything else is removed."""
    file = Path(program.pid_file)
    try:
        pid = int(file.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    words = command_line(pid)
    if words is not None and Path(program.command[0]).name in words:
        return pid
    file.unlink(missing_ok=True)
    return None


def end_leftover(program: Program, seconds: float = STOP_SECONDS) -> None:
    """Stop a server that outlived its keeper: first politely, after `seconds` by SIGKILL."""
    deadline = time.monotonic() + seconds
    asked = False
    while (pid := leftover(program)) is not None:
        with contextlib.suppress(ProcessLookupError):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            elif not asked:
                os.kill(pid, program.stop_signal)
                asked = True
        time.sleep(0.05)


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start one program with its output appended to its log."""
    end_leftover(program)
    with _open_log(Path(program.log)) as log:
        return subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            user=program.user,
            group=program.group,
            extra_groups=None if program.user is None else [],
            umask=0o077,
            # A terminal's Ctrl-C is for the keeper's users; the servers get their own session.
            start_new_session=True,
            preexec_fn=die_with_parent(program.stop_signal),
        )


def _open_log(path: Path) -> IO[bytes]:
    fresh = not path.exists() or path.stat().st_size > LOG_BYTES
    return path.open("wb" if fresh else "ab")


class Keeper:
    """The running programs of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        spec = json.loads((folder / SPEC).read_text(encoding="utf-8"))
        self.programs = [Program(**entry) for entry in spec]
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.started_at: dict[str, float] = {}
        self.told_to_stop = False

    def run(self) -> None:
        """Keep the programs until told to stop or no longer needed; then stop them."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with (self.folder / USERS).open("a") as users:
            needed_at = time.monotonic()
            # A deleted folder has no users either.
            while not self.told_to_stop and (self.folder / SPEC).exists():
                self._start_missing()
                if self._in_use(users):
                    needed_at = time.monotonic()
                elif time.monotonic() - needed_at > LINGER_SECONDS and self._last_one(users):
                    break
                time.sleep(0.1)
            self._stop_all()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.told_to_stop = True

    def _start_missing(self) -> None:
        for program in self.programs:
            process = self.running.get(program.name)
            if process is not None and process.poll() is None:
                continue
            # One that dies at once (port just taken, orphans of its predecessor leaving) is not hammered.
            if time.monotonic() - self.started_at.get(program.name, -9.0) < 0.5:
                continue
            self.started_at[program.name] = time.monotonic()
            self.running[program.name] = start(program)

    def _in_use(self, users: IO[str]) -> bool:
        if (self.folder / DETACHED).exists():
            return True
        if not self._last_one(users):
            return True
        fcntl.flock(users, fcntl.LOCK_UN)
        return False

    @staticmethod
    def _last_one(users: IO[str]) -> bool:
        """Take the users' lock alone; while it is held, a newcomer waits until this keeper has gone."""
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _stop_all(self) -> None:
        for program in self.programs:
            with contextlib.suppress(ProcessLookupError):
                self.running[program.name].send_signal(program.stop_signal)
        for program in self.programs:
            try:
                self.running[program.name].wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.running[program.name].kill()
                self.running[program.name].wait()


def main(folder: Path) -> None:
    """Be the keeper of this folder; do nothing when there is one."""
    with held(folder / LOCK) as ours:
        if ours:
            Keeper(folder).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
