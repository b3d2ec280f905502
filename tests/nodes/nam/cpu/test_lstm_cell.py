"""The cell of an LSTM against its formula in float64, over all that its arguments may be."""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from namgraph.nodes.nam.cpu.lstm.cell import GATE_SCALES, exp_minus, full_cell
from namgraph.runtime.native.abi import kernel
from namgraph.runtime.simd.embed import embed
from namgraph.runtime.simd.lanes import Lanes, Value

WIDTH = 4
KIND = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3, ctypes.c_int32)


def emit_power(lanes: Lanes, ins: Value, outs: Value, count: Value) -> None:
    x, y = lanes.pointer(ins), lanes.pointer(outs)
    with lanes.loop(count, step=WIDTH) as n:
        lanes.store(exp_minus(lanes, lanes.load(x, n)), y, n)


def emit_cell(lanes: Lanes, ins: Value, outs: Value, count: Value) -> None:
    """``ins`` are i, f, g, o and the cell, ``outs`` the cell and the hidden state."""
    x, y = lanes.pointer(ins), lanes.pointer(outs)
    with lanes.loop(count, step=WIDTH) as n:
        rows = [lanes.load(x, lanes.plus(lanes.times(k, count), n)) for k in range(5)]
        made = full_cell(lanes, rows[:4], rows[4])
        for k, row in enumerate(made):
            lanes.store(row, y, lanes.plus(lanes.times(k, count), n))


POWER = embed("test.exp_minus", 3, emit_power, WIDTH)
CELL = embed("test.lstm_cell", 3, emit_cell, WIDTH)


@kernel
def play_power(state: int, ins: int, outs: int, frames: int) -> None:
    POWER(ins, outs, frames)


@kernel
def play_cell(state: int, ins: int, outs: int, frames: int) -> None:
    CELL(ins, outs, frames)


def run(function: Any, x: Any, rows: int) -> Any:
    x = np.ascontiguousarray(x, np.float32)
    y = np.zeros((rows, x.shape[-1]), np.float32)
    KIND(function.address)(0, x.ctypes.data, y.ctypes.data, x.shape[-1])
    return y


def powers(x: Sequence[float] | Any) -> Any:
    return run(play_power, x, 1)[0].astype(float)


def scaled(gates: Any) -> Any:
    """Return gates as they are with the weights scaled."""
    rows = [np.asarray(g, np.float32) * s for g, s in zip(gates, GATE_SCALES, strict=True)]
    return np.stack(rows)


def cells(scaled_gates: Any, cell: Any) -> Any:
    return run(play_cell, np.stack([*scaled_gates, cell]), 2).astype(float)


def formula(scaled_gates: Any, cell: Any) -> Any:
    i, f, g, o = (x.astype(float) / s for x, s in zip(scaled_gates, GATE_SCALES, strict=True))
    i, f, o = (1 / (1 + np.exp(-np.clip(x, -700, 700))) for x in (i, f, o))
    cell = f * cell.astype(float) + i * np.tanh(g)
    return np.stack([cell, o * np.tanh(cell)])


def test_exponentials() -> None:
    x = np.linspace(-16.6, 16.6, 100_000).astype(np.float32)
    wanted = np.exp(-x.astype(float))
    error = abs(powers(x) / wanted - 1)
    assert error.max() < 6e-7
    assert error[abs(x) < 2].max() < 2.5e-7
    assert powers(np.zeros(4))[0] == 1.0


def test_exponentials_are_clamped_and_a_nan_is_a_bound() -> None:
    found = powers([np.nan, np.inf, -np.inf, 3e38, -3e38, 25.0, -25.0, 20.0])
    np.testing.assert_allclose(np.log2(found[1:]), [-24, 24, -24, 24, -24, 24, -24], atol=1e-6)
    assert found[0] in found[1:]


def test_the_cell_over_all_that_its_arguments_may_be() -> None:
    rng = np.random.default_rng(3)
    count = 40_000
    gates = rng.normal(0, 1, (4, count)) * 10.0 ** rng.uniform(-4, 2.5, (4, count))
    gates = scaled(gates)
    cell = np.float32(rng.normal(0, 1, count) * 10.0 ** rng.uniform(-4, 1, count))
    found, wanted = cells(gates, cell), formula(gates, cell)
    assert np.isfinite(found).all()
    error = abs(found - wanted)
    assert (error[0] / np.maximum(1, abs(cell))).max() < 5e-7
    assert error[1].max() < 1e-6


@pytest.mark.parametrize("cell", [0.0, 1.0, -3e7, 1e30, -3e38])
def test_no_product_overflows(cell: float) -> None:
    ends: Any = np.stack(np.meshgrid(*[[-1e37, -17.0, 17.0, 1e37]] * 4)).reshape(4, 256)
    found = cells(scaled(ends), np.full(256, cell, np.float32))
    assert np.isfinite(found).all()
    assert abs(found[0]).max() <= 1.0001 * max(1.0, abs(cell)) + 1.0
    assert abs(found[1]).max() <= 1.0001


def test_the_comparison_can_fail() -> None:
    x: Any = np.linspace(-4, 4, 4000).astype(np.float32)
    gates = np.stack([x, x[::-1], 0.5 * x, x])
    wanted = formula(scaled(gates), x)
    assert abs(cells(scaled(gates), x) - wanted).max() < 1e-6
    assert abs(cells(scaled(gates * 1.0001), x) - wanted).max() > 1e-5
