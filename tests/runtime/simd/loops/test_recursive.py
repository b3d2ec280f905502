"""Biquads and state spaces over runs: plain loops give the same bits, for every cut and width."""

from typing import Any

import numpy as np
import pytest
from numba import types
from numpy.typing import NDArray

from namgraph.runtime.native.abi import native
from namgraph.runtime.simd.embed import embed
from namgraph.runtime.simd.lanes import Lanes, Value
from namgraph.runtime.simd.loops import recursive
from namgraph.runtime.simd.loops.recursive import GRID

from ..emitting import WIDTHS

Floats = NDArray[np.float64]
WORD = types.int64
FRAMES = 100
CUTS = ((1,), (3, 17, 1, 40), (31, 33), (FRAMES,))


def emit_wide(lanes: Lanes, *args: Value) -> None:
    target, source, frames, at, moving, coefficients, memory = args
    recursive.emit_biquads(
        lanes, 3, target, source, frames, at, moving, coefficients, memory, wide=True
    )


def played(
    name: str, x: NDArray[np.float32], rows: Floats, kept: int, cuts: Any, width: int
) -> tuple[NDArray[Any], Floats]:
    """Return output and memory; coefficients move from row to row, one for each tick."""
    emits = {
        "wide": emit_wide,
        "biquads": recursive._emit_biquads3,
        "state space": recursive._emit_state_space3,
        "second order": recursive._emit_state_space2,
    }
    run = embed(f"test.recursive {name}", 7, emits[name], width)

    @native(types.void(*[WORD] * 7))
    def call(y: int, x: int, frames: int, at: int, moving: int, rows: int, memory: int) -> None:
        run(y, x, frames, at, moving, rows, memory)

    kind: Any = np.float64 if name == "wide" else np.float32
    y: NDArray[Any] = np.full(x.size + 1, 77, kind)
    memory = np.full(kept + 1, 0.0)
    memory[kept] = 55.0
    done = turn = 0
    while done < x.size:
        tick, at = divmod(done, GRID)
        count = min(cuts[turn % len(cuts)], GRID - at, x.size - done)
        two = rows[tick : tick + 2].copy()
        moving = int((two[0] != two[1]).any())
        source, target = x[done:].ctypes.data, y[done:].ctypes.data
        call.ctypes(target, source, count, at, moving, two.ctypes.data, memory.ctypes.data)
        done, turn = done + count, turn + 1
    assert y[x.size] == 77
    assert memory[kept] == 55
    return y[: x.size], memory[:kept]


def coefficients(rows: Floats, n: int) -> list[float]:
    """Return the coefficients at frame n: on a line from tick to tick."""
    tick, at = divmod(n, GRID)
    pairs = list(zip(rows[tick], rows[tick + 1], strict=True))
    if all(a == b for a, b in pairs):
        return [float(a) for a, _ in pairs]
    return [float(a + (b - a) * (1 / GRID) * at) for a, b in pairs]


def plain_biquads(x: NDArray[np.float32], rows: Floats) -> Floats:
    past = [[0.0] * 4 for _ in range(3)]
    y = np.zeros(x.size)
    for n, sample in enumerate(x):
        c, signal = coefficients(rows, n), float(sample)
        for k in range(3):
            (x1, x2, y1, y2), (b0, b1, b2, a1, a2) = past[k], c[5 * k : 5 * k + 5]
            made = b0 * signal + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            past[k], signal = [signal, x1, made, y1], made
        y[n] = signal
    return y


def plain_state_space(x: NDArray[np.float32], rows: Floats) -> Floats:
    s, y = [0.0, 0.0, 0.0], np.zeros(x.size)
    for n, sample in enumerate(x):
        c, signal = coefficients(rows, n), float(sample)
        made = []
        for k in range(4):
            a, b, d, e = c[4 * k : 4 * k + 4]
            made.append((a * s[0] + b * s[1]) + (d * s[2] + e * signal))
        s, y[n] = made[:3], made[3]
    return y


def moving_rows(count: int) -> Floats:
    """Coefficients at five ticks: at rest, on the way, at rest again."""
    rng = np.random.default_rng(6)
    one, two = 0.3 * rng.normal(size=(2, count))
    return np.array([one, one, two, two, two])


NOISE = np.random.default_rng(7).normal(size=FRAMES).astype(np.float32)


@pytest.mark.parametrize("width", WIDTHS)
def test_biquads_are_the_plain_loop_in_float64(width: int) -> None:
    rows = moving_rows(15)
    wanted = plain_biquads(NOISE, rows)
    for cuts in CUTS:
        found, memory = played("wide", NOISE, rows, 8, cuts, width)
        np.testing.assert_array_equal(found, wanted)
        np.testing.assert_array_equal(memory[6:], wanted[-1:-3:-1])
        np.testing.assert_array_equal(memory[:2], NOISE[-1:-3:-1])


@pytest.mark.parametrize("width", WIDTHS)
def test_biquads_are_rounded_to_float32(width: int) -> None:
    rows = moving_rows(15)
    found, _ = played("biquads", NOISE, rows, 8, (7,), width)
    np.testing.assert_array_equal(found, plain_biquads(NOISE, rows).astype(np.float32))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_state_space_is_the_plain_loop(width: int) -> None:
    rows = moving_rows(16)
    wanted = plain_state_space(NOISE, rows).astype(np.float32)
    for cuts in CUTS:
        found, _ = played("state space", NOISE, rows, 3, cuts, width)
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_state_space_of_order_2_is_the_plain_loop(width: int) -> None:
    rows, s, wanted = moving_rows(9), [0.0, 0.0], []
    for n, sample in enumerate(NOISE.tolist()):
        c = coefficients(rows, n)
        made = [(c[k] * s[0] + c[k + 1] * s[1]) + c[k + 2] * sample for k in (0, 3, 6)]
        s = made[:2]
        wanted.append(made[2])
    for cuts in CUTS:
        found, memory = played("second order", NOISE, rows, 2, cuts, width)
        np.testing.assert_array_equal(found, np.array(wanted, np.float32))
        np.testing.assert_array_equal(memory, s)


def test_no_frames_change_no_memory() -> None:
    found, memory = played("biquads", NOISE[:0], moving_rows(15), 8, (1,), 8)
    assert found.size == 0
    np.testing.assert_array_equal(memory, 0)
