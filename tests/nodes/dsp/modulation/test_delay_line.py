"""Fractional delay lines: exact whole frames, cubic between them, nothing read too early."""

import ctypes

import numpy as np
import pytest
from numba import types
from numpy.typing import NDArray

from namgraph.nodes.dsp.modulation.delay_line import (
    READER,
    first_read,
    line_frames,
    read_cubic,
    read_curve,
    write_line,
)
from namgraph.runtime.native.abi import native

_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32)
Ring = NDArray[np.float32]


@native(types.void(types.int64, types.int64, types.int64, types.int64, types.int64))
def _write(ring: int, mask: int, at: int, source: int, frames: int) -> None:
    write_line(ring, mask, at, source, frames)


@native(types.int64(types.float64))
def _first(delay: float) -> int:
    return int(first_read(delay))


def read(
    ring: Ring, at: int, delay: float, frames: int, slope: float = 0.0, place: int = 0
) -> Ring:
    reader = np.array([(delay, slope, 0, place, at, ring.size - 1)], READER)
    y = np.full(frames, np.nan, np.float32)
    addresses = (reader.ctypes.data, ring.ctypes.data, y.ctypes.data)
    _KERNEL(read_cubic.address)(*addresses, frames)
    return y


def noise(frames: int) -> Ring:
    return np.random.default_rng(0).uniform(-1, 1, frames).astype(np.float32)


@pytest.mark.parametrize("delay", [2, 3, 17, 60])
def test_whole_frames_are_exact(delay: int) -> None:
    ring, i = noise(64), np.arange(40)
    assert (read(ring, 50, delay, 40) == ring[(50 + i - delay) & 63]).all()


def test_moving_through_a_whole_frame_is_exact_there() -> None:
    ring = noise(64)
    y = read(ring, 32, 10.0, 9, slope=0.25)
    assert (y[::4] == ring[[22, 22 + 4 - 1, 22 + 8 - 2]]).all()


@pytest.mark.parametrize("slope", [0.0, 0.11, -0.3])
@pytest.mark.parametrize("delay", [12.5, 20.01, 13.999])
def test_a_cubic_is_interpolated_exactly(delay: float, slope: float) -> None:
    def cubic(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return 0.5 - t / 40 + (t / 50) ** 2 - (t / 60) ** 3

    ring = cubic(np.arange(64.0)).astype(np.float32)
    i = np.arange(20)
    oracle = cubic(40 + i - (delay + slope * i))
    np.testing.assert_allclose(read(ring, 40, delay, 20, slope), oracle, atol=3e-7)


def test_cuts_change_no_bit() -> None:
    ring = noise(128)
    whole = read(ring, 5, 30.3, 32, slope=-0.125)
    for place in range(32):
        assert read(ring, 5 + place, 30.3, 1, -0.125, place)[0] == whole[place]


def test_a_curve_of_delays_is_read_as_a_straight_line_is() -> None:
    ring, delays = noise(128), 30.3 - 0.125 * np.arange(32)
    reader = np.array([(0.0, 0.0, delays.ctypes.data, 0, 5, 127)], READER)
    y = np.zeros(32, np.float32)
    addresses = (reader.ctypes.data, ring.ctypes.data, y.ctypes.data)
    _KERNEL(read_curve.address)(*addresses, 32)
    assert (y == read(ring, 5, 30.3, 32, slope=-0.125)).all()


@pytest.mark.parametrize("delay", [0.0, 1.5, -3.0])
def test_two_frames_are_the_shortest(delay: float) -> None:
    ring = noise(64)
    assert (read(ring, 10, delay, 5) == ring[8:13]).all()


@pytest.mark.parametrize("delay", [2.0, 2.7, 5.5, 31.0, 33.99])
def test_frames_not_written_yet_are_not_read(delay: float) -> None:
    ring, at = noise(64), 20
    count = _first.ctypes(delay)
    ring[at : at + 20] = np.nan
    y = read(ring, at, delay, count)
    assert np.isfinite(y).all()
    assert np.isnan(read(ring, at, delay, count + 1)[-1]) or delay == int(delay)


@pytest.mark.parametrize("at", [0, 10, 60, 63, 64 + 62])
def test_writing_wraps_around(at: int) -> None:
    ring, x = np.zeros(64, np.float32), noise(20)
    _write.ctypes(ring.ctypes.data, 63, at, x.ctypes.data, 20)
    assert (ring[(at + np.arange(20)) & 63] == x).all()
    assert np.count_nonzero(ring) == 20


@pytest.mark.parametrize("longest", [1.0, 60.0, 61.0, 1_440.0, 240_000.0])
def test_the_ring_is_a_power_of_two_and_long_enough(longest: float) -> None:
    size = line_frames(longest)
    assert size >= longest + 4
    assert size & (size - 1) == 0
    assert size < 2 * (longest + 4) + 1
