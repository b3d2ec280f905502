"""Chains of stretched all-passes: against scipy's filters, for every cut, width and stretch."""

import numpy as np
import pytest
from scipy import signal

from namgraph.runtime.simd.loops import stretched

from ..emitting import WIDTHS
from .test_delays import CUTS, call_of, noise, runs

SECTIONS, GAINS = 20, (0.62, 0.55)
CASES = [(1, 8), (5, 8), (6, 8), (8, 8), (11, 32), (22, 32), (32, 32)]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("stretch", "lanes"), CASES)
def test_a_pair_of_chains(stretch: int, lanes: int, width: int) -> None:
    emit = stretched._emit_narrow if lanes == stretched.LANES else stretched._emit_wide
    call = call_of(f"stretched{lanes}", emit, width, 7)
    x, gains = noise(2, 640), np.array(GAINS)
    expected = x.astype(np.float64)
    for row, a in enumerate(gains.astype(np.float32).astype(np.float64)):
        b = np.zeros(stretch + 1)
        b[0], b[-1] = a, 1.0
        for _ in range(SECTIONS):
            expected[row] = signal.lfilter(b, b[::-1], expected[row])
    made = []
    for cuts in CUTS:
        states = np.zeros((SECTIONS, 2, lanes), np.float32)
        rows, played = np.zeros((2, 32), np.float32), []
        for at, n in runs(cuts):
            rows[:] = 7
            rows[:, :n] = x[:, at : at + n]
            given = states.ctypes.data, gains.ctypes.data, SECTIONS, stretch, at, n
            call(rows.ctypes.data, *given)
            np.testing.assert_array_equal(rows[:, n:], 7, "written after the run")
            played.append(rows[:, :n].copy())
        made.append(np.concatenate(played, 1))
    np.testing.assert_allclose(made[0], expected, atol=2e-5)
    for other in made[1:]:
        np.testing.assert_array_equal(other, made[0])
