"""Kernels compiled in forked processes: same code; no partial cache file after a kill."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from namgraph.runtime.native import parallel
from namgraph.runtime.native.abi import kernel
from namgraph.runtime.native.cpu import read_cycles
from namgraph.runtime.native.parallel import Stop, collector, compiled_in_parallel

linux = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux only")

COUNTED = """
import hashlib, sys, threading
import numpy as np
import namgraph as ng
from namgraph.runtime.native import abi, parallel

parallel.processors = lambda: 2
compiled, whole = [], abi.Native._compile
abi.Native._compile = lambda self, cache: compiled.append(self) or whole(self, cache)
"""
START = """
if "thread" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
graph = ng.Graph()
gain = graph.add("gain", ng.Gain(gain_db=-6.0))
graph.input("in", channels=1) >> gain >> graph.output("out", channels=1)
x = np.random.default_rng(0).normal(0, 0.1, 999).astype(np.float32)
y = ng.render(graph, x, sample_rate=48_000)
"""
SMALL = """
def made(step):
    @ng.kernel
    def add(state: int, ins: int, outs: int, frames: int) -> None:
        x, y = ng.channel(ins, 0, frames), ng.channel(outs, 0, frames)
        for i in range(frames):
            y[i] = np.float32(x[i] + step)
    return add

kernels = [made(0.5 * k) for k in range(6)]
x = np.arange(9, dtype=np.float32)
y = np.zeros((6, 9), np.float32)
into = np.array([x.ctypes.data])
with parallel.compiled_in_parallel(lambda: [k.address for k in kernels]):
    for k, out in zip(kernels, y):
        k.ctypes(0, into.ctypes.data, np.array([out.ctypes.data]).ctypes.data, 9)
assert (y == x + 0.5 * np.arange(6)[:, None]).all()
"""
"""A few kernels that are quick to compile, in place of those of a graph."""
TOLD = 'print(len(compiled), "numba" in sys.modules, hashlib.sha256(y.tobytes()).hexdigest())'


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "NUMBA_CACHE_DIR": str(folder), "XDG_CACHE_HOME": str(folder / "own")}


def command(tmp_path: Path, text: str, *arguments: str) -> list[str]:
    script = tmp_path / "script.py"  # a prompt's kernels have no files
    script.write_text(COUNTED + text + TOLD, encoding="utf-8")
    return [sys.executable, str(script), *arguments]


def start(run: list[str], folder: Path) -> list[str]:
    """Run in a new process: the kernels it compiled, whether it has Numba, what it made."""
    done = subprocess.run(
        run, env=environment(folder), capture_output=True, text=True, check=True, timeout=120
    )
    assert not done.stderr, "copies are silent"
    return done.stdout.split()


@linux
def test_copies_compile_all_kernels_and_no_process_needs_numba(tmp_path: Path) -> None:
    run = command(tmp_path, START)
    first = start(run, tmp_path / "a")
    assert first[:2] == ["0", "False"], "all was compiled in copies"
    assert start(run, tmp_path / "a") == first
    alone = start(command(tmp_path, START, "thread"), tmp_path / "b")
    assert int(alone[0]) > 3, "beside another thread all is compiled in the process itself"
    assert alone[1:] == first[1:], "to the same sound, and without Numba"


@linux
def test_processes_killed_while_they_compile_leave_whole_files_and_no_copies(
    tmp_path: Path,
) -> None:
    """The process alone, at its first file."""
    run, place = command(tmp_path, SMALL), tmp_path / "killed"
    process = subprocess.Popen(
        run, env=environment(place), start_new_session=True, stdout=subprocess.DEVNULL
    )
    while process.poll() is None and not list(place.rglob("*.kernel")):
        time.sleep(0.001)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "it was at work"
    until(lambda: not _members(process.pid), "its copies end with it")
    assert len(list(place.rglob("*.kernel"))) < 6
    made = start(run, place)
    assert made[0] == "0"
    assert start(run, place) == ["0", "False", made[2]]


@linux
def test_two_processes_may_start_at_once(tmp_path: Path) -> None:
    run, place = command(tmp_path, SMALL), tmp_path / "both"
    both = [
        subprocess.Popen(run, env=environment(place), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    made = [process.communicate(timeout=120)[0].split() for process in both]
    assert made[0][2] == made[1][2]
    assert start(run, place) == ["0", "False", made[0][2]]


FULL = """
import errno, os
from namgraph.runtime.native import disk_cache

