"""The measured peak rate of multiply-adds is plausible."""

import time

import pytest

from namgraph.runtime.simd.peak import fma_peak


@pytest.mark.parametrize("width", [4, 8, 16])
def test_peak(width: int) -> None:
    fma_peak(width)  # compiles
    begun = time.perf_counter()
    rate = fma_peak(width)
    assert time.perf_counter() - begun < 2.0
    # Between half a vector a cycle at 1 GHz and four vectors a cycle at 8 GHz.
    assert 0.5e9 * width < rate < 32e9 * width
