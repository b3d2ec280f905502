"""Signal handlers are deferred while a kernel compiles, and run right after."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from namgraph.runtime.native.abi import kernel
from namgraph.runtime.native.disk_cache import KernelCache
from namgraph.runtime.native.signals import signals_deferred
from namgraph.runtime.native.translator import compile as compiling
from namgraph.runtime.native.translator.compile import translate

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")


@pytest.fixture
def handled() -> Iterator[list[int]]:
    """Numbers of the SIGUSR1 and SIGTERM that a handler got; SIGTERM's raises."""
    found: list[int] = []

    def note(number: int, frame: object) -> None:
        found.append(number)
        if number == signal.SIGTERM:
            raise SystemExit(1)

    before = {n: signal.signal(n, note) for n in (signal.SIGUSR1, signal.SIGTERM)}
    yield found
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: int) -> None:
    """Send a signal to this process, and leave time for its handler to run here, if it can."""
    os.kill(os.getpid(), number)
    for _ in range(1_000):
        time.sleep(1e-5)


def test_a_handler_runs_after_the_block_and_not_inside(handled: list[int]) -> None:
    with signals_deferred():
        send(signal.SIGUSR1)
        send(signal.SIGUSR1)
        inside = list(handled)
    assert inside == []
    assert handled == [signal.SIGUSR1], "once, as for a signal that is blocked"


def test_without_the_block_it_runs_at_once(handled: list[int]) -> None:
    send(signal.SIGUSR1)
    assert handled == [signal.SIGUSR1]


def test_a_handlers_exception_is_raised_after_all_are_restored(handled: list[int]) -> None:
    before = {n: signal.getsignal(n) for n in signal.valid_signals()}

    def work() -> None:
        with signals_deferred():
            send(signal.SIGTERM)
            send(signal.SIGUSR1)
            assert handled == []

    with pytest.raises(SystemExit):
        work()
    assert sorted(handled) == sorted([signal.SIGTERM, signal.SIGUSR1])
    assert {n: signal.getsignal(n) for n in signal.valid_signals()} == before


def test_handlers_are_restored_after_an_error(handled: list[int]) -> None:
    before = signal.getsignal(signal.SIGUSR1)

    def work() -> None:
        with signals_deferred():
            send(signal.SIGUSR1)
            raise EOFError

    with pytest.raises(EOFError):
        work()
    assert signal.getsignal(signal.SIGUSR1) is before
    assert handled == [signal.SIGUSR1]


def test_other_threads_may_use_it_too() -> None:
    done: list[bool] = []

    def work() -> None:
        with signals_deferred():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done


def test_a_signal_does_not_reach_into_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception raised in LLVM's callback would be lost, and crash the process later."""
    went_on: list[str] = []

    @kernel
    def slow(state: int, ins: int, outs: int, frames: int) -> None:
        pass

    def compile_while_interrupted(*given: Any) -> Any:
        send(signal.SIGINT)
        went_on.append("to the end")
        return translate(*given)

    monkeypatch.setattr(compiling, "translate", compile_while_interrupted)
    monkeypatch.setattr(KernelCache, "read", lambda cache: None)  # a run before may have kept it
    with pytest.raises(KeyboardInterrupt):
        _ = slow.address
    assert went_on == ["to the end"]


COMPILES = """
import signal, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
from namgraph.cli.warm import warm
warm(lambda share: print("at", share, flush=True))
print("to the end")
"""


@pytest.mark.parametrize("after_s", [0.0, 0.3, 1.0])
def test_ctrl_c_ends_a_program_that_compiles(after_s: float, tmp_path: os.PathLike[str]) -> None:
    """By ``KeyboardInterrupt`` in the kernel that is being compiled: no crash, no hang.

    The signal is sent after everything is imported: Numba's imports may lose the exception.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", COMPILES],
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("at 0.")
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=120)
    assert "to the end" not in out
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert process.returncode == -signal.SIGINT, "how Python ends when nobody catches it"