def full(*arguments):
    raise OSError(errno.ENOSPC, "No space left on device")

disk_cache.write_entry = full
if "memory" not in sys.argv:
    os.memfd_create = full
"""


@linux
@pytest.mark.parametrize("memory", [True, False])
def test_with_a_full_disk_copies_hand_the_code_over_in_memory(tmp_path: Path, memory: bool) -> None:
    run = command(tmp_path, FULL + SMALL, *["memory"] * memory)
    place = tmp_path / "full"
    done = subprocess.run(
        run, env=environment(place), capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stderr.count("cannot be kept on disk: [Errno 28]") == 1, "the process warns"
    assert done.stdout.split()[:2] == ["0" if memory else "6", "False"]
    assert not list(place.rglob("*.kernel"))


def until(reached: Callable[[], bool], wanted: str) -> None:
    end = time.monotonic() + 20.0
    while not reached():
        assert time.monotonic() < end, wanted
        time.sleep(0.01)


def _members(group: int) -> list[str]:
    """Return the states of the processes of a group; those that have ended do not count."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, number = entry.read_text().rpartition(")")[2].split()[:3]
            if int(number) == group and state not in "ZX":
                found.append(state)
    return found


def _copies_that_wait(told: Path) -> None:
    """Start a copy of this copy; both wait for ever."""
    inner = parallel._fork(signal.pause)
    told.with_suffix(".part").write_text(str(inner))
    told.with_suffix(".part").rename(told)
    signal.pause()


@linux
@pytest.mark.parametrize("why", ["hangs", "interrupted"])
def test_copies_that_hang_or_are_interrupted_are_all_ended(
    why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, begun = tmp_path / "number", time.monotonic()

    def now() -> float:
        return begun + 61.0 * (why == "hangs" and told.exists())

    monkeypatch.setattr(parallel, "time", SimpleNamespace(monotonic=now, sleep=time.sleep))
    parallel._in_a_copy(
        lambda: _copies_that_wait(told), 60.0, lambda: why == "interrupted" and told.exists()
    )
    state = Path("/proc", told.read_text(), "stat")
    until(lambda: not state.exists() or ") Z" in state.read_text(), "the copy of the copy ends")


@linux
def test_nothing_that_prevents_copies_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system cleans up after children
    try:
        parallel._in_a_copy(lambda: None, 20.0)
    finally:
        signal.signal(signal.SIGCHLD, before)

    def refuse() -> int:
        raise RuntimeError("no fork here")

    monkeypatch.setattr(os, "fork", refuse)
    parallel._in_a_copy(lambda: None, 20.0)


def test_beside_another_thread_there_are_no_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_threads_at_import", 1000)
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        assert not parallel._can_fork()
    finally:
        end.set()
        thread.join()
    alone = threading.active_count() == 1
    can = alone and sys.platform == "linux" and not parallel._has_gpu_driver()
    assert parallel._can_fork() == can
    with monkeypatch.context() as patch:
        patch.setattr(parallel, "_has_gpu_driver", lambda: True)
        assert not parallel._can_fork(), "a copy cannot use a GPU that the process has opened"
    monkeypatch.setattr(parallel, "_threads_at_import", -1)
    assert not parallel._can_fork(), "a thread of a C library"


def test_a_copy_notes_kernels_and_calls_none(monkeypatch: pytest.MonkeyPatch) -> None:
    @kernel
    def never(state: int, ins: int, outs: int, frames: int) -> None:
        pass

    found: list[object] = []
    monkeypatch.setattr(collector, "kernels", found)
    assert never.address == 0
    assert never.depends == b""
    with pytest.raises(Stop):
        _ = never.ctypes
    assert found == [never]
    monkeypatch.setattr(collector, "kernels", None)
    assert never.address != 0
    found.clear()
    monkeypatch.setattr(collector, "kernels", found)
    assert never.address != 0
    assert not found, "one that is compiled has an address in a copy, too"


def test_a_build_is_for_its_block_only() -> None:
    with compiled_in_parallel(lambda: None):
        with compiled_in_parallel(lambda: read_cycles.address):
            assert collector.build is not None
        assert collector.build is not None
    assert collector.build is None
