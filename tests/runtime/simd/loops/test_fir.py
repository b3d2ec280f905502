"""FIR filters over runs: equal to plain loops to the bit, for every cut and width."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numba import types
from numpy.typing import NDArray

from namgraph.runtime.native.abi import native
from namgraph.runtime.native.host import fuses
from namgraph.runtime.simd.embed import embed
from namgraph.runtime.simd.lanes import Lanes, Value
from namgraph.runtime.simd.loops import fir

from ..emitting import WIDTHS

Floats = NDArray[np.float32]
WORD = types.int64
RANDOM = np.random.default_rng(8)
FRAMES = 150
CUTS = ((1,), (3, 17, 1, 40), (31, 33), (64,), (FRAMES,))


def fused(a: Floats, b: Floats, c: Floats) -> Floats:
    """Return a * b + c in float32, rounded once.

    The product is exact in float64.  Its sum with c is rounded to odd there, which rounds to
    float32 as the exact sum does (Boldo and Melquiond 2008).
    """
    product, wide = a.astype(np.float64) * b, c.astype(np.float64)
    total = product + wide
    part = total - product
    lost = (product - (total - part)) + (wide - part)
    even = total.view(np.int64) & 1 == 0
    towards = np.where(lost > 0, np.inf, -np.inf)
    return np.where((lost != 0) & even, np.nextafter(total, towards), total).astype(np.float32)


def plain(x: Floats, taps: Floats, once: bool = True) -> Floats:
    """Return the filter's output, tap by tap, with zeros before the first frame."""
    padded = np.concatenate([np.zeros(taps.size - 1, np.float32), x])
    total = np.zeros_like(x)
    for k, tap in enumerate(taps):
        start = taps.size - 1 - k
        moved, tap = padded[start : start + x.size], np.full_like(x, tap)
        total = fused(tap, moved, total) if once else tap * moved + total
    return total


def compiled(width: int, peak: bool, once: bool = True) -> Callable[..., None]:
    emit, count = (fir._emit_fir_peak, 6) if peak else (fir._emit_fir, 5)

    def unfused(lanes: Lanes, *args: Value) -> None:
        emit(Lanes(lanes.builder, width, fused=once and lanes.fused), *args)

    run = embed(f"test.fir {peak} {once}", count, unfused, width)
    if peak:

        @native(types.void(WORD, WORD, WORD, WORD, WORD, WORD))
        def six(y: int, x: int, frames: int, taps: int, count: int, filters: int) -> None:
            run(y, x, frames, taps, count, filters)

        return six.ctypes  # type: ignore[no-any-return]

    @native(types.void(WORD, WORD, WORD, WORD, WORD))
    def five(y: int, x: int, frames: int, taps: int, count: int) -> None:
        run(y, x, frames, taps, count)

    return five.ctypes  # type: ignore[no-any-return]


def played(
    call: Callable[..., None], x: Floats, taps: Floats, cuts: Sequence[int], begin: float = 7
) -> Floats:
    """Return the output, one call per cut; ``taps`` of two axes are those of several filters.

    Before each run lie the frames it needs, and NaN before those and after its last frame.
    """
    count = taps.shape[-1]
    before = np.concatenate([np.zeros(count - 1, np.float32), x])
    y = np.full(x.size + 40, begin, np.float32)
    at = turn = 0
    more = (taps.shape[0],) if taps.ndim == 2 else ()
    while at < x.size:
        n = min(cuts[turn % len(cuts)], x.size - at)
        nan = np.full(64, np.nan, np.float32)
        work = np.concatenate([nan, before[at : at + count - 1 + n], nan])
        source = work[64 + count - 1 :].ctypes.data
        call(y[at:].ctypes.data, source, n, taps.ctypes.data, count, *more)
        at, turn = at + n, turn + 1
    np.testing.assert_array_equal(y[x.size :], np.float32(begin), "written after the end")
    return y[: x.size]


def noise(*shape: int) -> Floats:
    return RANDOM.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [1, 2, 16, 25])
def test_equal_to_the_plain_loop_for_every_cut(count: int, width: int) -> None:
    x, taps = noise(FRAMES), noise(count)
    wanted = plain(x, taps, once=fuses())
    for cuts in CUTS:
        np.testing.assert_array_equal(played(compiled(width, False), x, taps, cuts), wanted)


@pytest.mark.parametrize("width", WIDTHS)
def test_without_fused_multiply_add(width: int) -> None:
    x, taps = noise(FRAMES), noise(16)
    found = played(compiled(width, False, once=False), x, taps, (64,))
    np.testing.assert_array_equal(found, plain(x, taps, once=False))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("filters", [1, 3, 4, 7, 8])
def test_peaks_of_several_filters(filters: int, width: int) -> None:
    x, taps = noise(FRAMES), noise(filters, 16)
    outputs = [plain(x, own, once=fuses()) for own in taps]
    for begin in (0.0, 2.5):
        wanted = np.maximum(abs(np.array(outputs)).max(0), np.float32(begin))
        for cuts in CUTS:
            found = played(compiled(width, True), x, taps, cuts, begin)
            np.testing.assert_array_equal(found, wanted)


def test_the_error_against_float64_is_as_stated() -> None:
    x, taps = noise(FRAMES), noise(49)
    exact: Any = np.convolve(x.astype(np.float64), taps.astype(np.float64))[:FRAMES]
    size = np.convolve(abs(x).astype(np.float64), abs(taps).astype(np.float64))[:FRAMES]
    found = played(compiled(16, False), x, taps, (64,))
    assert (abs(found - exact) <= 3e-7 * size).all()
    assert abs(found - exact).max() > 0


def test_no_frames_and_no_filters_change_nothing() -> None:
    x, taps, y = noise(8), noise(2, 4), np.full(4, 7, np.float32)
    compiled(8, False)(y.ctypes.data, x[3:].ctypes.data, 0, taps.ctypes.data, 4)
    compiled(8, True)(y.ctypes.data, x[3:].ctypes.data, 4, taps.ctypes.data, 4, 0)
    compiled(8, True)(y.ctypes.data, x[3:].ctypes.data, 0, taps.ctypes.data, 4, 2)
    np.testing.assert_array_equal(y, 7)


def test_nan_is_passed_on_by_the_filter_and_not_counted_as_a_peak() -> None:
    x, taps = noise(40), np.ones((1, 4), np.float32)
    x[20] = np.nan
    assert np.isnan(played(compiled(8, False), x, taps[0], (40,))[20:24]).all()
    peaks = played(compiled(8, True), x, taps, (40,), 1.5)
    assert np.isfinite(peaks).all()
    np.testing.assert_array_equal(peaks[20:24], np.float32(1.5))


def test_the_oracle_rounds_once() -> None:
    e = np.float32(2.0**-13)
    a, c = np.full(1, 1 + e, np.float32), np.full(1, -1 - 2 * e, np.float32)
    assert fused(a, a, c)[0] == float(e) ** 2
    # 1 + 2^-23 + 2^-24 - 2^-54 is below the middle of two float32: float64 makes it the middle.
    low, high = np.float32(1 - 2.0**-15), np.float32((1 + 2.0**-15) * 2.0**-24)
    c = np.full(1, 1 + 2.0**-23, np.float32)
    assert fused(np.full(1, low), np.full(1, high), c)[0] == c[0]
    assert np.float32(float(low) * float(high) + float(c[0])) > c[0]
