"""Kernels compile once, are kept on disk, and are told apart by the sources they come from."""

import gc
import os
import signal
import time

import numpy as np
import pytest
from numba.core.ccallback import CFunc
from numba.core.errors import TypingError

from namgraph.runtime import abi
from namgraph.runtime.abi import kernel, natives
from namgraph.runtime.operations import WIDTH, copy


def test_a_kernel_is_a_c_function_of_the_contract() -> None:
    state = np.zeros(1, WIDTH)
    state["channels"] = 2
    x, y = np.arange(20, dtype=np.float32).reshape(2, 10), np.zeros((2, 10), np.float32)
    ins, outs = (np.array([row.ctypes.data for row in a], np.int64) for a in (x, y))
    run = copy.ctypes
    run(state.ctypes.data, ins.ctypes.data, outs.ctypes.data, 7)
    np.testing.assert_array_equal(y[:, :7], x[:, :7])
    assert not y[:, 7:].any(), "nothing past the frames is written"


def test_declaring_a_kernel_compiles_nothing() -> None:
    @kernel
    def made(state: int, ins: int, outs: int, frames: int) -> None:
        pass

    assert made in natives()
    assert made._compiled is None
    assert made.address == made.address != 0


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_a_signal_does_not_reach_into_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception raised in LLVM's callback would be lost, and crash the process later."""
    went_on: list[str] = []

    @kernel
    def slow(state: int, ins: int, outs: int, frames: int) -> None:
        pass

    def compile_while_interrupted(self: CFunc) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1_000):
            time.sleep(1e-4)  # time for the exception to be raised here, if it can be
        went_on.append("to the end")

    monkeypatch.setattr(CFunc, "compile", compile_while_interrupted)
    with pytest.raises(KeyboardInterrupt):
        _ = slow.address
    deadline = time.monotonic() + 10
    while not went_on and time.monotonic() < deadline:
        time.sleep(0.01)
    assert went_on == ["to the end"]


def test_a_kernel_that_could_raise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abi, "_natives", [])

    @kernel
    def raising(state: int, ins: int, outs: int, frames: int) -> None:
        if frames > 4096:
            raise ValueError

    with pytest.raises(TypeError, match="must not raise"):
        _ = raising.address


def test_the_collector_is_back_after_compiling() -> None:
    @kernel
    def short(state: int, ins: int, outs: int, frames: int) -> None:
        pass

    assert gc.isenabled()
    assert short.address != 0
    assert gc.isenabled()


def test_what_goes_wrong_in_the_compiler_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abi, "_natives", [])  # or `namgraph warm` would come upon it

    @kernel
    def wrong(state: int, ins: int, outs: int, frames: int) -> None:
        no_such_thing(state)  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(TypingError, match="no_such_thing"):
        _ = wrong.address
