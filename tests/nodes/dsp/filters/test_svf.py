"""The numbers of a section: against the analogue prototypes and scipy's biquads."""

import numpy as np
import pytest
from numba import types
from scipy import signal

from namgraph.nodes.dsp.filters import svf
from namgraph.nodes.dsp.filters.design import DESIGN, design
from namgraph.runtime import authoring as ng
from namgraph.runtime.native.abi import native
from namgraph.runtime.simd.loops.svf import COEFFICIENTS, GOAL, LANES, START, STATES

from .sections import analogue, decibels, mapped, numbers, response

TURNS = np.geomspace(1e-4, 0.4999, 500)
KINDS = {
    name.lower(): getattr(svf, name)
    for name in svf.__all__
    if name.isupper() and name not in ("HIGHEST", "OFF")
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", [20 / 192_000, 0.01, 0.2, 0.45])
def test_bilinear_designs_are_the_prototype_on_a_warped_axis(kind: str, turn: float) -> None:
    warped = 1j * np.tan(np.pi * TURNS) / np.tan(np.pi * turn)
    for q, gain_db in ((0.3, 9.0), (0.707, -24.0), (8.0, 24.0)):
        wanted = analogue(kind, warped, q, gain_db)
        found = response(numbers(KINDS[kind], turn, q, gain_db), TURNS)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12 * abs(wanted).max())


def test_any_stable_biquad_is_a_section() -> None:
    draw = np.random.default_rng(0)
    for _ in range(200):
        radius, angle = draw.uniform(0, 0.999), draw.uniform(0.01, 3.1)
        poles = radius * np.exp([1j * angle, -1j * angle])
        if draw.random() < 0.3:
            poles = draw.uniform(-0.99, 0.99, 2)
        a, b = np.real(np.poly(poles)), draw.standard_normal(3)
        wanted = signal.freqz(b, a, 2 * np.pi * TURNS)[1]
        found = response(mapped(b, a), TURNS)
        np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-10 * abs(wanted).max())


@native(types.void(*[types.int64] * 4))
def _play(work: int, frames: int, coefficients: int, states: int) -> None:
    numbers = ng.numbers(coefficients, COEFFICIENTS, np.float64)
    memory = ng.numbers(states, STATES, np.float64)
    svf.svf_section(ng.numbers(work, frames, np.float64), frames, numbers, memory, 0, 0)


@native(types.void(types.int64, types.int64, types.float64))
def _play_first(work: int, frames: int, g: float) -> None:
    x, s = ng.numbers(work, frames, np.float64), 0.0
    for i in range(frames):
        x[i], s = svf.first_order(x[i], s, g)


def test_a_section_plays_what_its_numbers_say() -> None:
    x = np.random.default_rng(0).standard_normal(3000)
    b, a = signal.iirpeak(0.1, 5.0)
    coefficients, states, y = np.zeros(COEFFICIENTS), np.zeros(STATES), x.copy()
    for begin in (START, GOAL):
        coefficients[begin : begin + 5 * LANES : LANES] = mapped(b, a)
    _play.ctypes(y.ctypes.data, len(y), coefficients.ctypes.data, states.ctypes.data)
    np.testing.assert_allclose(y, signal.lfilter(b, a, x), atol=1e-12)


def test_a_first_order_section_is_scipys_butterworth_of_order_one() -> None:
    x = np.random.default_rng(0).standard_normal(3000)
    y = x.copy()
    _play_first.ctypes(y.ctypes.data, len(y), np.tan(np.pi * 0.03))
    np.testing.assert_allclose(y, signal.lfilter(*signal.butter(1, 0.06), x), atol=1e-12)


def test_frequencies_near_the_end_of_the_band_are_bounded() -> None:
    for turn in (0.49, 0.5, 0.7, 100.0):
        for matched in (0, 1):
            for kind in KINDS.values():
                made = numbers(kind, turn, 0.7, 6.0, matched)
                assert np.isfinite(made).all()
                assert made[0] > 0
                assert made[1] > 0
                np.testing.assert_array_equal(made, numbers(kind, 0.49, 0.7, 6.0, matched))


def test_off_is_the_signal_itself() -> None:
    made = numbers(svf.OFF, 0.1, 0.7, 12.0)
    assert (decibels(response(made, TURNS)) == 0.0).all()


def test_a_sign_turns_the_output_alone() -> None:
    one = numbers(svf.HIGH_PASS, 0.1, 0.7)
    turned = numbers(svf.HIGH_PASS, 0.1, 0.7, sign=-1.0)
    np.testing.assert_array_equal(turned, one * [1, 1, -1, -1, -1])


def test_copies_of_a_section_go_to_lanes_apart() -> None:
    aim, request = np.zeros(5 * LANES), np.zeros(1, DESIGN)
    request[0] = (0.1, 0.7, 6.0, 1.0, svf.BELL, 0, aim.ctypes.data, 1, 3, 2)
    design.ctypes(request.ctypes.data, 0, 0, 0)
    rows = aim.reshape(5, LANES)
    np.testing.assert_array_equal(np.flatnonzero(rows[0]), [1, 3, 5])
    assert (rows[:, 1:6:2] == rows[:, 1:2]).all()
