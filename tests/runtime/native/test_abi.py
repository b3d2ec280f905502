"""Kernels: the signature, compilation on first use, the garbage collector afterwards."""

import gc

import numpy as np
import pytest
from numba.core import config

from namgraph.runtime.native.abi import helper, kernel, native, natives
from namgraph.runtime.plan.kernels.buffer_operations import WIDTH, copy


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
    assert not made.is_compiled
    assert made.address == made.address != 0


def test_the_garbage_collector_runs_again_after_compiling() -> None:
    @kernel
    def short(state: int, ins: int, outs: int, frames: int) -> None:
        pass

    assert gc.isenabled()
    assert short.address != 0
    assert gc.isenabled()


def test_numbas_switch_for_debugging_does_not_concern_kernels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With NUMBA_DISABLE_JIT Numba leaves functions to Python; there is no Python here."""
    monkeypatch.setattr(config, "DISABLE_JIT", 1)

    @helper
    def half(x: float) -> float:
        return x * 0.5

    @native("float64(float64)")
    def quarter(x: float) -> float:
        return float(half(half(x)))

    assert quarter.ctypes(3.0) == 0.75
    assert config.DISABLE_JIT == 1
