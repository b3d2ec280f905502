"""``fill``: one number in a run of float32, and nothing before or after it."""

import numpy as np
import pytest
from numba import types

from namgraph.runtime.native.abi import native
from namgraph.runtime.simd.scale import fill


@native(types.void(types.int64, types.float64, types.int64))
def _fill(target: int, value: float, frames: int) -> None:
    fill(target, value, frames)


@pytest.mark.parametrize("frames", [0, 1, 7, 16, 31, 32, 33])
@pytest.mark.parametrize("value", [0.1, -np.inf, np.nan])
def test_fill_writes_the_number_rounded_to_float32(frames: int, value: float) -> None:
    y = np.full(40, 9.0, np.float32)
    _fill.ctypes(y.ctypes.data + 4, value, frames)
    expected = np.full(40, 9.0, np.float32)
    expected[1 : 1 + frames] = value
    np.testing.assert_array_equal(y, expected)
