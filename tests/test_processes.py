"""Processes of the mall: started, watched, and ended to the last child."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from marketplace import keeper, processes
from tests.house import ROOT

# A parent and a child that both ignore SIGTERM; the child's pid goes to the log.
STUBBORN = (
    "import signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "if len(sys.argv) == 1:\n"
    "    child = subprocess.Popen([sys.executable, __file__, 'child'])\n"
    "    print('child', child.pid, flush=True)\n"
    "time.sleep(600)\n"
)


def wait_until_gone(pid: int, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while keeper.command_line(pid) is not None:
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.02)


@pytest.fixture
def stubborn(tmp_path: Path) -> list[str]:
    """The command of a process with a child, neither of which ends on SIGTERM."""
    script = tmp_path / "stubborn.py"
    script.write_text(STUBBORN)
    return [sys.executable, str(script)]


def test_end_leaves_nobody_of_a_stubborn_group(tmp_path: Path, stubborn: list[str]) -> None:
    child = processes.spawn("stubborn", stubborn, tmp_path)
    processes.wait_for_line("child", child)
    grandchild = int(child.log.read_text().split()[1])
    processes.end([child], seconds=0.3)
    assert child.process.returncode == -signal.SIGKILL
    wait_until_gone(grandchild)


def test_a_process_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from marketplace import processes\n"
        f"child = processes.spawn('sleeper', ['sleep', '600'], Path({str(tmp_path)!r}))\n"
        "print(child.process.pid, flush=True); child.process.wait()"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        sleeper = int(starter.stdout.readline())
        assert keeper.command_line(sleeper) is not None
        os.kill(starter.pid, signal.SIGKILL)
    wait_until_gone(sleeper)


def test_a_process_that_does_not_come_up_is_reported_with_the_end_of_its_log(
    start_process: Callable[..., processes.Child],
) -> None:
    child = start_process("broken", [sys.executable, "-c", "raise SystemExit('no cup of tea')"])
    with pytest.raises(processes.ProcessFailed, match=r"(?s)broken does not answer at http.*no cup of tea"):
        processes.wait_for_page("http://127.0.0.1:9/", child)


def test_the_preferred_port_is_taken_only_if_it_is_free() -> None:
    port = processes.free_port()
    assert processes.free_port(port) == port
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        assert processes.free_port(port) not in {0, port}


def test_a_second_mall_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        keeper.held(tmp_path / "mall.lock") as ours,
        pytest.raises(processes.ProcessFailed, match="runs already"),
        processes.running_mall(tmp_path, 0),
    ):
        assert ours
    assert keeper.holder(tmp_path / "mall.lock") is None
