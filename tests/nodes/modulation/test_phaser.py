"""Phaser, beyond the node contract: notches, feedback, the sweep, characters."""

import math

import numpy as np
import pytest
from scipy.signal import bilinear, find_peaks, freqz

from namgraph.graph import ParamError, Spec
from namgraph.nodes import Phaser
from namgraph.nodes.testing import NodeHarness

from .signals import RATE, Audio, Curve, decibels, impulse, tone

STILL = 0.0
"""depth at which nothing moves."""


def magnitudes(node: Phaser, frames: int = 48_000) -> tuple[Curve, Curve]:
    """Return frequencies from 0, a tenth of a hertz apart, and the response there in dB."""
    y: Audio = NodeHarness(node, 1).play(impulse(frames))[0]
    spectrum = np.fft.rfft(y.astype(np.float64), round(10 * RATE))
    return np.arange(spectrum.size) / 10, decibels(spectrum)


def warped(center: float, factor: float) -> float:
    """A frequency whose prewarped value is ``factor`` times that of ``center``."""
    return float(np.arctan(factor * np.tan(math.pi * center / RATE)) * RATE / math.pi)


@pytest.mark.parametrize("stages", [2, 4, 6, 12])
@pytest.mark.parametrize("center", [300.0, 1_000.0])
def test_notches_are_where_the_formula_puts_them(stages: int, center: float) -> None:
    node = Phaser(depth=STILL, center_hz=center, feedback=0.0, mix=0.5, stages=stages)
    hz, db = magnitudes(node)
    notches, _ = find_peaks(-db, height=50.0)
    k = np.arange(stages // 2)
    factors = np.tan((2 * k + 1) * math.pi / (2 * stages))
    expected = [warped(center, f) for f in factors]
    np.testing.assert_allclose(hz[notches], expected, rtol=2e-3)


def test_wet_alone_it_is_an_all_pass() -> None:
    node = Phaser(depth=STILL, mix=1.0, feedback=0.0, stages=8)
    _, db = magnitudes(node)
    assert np.abs(10 ** (db / 20) - 1.0).max() < 1e-5


@pytest.mark.parametrize("feedback", [0.5, 0.9, -0.9])
def test_feedback_raises_peaks_by_the_formula(feedback: float) -> None:
    node = Phaser(depth=STILL, mix=1.0, feedback=feedback, center_hz=1_000.0)
    _, db = magnitudes(node, 96_000)
    assert db.max() == pytest.approx(-20 * math.log10(1 - abs(feedback)), abs=0.05)
    assert db.min() == pytest.approx(-20 * math.log10(1 + abs(feedback)), abs=0.05)


def test_the_stages_are_those_of_an_analogue_all_pass() -> None:
    node = Phaser(depth=STILL, mix=0.5, feedback=0.4, center_hz=700.0, stages=2)
    hz, db = magnitudes(node)
    pole = 2 * RATE * math.tan(math.pi * 700.0 / RATE)
    b, a = bilinear([-1.0, pole], [1.0, pole], RATE)  # one stage: 1 at 0 Hz
    _, stage = freqz(b, a, hz[1:200_000], fs=RATE)
    whole = stage**2 / (1 - 0.4 * stage**2)
    np.testing.assert_allclose(db[1:200_000], decibels(0.5 + 0.5 * whole), atol=1e-3)


def passes(node: Phaser, hz: float) -> int:
    """How often the notch of two stages passes a tone in one swing of 2 s."""
    y = NodeHarness(node, 1).play(tone(2.6, hz))[0]
    window = 4 * round(RATE / hz)
    level = np.sqrt(np.convolve(y.astype(np.float64) ** 2, np.ones(window) / window, "valid"))
    quiet, _ = find_peaks(-level[9_600:105_600], height=-0.05, distance=4_800)
    return int(quiet.size)


def test_the_frequency_swings_over_the_range() -> None:
    for octaves, expected in ((-1.3, 2), (-0.7, 2), (0.7, 2), (1.3, 2), (-1.7, 0), (1.7, 0)):
        node = Phaser(rate_hz=0.5, range_octaves=3.0, feedback=0.0, mix=0.5, stages=2)
        assert passes(node, 600.0 * 2.0**octaves) == expected, octaves
    node = Phaser(rate_hz=0.5, range_octaves=3.0, depth=0.5, feedback=0.0, mix=0.5, stages=2)
    assert passes(node, 600.0 * 2.0**0.6) == 2
    assert passes(node, 600.0 * 2.0**0.9) == 0


def test_the_vibe_has_unequal_stages() -> None:
    node = Phaser(depth=STILL, feedback=0.0, mix=0.5, character="vibe", center_hz=600.0)
    hz, db = magnitudes(node, 192_000)
    notches, _ = find_peaks(-db, height=30.0)
    angle = np.zeros(hz.size)
    for c in (15.0, 220.0, 0.47, 4.7):
        center = min(600.0 * (15.0 * 220.0 * 0.47 * 4.7) ** 0.25 / c, 0.49 * RATE)
        angle += 2 * np.arctan(np.tan(math.pi * hz / RATE) / math.tan(math.pi * center / RATE))
    expected = hz[1:][np.diff(np.sign(np.cos(angle / 2))) != 0]
    np.testing.assert_allclose(hz[notches], expected, rtol=3e-3)


def test_the_tail_grows_with_feedback_and_ends() -> None:
    spec = Spec(RATE, 64)
    assert Phaser(feedback=0.0).tail(spec) < Phaser(feedback=0.9).tail(spec) <= 30 * RATE
    assert Phaser(character="vibe", center_hz=100.0, range_octaves=6.0).tail(spec) <= 30 * RATE


def test_other_options_are_refused() -> None:
    with pytest.raises(ParamError, match="stages is 3"):
        Phaser(stages=3)
    with pytest.raises(ParamError, match='stages is 6: must be 4 with character="vibe"'):
        Phaser(stages=6, character="vibe")
