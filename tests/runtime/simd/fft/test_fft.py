"""The transforms in registers against numpy's, for every number of lanes."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import types

from namgraph.nodes.dsp.convolver.partition import Level, Op, levels, rows
from namgraph.runtime.native.abi import native
from namgraph.runtime.simd.embed import embed
from namgraph.runtime.simd.fft import leaf64
from namgraph.runtime.simd.fft.twiddles import LEAF, PART, PARTS, permutation, spectra, weights
from namgraph.runtime.simd.lanes import Lanes, Value

every_width = pytest.mark.parametrize("width", [4, 8, 16])
WORD = types.int64


def inverse(lanes: Lanes, re: Value, im: Value) -> None:
    bins = leaf64.load(lanes, lanes.pointer(re), lanes.pointer(im))
    leaf64.inverse(lanes, bins, re, im)


def inverse_real(lanes: Lanes, re: Value, im: Value, out: Value) -> None:
    leaf64.inverse_real(lanes, leaf64.load(lanes, lanes.pointer(re), lanes.pointer(im)), out)


def forward(lanes: Lanes, re: Value, im: Value, bins: Value) -> None:
    leaf64.forward(lanes, re, im, bins, lanes.index(2 * PART))


def forward_real(lanes: Lanes, block: Value, bins: Value, copy: Value) -> None:
    leaf64.forward_real(lanes, block, bins, lanes.index(2 * PART), copy)


EMIT = {e.__name__: e for e in (inverse, inverse_real, forward, forward_real)}


@functools.cache
def compiled(name: str, width: int) -> Callable[..., None]:
    emit: Callable[..., None] = EMIT[name]
    if name == "inverse":
        two = embed(f"test.{name}", 2, emit, width)

        @native(types.void(WORD, WORD))
        def run2(a: int, b: int) -> None:
            two(a, b)

        return run2.ctypes  # type: ignore[no-any-return]
    three = embed(f"test.{name}", 3, emit, width)

    @native(types.void(WORD, WORD, WORD))
    def run3(a: int, b: int, c: int) -> None:
        three(a, b, c)

    return run3.ctypes  # type: ignore[no-any-return]


def call(name: str, width: int, *arrays: np.ndarray[Any, Any]) -> None:
    assert all(a.dtype == np.float32 and a.flags.c_contiguous for a in arrays)
    compiled(name, width)(*(a.ctypes.data for a in arrays))


def complex_noise(seed: int = 0) -> np.ndarray[Any, Any]:
    z = np.random.default_rng(seed).standard_normal((2, LEAF)).astype(np.float32)
    return z


def close(found: Any, right: Any) -> None:
    assert np.max(np.abs(found - right)) < 5e-7 * np.max(np.abs(right))


@every_width
def test_forward(width: int) -> None:
    z = complex_noise()
    bins = np.zeros((PARTS, 2, PART), np.float32)
    call("forward", width, z[0], z[1], bins)
    close(
        (bins[:, 0] + 1j * bins[:, 1]).reshape(-1), np.fft.fft(z[0] + 1j * z[1])[permutation(LEAF)]
    )


@every_width
def test_inverse_undoes_forward(width: int) -> None:
    z = complex_noise(1)
    bins = np.fft.fft(z[0] + 1j * z[1])[permutation(LEAF)]
    re, im = bins.real.astype(np.float32), bins.imag.astype(np.float32)
    call("inverse", width, re, im)
    close(re + 1j * im, LEAF * (z[0] + 1j * z[1]))


@every_width
def test_real_blocks_convolve_at_right_angles(width: int) -> None:
    rng = np.random.default_rng(2)
    x, h = (rng.standard_normal(n).astype(np.float32) for n in (LEAF, 2 * LEAF))
    bins, copy = np.zeros((PARTS, 2, PART), np.float32), np.zeros(LEAF, np.float32)
    call("forward_real", width, x, bins, copy)
    np.testing.assert_array_equal(copy, x)
    by = spectra(h.astype(np.float64), LEAF)[0, :, 0].reshape(PARTS, 2, PART)
    product = (bins[:, 0] + 1j * bins[:, 1]) * (by[:, 0] + 1j * by[:, 1])
    re, im = product.real.astype(np.float32), product.imag.astype(np.float32)
    out = np.zeros(LEAF, np.float32)
    call("inverse_real", width, re, im, out)
    right = np.convolve(x.astype(np.float64), h)
    close(out, right[LEAF : 2 * LEAF])


def test_the_comparison_can_fail() -> None:
    with pytest.raises(AssertionError):
        close(np.array([1.0, 2.0]), np.array([1.0, 2.00001]))


@pytest.mark.parametrize("size", [64, 512, 4096])
def test_every_bin_has_one_place(size: int) -> None:
    np.testing.assert_array_equal(np.sort(permutation(size)), np.arange(size))


@pytest.mark.parametrize("size", [64, 512])
def test_spectra_are_right_angle_transforms(size: int) -> None:
    h = np.random.default_rng(size).standard_normal(2 * size + 5)
    made = spectra(h, size)
    assert made.shape == (size // LEAF, PARTS, 3, 2 * PART)
    bins = made[..., :PART] + 1j * made[..., PART:]
    first, second = h[:size], h[size : 2 * size]
    right = np.fft.fft((second - 1j * first) * weights(size))[permutation(size)] / size
    close(bins[:, :, 0].reshape(-1), right)


@pytest.mark.parametrize("taps", [1, 64, 65, 1000, 3000, 10_000, 30_000, 192_000, 1_920_000])
def test_levels_hold_every_tap_once_and_leave_time_to_work(taps: int) -> None:
    at = LEAF
    for level in levels(taps):
        assert level.begin == at
        assert level.begin >= (2 * level.size if level.size > LEAF else LEAF)
        at = level.end
    assert at == max(taps, LEAF)


@pytest.mark.parametrize("level", [Level(512, 1024, 8192), Level(4096, 8192, 48_000)])
@pytest.mark.parametrize("routes", [1, 4])
def test_rows_do_all_the_work_once_in_slots_of_equal_cost(level: Level, routes: int) -> None:
    side = 2 if routes == 4 else 1
    made = rows(level, side, side, routes)
    assert len(made.slots) == level.size // LEAF + 1
    assert made.slots[0] == 0
    assert made.slots[-1] == len(made.rows)
    assert (np.diff(made.slots) >= 0).all()
    for leaf in range(level.size // LEAF):
        mine = made.rows[(made.rows[:, 1] == leaf)]
        for op in (Op.FORWARD, Op.FINISH):
            assert np.sum(mine[:, 0] == op) == 1
        products = mine[mine[:, 0] == Op.MULTIPLY]
        assert np.sum(products[:, 3] - products[:, 2]) == level.partitions - PARTS + 1
        assert products[0, 2] == 0  # this row clears the sums
    for op in (Op.FIRST, Op.LAST):
        units = made.rows[made.rows[:, 0] == op]
        assert np.sum(units[:, 3] - units[:, 2]) == level.size // 8 // 16
    assert made.costs.max() < 1.25 * np.median(made.costs)
