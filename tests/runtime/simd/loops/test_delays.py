"""Taps, all-passes and networks of delay lines: against plain loops, for every cut and width."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from namgraph.runtime.simd.lanes import Lanes, Value
from namgraph.runtime.simd.loops import delays, one_poles

from ..emitting import WIDTHS, compiled

every_width = pytest.mark.parametrize("width", WIDTHS)
Signal = NDArray[np.float32]
SIZE, FRAMES = 256, 640
LINE = np.dtype([("ring", "i8"), ("mask", "i8"), ("back", "i8"), ("gain", "f8"), ("slow", "i8")])
BACK, GAINS = (40, 193, 77), (0.5, -0.7, 0.31)
CUTS = ((32,), (1,), (3, 17, 12), (31, 1))


def call_of(name: str, emit: Any, width: int, count: int) -> Callable[..., None]:
    """Return emitted code that takes ``count`` int64, as a function."""

    def unpacked(lanes: Lanes, words: Value, _: Value, __: Value) -> None:
        place = lanes.pointer(words)
        emit(lanes, *(lanes.word(place, k) for k in range(count)))

    native = compiled(name, unpacked, width).ctypes

    def call(*args: int) -> None:
        words = np.array(args, np.int64)
        native(words.ctypes.data, 0, 0)

    return call


def noise(*shape: int) -> Signal:
    return np.random.default_rng(5).normal(size=shape).astype(np.float32)


def lines() -> tuple[Signal, Any]:
    """Three lines of silence."""
    rings = np.zeros((3, SIZE + delays.AGAIN), np.float32)
    rows = [
        (ring.ctypes.data, SIZE - 1, back, gain, 0)
        for ring, back, gain in zip(rings, BACK, GAINS, strict=True)
    ]
    return rings, np.array(rows, LINE)


def runs(cuts: tuple[int, ...]) -> Any:
    """(first frame, frames) of runs that end at multiples of 32."""
    at = k = 0
    while at < FRAMES:
        n = min(cuts[k % len(cuts)], 32 - at % 32)
        yield at, n
        at, k = at + n, k + 1


@every_width
def test_all_passes_in_series(width: int) -> None:
    call = call_of("all_passes", delays._emit_all_passes, width, 6)
    x = noise(FRAMES)
    expected = x.copy()
    for back, gain in zip(BACK, np.array(GAINS, np.float32), strict=True):
        w, y = np.zeros(FRAMES, np.float32), np.zeros(FRAMES, np.float32)
        for t in range(FRAMES):
            held = w[t - back] if t >= back else np.float32(0)
            w[t] = expected[t] - gain * held
            y[t] = held + gain * w[t]
        expected = y
    for cuts in CUTS:
        rings, table = lines()
        y = x.copy()
        for at, n in runs(cuts):
            call(y.ctypes.data + 4 * at, table.ctypes.data, 3, LINE.itemsize, at, n)
        np.testing.assert_array_equal(y, expected)
        np.testing.assert_array_equal(rings[:, : delays.AGAIN], rings[:, SIZE:])


@every_width
def test_written_lines_are_read_and_summed(width: int) -> None:
    write = call_of("lines_in", delays._emit_in, width, 7)
    read = call_of("lines_out", delays._emit_out, width, 6)
    tap = call_of("taps", delays._emit_taps, width, 6)
    x, fed = noise(3, FRAMES), noise(2, FRAMES)
    written = x + fed[[0, 1, 0]]
    gains = np.array(GAINS, np.float32)
    late = np.array([np.pad(w, (b, 0))[:FRAMES] for w, b in zip(written, BACK, strict=True)])
    total = np.full(FRAMES, 2, np.float32)
    for gain, row in zip(gains, late, strict=True):
        total = total + gain * row
    for cuts in CUTS:
        _, table = lines()
        rows, inputs, sums = (np.full((k, 32), 7, np.float32) for k in (3, 2, 1))
        given = table.ctypes.data, 3, LINE.itemsize
        for at, n in runs(cuts):
            now = slice(at, at + n)
            rows[:, :n], inputs[:, :n], sums[:, :n] = x[:, now], fed[:, now], 2
            write(rows.ctypes.data, inputs.ctypes.data, *given, at, n)
            tap(sums.ctypes.data, *given, at, n)
            np.testing.assert_array_equal(sums[0, :n], total[now])
            rows[:] = 7
            read(rows.ctypes.data, *given, at, n)
            np.testing.assert_array_equal(rows[:, :n], gains[:, None] * late[:, now])
            np.testing.assert_array_equal(rows[:, n:], 7, "written after the run")


@every_width
def test_sixteen_one_poles(width: int) -> None:
    call = call_of("one_poles", one_poles._emit_one_poles, width, 4)
    x, poles = noise(16, 96), np.linspace(0.0, 0.9, 16, dtype=np.float32)
    y, expected = np.zeros(16), []
    for t in range(96):
        y = (1.0 - poles.astype(np.float64)) * x[:, t] + poles * y
        expected.append(y)
    first = None
    for cuts in CUTS:
        states, rows, played = np.zeros(16, np.float32), np.zeros((16, 32), np.float32), []
        for at, n in runs(cuts):
            if at >= 96:
                break
            rows[:] = 7
            rows[:, :n] = x[:, at : at + n]
            call(rows.ctypes.data, states.ctypes.data, poles.ctypes.data, n)
            np.testing.assert_array_equal(rows[:, n:], 7, "written after the run")
            played.append(rows[:, :n].copy())
        made = np.concatenate(played, 1)
        np.testing.assert_allclose(made, np.array(expected).T, atol=2e-6)
        np.testing.assert_array_equal(states, made[:, -1])
        first = made if first is None else first
        np.testing.assert_array_equal(made, first)
