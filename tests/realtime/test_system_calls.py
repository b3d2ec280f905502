"""No system call on the audio thread, and so no lock that waits: a filter kills a process of ours.

A lock that another thread holds is waited for by a system call.  The heap: test_heap.py.
"""

import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

REFUSED = {"2", "3"}
"""Of the worker: this system forbids no system calls."""

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or platform.machine() not in ("x86_64", "aarch64"),
    reason="system calls are filtered on Linux alone",
)


def confined(calls: int) -> list[str]:
    """Return what the worker prints: "played" if it came so far, and the child's exit code."""
    worker = Path(__file__).parent / "call_worker.py"
    command = [sys.executable, str(worker), platform.machine(), str(calls)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    said = done.stdout.split()
    if REFUSED.intersection(said):
        pytest.skip("this system does not let a process filter its system calls")
    return said


def test_a_rack_plays_without_a_system_call() -> None:
    assert confined(0) == ["played", "0"]


def test_one_system_call_is_found() -> None:
    assert confined(1) == [str(-int(signal.SIGSYS))]


def beside_a_worker(calls: int) -> subprocess.CompletedProcess[str]:
    """Confine the audio thread of an engine that two threads play; its process ends with it."""
    worker = Path(__file__).parent / "call_worker.py"
    command = [sys.executable, str(worker), platform.machine(), str(calls), "worker"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if REFUSED.intersection(done.stdout.split()):
        pytest.skip("this system does not let a process filter its system calls")
    return done


def test_the_audio_thread_wakes_no_worker_by_a_system_call() -> None:
    done = beside_a_worker(0)
    assert (done.stdout, done.returncode) == ("played\n", 0), done.stderr
    assert beside_a_worker(1).returncode == -int(signal.SIGSYS)
