"""The Hadamard matrix over rows: against scipy's, and the plain passes, for every cut and width."""

from typing import Any

import numpy as np
import pytest
import scipy.linalg
from numpy.typing import NDArray

from namgraph.runtime.simd.loops import hadamard
from namgraph.runtime.simd.loops.hadamard import LINES, ROW

from ..emitting import WIDTHS, compiled

every_width = pytest.mark.parametrize("width", WIDTHS)
Rows = NDArray[np.float32]
NOISE: Rows = np.random.default_rng(9).normal(size=(LINES, ROW)).astype(np.float32)
BEGIN = np.float32(7)


def run(x: Rows, width: int, cuts: Any = (ROW,)) -> Rows:
    """Return the product, computed in runs of ``cuts`` frames."""
    call = compiled("hadamard", hadamard._emit_hadamard, width).ctypes
    y = np.full_like(x, BEGIN)
    at = 0
    for count in cuts:
        call(y.ctypes.data + 4 * at, x.ctypes.data + 4 * at, count)
        at += count
    np.testing.assert_array_equal(y[:, at:], BEGIN, "written after the run")
    return y


def plain(x: Rows) -> Rows:
    """Return the product by four passes, frame by frame."""
    y = x.copy()
    for frame in range(ROW):
        line = list(y[:, frame])
        for half in (1, 2, 4, 8):
            old = list(line)
            for n in range(LINES):
                line[n] = old[n - half] - old[n] if n & half else old[n] + old[n + half]
        y[:, frame] = np.array(line) * np.float32(0.25)
    return y


@every_width
def test_equal_to_the_plain_passes_for_every_cut(width: int) -> None:
    wanted = plain(NOISE)
    for cuts in ((32,), (1,) * 32, (3, 17, 12), (31, 1)):
        np.testing.assert_array_equal(run(NOISE, width, cuts), wanted)


@every_width
def test_it_is_the_matrix(width: int) -> None:
    matrix = scipy.linalg.hadamard(LINES) / 4
    np.testing.assert_allclose(run(NOISE, width), matrix @ NOISE.astype(float), atol=1e-6)
    units = np.eye(LINES, ROW, dtype=np.float32)
    np.testing.assert_array_equal(run(units, width)[:, :LINES], matrix)


@every_width
def test_twice_is_the_identity_and_energy_is_kept(width: int) -> None:
    once = run(NOISE, width)
    np.testing.assert_allclose(run(once, width), NOISE, atol=1e-6)
    assert np.sum(once.astype(float) ** 2) == pytest.approx(np.sum(NOISE.astype(float) ** 2))


@every_width
def test_part_of_a_row_leaves_the_rest_and_no_frames_change_nothing(width: int) -> None:
    found = run(NOISE, width, (5,))
    np.testing.assert_array_equal(found[:, :5], plain(NOISE)[:, :5])
    run(NOISE, width, (0,))


@every_width
def test_the_target_may_be_the_source(width: int) -> None:
    x = NOISE.copy()
    call = compiled("hadamard", hadamard._emit_hadamard, width).ctypes
    call(x.ctypes.data, x.ctypes.data, ROW)
    np.testing.assert_array_equal(x, plain(NOISE))
