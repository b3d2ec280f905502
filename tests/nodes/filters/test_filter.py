"""Filter, beyond the node contract: against scipy's filters and the analogue ones."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import signal

from namgraph.graph import ParamError, Spec
from namgraph.nodes import Filter
from namgraph.nodes.dsp.filters.prototypes import prototype
from namgraph.nodes.testing import same_bits

from ..dsp.filters.sections import decibels
from .responses import bins, click, impulse, play, player, response

RATE = 48_000
HERTZ = bins(20, 20_000)
SLOPES = (6, 12, 18, 24, 36, 48)
FAMILIES = ("butterworth", "bessel", "linkwitz_riley")


def one(side: str, slope: int, hz: float, **more: Any) -> Filter:
    """A filter with one side: "low" is a high-pass."""
    other = "high" if side == "low" else "low"
    settings: Any = {f"{side}_slope": slope, f"{other}_slope": "off", f"{side}_cut_hz": hz}
    return Filter(**settings | more)


def prototype_of(family: str, side: str, slope: int, hz: float) -> Any:
    """Poles and zeros of scipy's analogue filter."""
    kind, order = ("highpass" if side == "low" else "lowpass"), slope // 6
    if family == "bessel":
        return signal.bessel(order, hz, kind, analog=True, norm="mag", output="zpk")
    if family == "butterworth":
        return signal.butter(order, hz, kind, analog=True, output="zpk")
    z, p, k = signal.butter(order // 2, hz, kind, analog=True, output="zpk")
    return [*z, *z], [*p, *p], k * k


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize(("side", "hz"), [("low", 300.0), ("high", 2_000.0), ("high", 9_000.0)])
def test_bilinear_butterworth_is_scipys(side: str, hz: float, slope: int) -> None:
    found = response(one(side, slope, hz, design="bilinear"), HERTZ)[0]
    kind = "highpass" if side == "low" else "lowpass"
    sos = signal.butter(slope // 6, hz, kind, fs=RATE, output="sos")
    wanted = signal.freqz_sos(sos, HERTZ, fs=RATE)[1]
    loud = np.abs(wanted) > 0.05
    np.testing.assert_allclose(decibels(found[loud]), decibels(wanted[loud]), atol=1e-5)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("side", ["low", "high"])
def test_the_analogue_filter_is_followed_past_the_corner(
    family: str, slope: int, side: str
) -> None:
    if family == "linkwitz_riley" and slope in (6, 18):
        with pytest.raises(ParamError, match=f"{side}_slope is {slope}: must be off, 12, 24"):
            one(side, slope, 500.0, family=family)
        return
    for hz in (300.0, 1_500.0) if side == "low" else (500.0, 4_000.0):
        corner = bins(hz, hz)
        found = decibels(response(one(side, slope, float(corner[0]), family=family), corner)[0])
        assert found == pytest.approx(-6.02 if family == "linkwitz_riley" else -3.01, abs=0.01)
        octave = bins(hz / 2, hz / 2) if side == "low" else bins(2 * hz, 2 * hz)
        found = decibels(response(one(side, slope, hz, family=family), octave)[0])
        zpk = prototype_of(family, side, slope, hz)
        wanted = decibels(signal.freqs_zpk(*zpk, worN=octave)[1])
        np.testing.assert_allclose(found, wanted, atol=0.2)


def test_both_sides_are_in_series() -> None:
    node = Filter(low_cut_hz=200.0, high_cut_hz=3_000.0, low_slope=18, high_slope=48)
    both = response(node, HERTZ)[0]
    low = response(one("low", 18, 200.0), HERTZ)[0]
    high = response(one("high", 48, 3_000.0), HERTZ)[0]
    np.testing.assert_allclose(both, low * high, atol=1e-6)


def test_resonance_is_the_height_of_the_corner_of_12_db() -> None:
    corner = bins(1_000, 1_000)
    for slope, family, has in ((12, "butterworth", True), (24, "butterworth", False),
                               (12, "bessel", False), (12, "linkwitz_riley", False)):  # fmt: skip
        nodes = [
            one("high", slope, float(corner[0]), family=family, resonance=q) for q in (0.707, 4)
        ]
        levels = [float(decibels(response(node, corner)[0])[0]) for node in nodes]
        wanted = 20 * math.log10(4 / 0.707) if has else 0.0
        assert levels[1] - levels[0] == pytest.approx(wanted, abs=0.001)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 6, 8])
def test_prototypes_have_scipys_poles(order: int) -> None:
    for family, wanted in (
        ("butterworth", signal.buttap(order)[1]),
        ("bessel", signal.besselap(order, norm="mag")[1]),
    ):
        rows = prototype(family, order)
        polynomials = [[1, w / q, w * w] if q else [1, w] for w, q in rows]
        poles = np.concatenate([np.roots(row) for row in polynomials])
        np.testing.assert_allclose(np.sort_complex(poles), np.sort_complex(wanted), atol=1e-12)


def test_off_is_the_signal_itself() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 1_000)).astype(np.float32)
    same_bits(play(player(Filter(low_slope="off", high_slope="off"), channels=2), x), x)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_tail_is_long_enough_and_not_too_long(family: str) -> None:
    for slope in (12, 24, 36, 48):
        for node in (
            one("low", slope, 40.0, family=family),
            one("high", slope, 200.0, family=family),
        ):
            tail = node.tail(Spec(RATE, 64))
            answer = np.abs(impulse(node, tail + 8_000)[0])
            assert answer[tail:].max() < 1e-5 * answer.max()
            assert answer[tail // 8 :].max() > 1e-5 * answer.max()


@pytest.mark.parametrize("name", ["low_cut_hz", "high_cut_hz", "resonance"])
def test_a_jump_does_not_click(name: str) -> None:
    node = Filter(low_cut_hz=300.0, high_cut_hz=1_000.0)
    row = Filter.params()[name]
    for before, after in ((row.low, row.high), (row.high, row.low)):
        for turn in (0.0, 0.25):
            assert click(node.with_params({name: before}), name, after, turn) < 4


def test_wrong_values_are_refused() -> None:
    for slope in (0, 7, 12.5, "12", "none", None):
        with pytest.raises(ParamError, match="low_slope is"):
            Filter(low_slope=slope)  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="family is 'elliptic': must be one of butterworth"):
        Filter(family="elliptic")
