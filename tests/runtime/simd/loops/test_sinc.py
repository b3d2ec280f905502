"""The windowed-sinc reader: its table, its response, against float64, for every cut and width."""

import numpy as np
import pytest
from numba import types
from numpy.typing import NDArray

from namgraph.runtime.native.abi import Native, native
from namgraph.runtime.simd.embed import embed
from namgraph.runtime.simd.loops import sinc

from ..emitting import WIDTHS

SIZE, AGAIN, FRAMES = 512, 64, 256
TABLE = sinc.sinc_table()


def reader(width: int) -> Native:
    """Return ``sinc_run`` as a function of six addresses, two floats and two counts."""
    run = embed("test.sinc", "iiiiiddii", sinc._emit_sinc, width)
    i, d = types.int64, types.float64

    @native(types.void(i, i, i, i, i, d, d, i, i))
    def call(
        target: int, ring: int, mask: int, table: int, at: int,
        delay: float, slope: float, place: int, frames: int,
    ) -> None:  # fmt: skip
        run(target, ring, mask, table, at, delay, slope, place, frames)

    return call


def ring() -> NDArray[np.float32]:
    """Noise, its beginning again after its end."""
    made = np.random.default_rng(2).normal(size=SIZE + AGAIN).astype(np.float32)
    made[SIZE:] = made[:AGAIN]
    return made


def read(width: int, delay: float, slope: float, cuts: tuple[int, ...]) -> NDArray[np.float32]:
    call, x, y = reader(width).ctypes, ring(), np.full(FRAMES + 8, -7, np.float32)
    at = k = 0
    while at < FRAMES:
        n = min(cuts[k % len(cuts)], FRAMES - at)
        place = y.ctypes.data + 4 * at
        call(place, x.ctypes.data, SIZE - 1, TABLE.ctypes.data, 300 + at, delay, slope, at, n)
        at, k = at + n, k + 1
    assert (y[FRAMES:] == -7).all()
    return y[:FRAMES]


def expected(delay: float, slope: float) -> NDArray[np.float64]:
    """The same sum in float64, with the taps between two rows of the table."""
    x, made = ring().astype(np.float64), []
    for i in range(FRAMES):
        back = delay + slope * i
        whole = int(back)
        row, part = divmod(64 * (back - whole), 1.0)
        taps = TABLE[int(row), 0].astype(np.float64) + part * TABLE[int(row), 1]
        first = 300 + i - whole - sinc.BEFORE
        made.append(taps @ x[(first + np.arange(16)) % SIZE])
    return np.array(made)


@pytest.mark.parametrize("width", WIDTHS)
def test_equal_to_float64_and_for_every_cut(width: int) -> None:
    for delay, slope in ((20.3, 0.0), (200.7, -0.59), (40.1, 0.5), (150.0, -0.0625)):
        y = read(width, delay, slope, (32,))
        np.testing.assert_allclose(y, expected(delay, slope), atol=2e-6)
        np.testing.assert_array_equal(read(width, delay, slope, (1, 17, 5)), y)
        np.testing.assert_array_equal(read(WIDTHS[0], delay, slope, (7,)), y)


def test_whole_frames_are_exact() -> None:
    x = ring()[:SIZE]
    for delay in (8, 100):
        there = (300 + np.arange(FRAMES) - delay) % SIZE
        np.testing.assert_array_equal(read(16, float(delay), 0.0, (32,)), x[there])


def test_the_response_between_samples() -> None:
    turns = np.arange(0.0, 0.5, 0.01)
    for row in TABLE[:, 0].astype(np.float64):
        level = abs(np.exp(-2j * np.pi * np.outer(turns, np.arange(16))) @ row)
        assert abs(20 * np.log10(level[turns <= 0.36])).max() < 0.1
        assert row.sum() == pytest.approx(1.0, abs=1e-6)
