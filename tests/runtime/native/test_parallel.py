"""Kernels compiled in copies of the process: the same code, whole files, whoever is killed."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from namgraph.runtime.native import parallel
from namgraph.runtime.native.abi import kernel
from namgraph.runtime.native.cpu import read_cycles
from namgraph.runtime.native.parallel import Stop, collector, compiled_in_parallel

linux = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux only")

START = """
import hashlib, sys, threading
import numpy as np
import namgraph as ng
from namgraph.runtime.native import abi, parallel

parallel.processors = lambda: 2
compiled, whole = [], abi.Native._compile
abi.Native._compile = lambda self, cache: compiled.append(self) or whole(self, cache)
if "thread" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
graph = ng.Graph()
gain = graph.add("gain", ng.Gain(gain_db=-6.0))
graph.input("in", channels=1) >> gain >> graph.output("out", channels=1)
x = np.random.default_rng(0).normal(0, 0.1, 999).astype(np.float32)
y = ng.render(graph, x, sample_rate=48_000)
print(len(compiled), "numba" in sys.modules, hashlib.sha256(y.tobytes()).hexdigest())
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", START, *arguments]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "NUMBA_CACHE_DIR": str(folder), "XDG_CACHE_HOME": str(folder / "own")}


def start(folder: Path, *arguments: str) -> list[str]:
    """Render in a new process: the kernels it compiled, whether it has Numba, what it made."""
    done = subprocess.run(
        command(*arguments),
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert not done.stderr, "copies are silent"
    return done.stdout.split()


@linux
def test_copies_compile_all_kernels_and_the_next_process_needs_no_numba(tmp_path: Path) -> None:
    first = start(tmp_path / "a")
    assert first[:2] == ["0", "False"], "all was compiled in copies"
    assert start(tmp_path / "a") == first
    alone = start(tmp_path / "b", "thread")
    assert int(alone[0]) > 3, "beside another thread all is compiled in the process itself"
    assert alone[1:] == ["True", first[2]]


@linux
def test_processes_killed_while_they_compile_leave_whole_files(tmp_path: Path) -> None:
    """At the first, third and fifth file: the process alone, or its copies with it."""
    whole, place = start(tmp_path / "whole"), tmp_path / "killed"
    killed = 0
    for files, group in ((1, True), (3, False), (5, True)):
        process = subprocess.Popen(
            command(), env=environment(place), start_new_session=True, stdout=subprocess.DEVNULL
        )
        while process.poll() is None and len(list(place.rglob("*.kernel"))) < files:
            time.sleep(0.002)
        killed += process.poll() is None
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
        process.wait()
    assert killed
    assert start(place)[2] == whole[2]
    assert start(place) == whole


@linux
def test_two_processes_may_start_at_once(tmp_path: Path) -> None:
    both = [
        subprocess.Popen(command(), env=environment(tmp_path), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    made = [process.communicate(timeout=120)[0].split() for process in both]
    assert made[0][2] == made[1][2]
    assert start(tmp_path) == ["0", "False", made[0][2]]


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
    assert parallel._can_fork() == (alone and sys.platform == "linux")
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
