"""Flanger, beyond the node contract: notches, the sweep, through zero, feedback."""

import numpy as np
import pytest
from scipy.signal import find_peaks

from namgraph.graph import ParamError, Spec
from namgraph.nodes import Flanger
from namgraph.nodes.testing import NodeHarness

from .signals import RATE, Audio, Curve, decibels, impulse, phase, response, tone

SPEC = Spec(RATE, 64)


def magnitudes(y: Audio, highest_hz: float) -> tuple[Curve, Curve]:
    """Return frequencies from 0, half a hertz apart, and the response there in dB."""
    spectrum = np.fft.rfft(y, round(2 * RATE))
    hz = np.arange(spectrum.size) / 2
    return hz[hz < highest_hz], decibels(spectrum)[hz < highest_hz]


@pytest.mark.parametrize("frames", [24, 48, 100])
def test_notches_are_where_the_delay_puts_them(frames: int) -> None:
    node = Flanger(depth=0.0, feedback=0.0, mix=0.5, delay_ms=1000.0 * frames / RATE)
    y = NodeHarness(node, 1).play(impulse(4_096))[0]
    hz, db = magnitudes(y, 10_000.0)
    notches, _ = find_peaks(-db, height=40.0)
    expected = (2 * np.arange(notches.size) + 1) / (2 * frames / RATE)
    np.testing.assert_allclose(hz[notches], expected, rtol=2e-3)
    assert notches.size == len([f for f in RATE * (np.arange(99) + 0.5) / frames if f < 10_000])


def test_a_fractional_delay_has_its_notches_too() -> None:
    node = Flanger(depth=0.0, feedback=0.0, mix=0.5, delay_ms=1.0 + 0.4 / 48)
    y = NodeHarness(node, 1).play(impulse(4_096))[0]
    hz, db = magnitudes(y, 6_000.0)
    notches, _ = find_peaks(-db, height=30.0)
    np.testing.assert_allclose(hz[notches], RATE * (np.arange(6) + 0.5) / 48.4, rtol=2e-3)


def test_the_delay_is_swept_evenly_on_a_logarithmic_scale() -> None:
    node = Flanger(rate_hz=1.0, depth=1.0, delay_ms=0.5, width_ms=3.5, mix=1.0, feedback=0.0)
    y = NodeHarness(node, 1).play(tone(1.5, 480.0))[0]
    lag = -phase(y, 480.0) / (2 * np.pi * 480.0) * 1e3
    lag = lag[24_000 - 400 - 12_000 : 24_000 - 400 + 12_000]  # half a turn around the longest
    assert lag.max() - lag.min() == pytest.approx(4.0 - 2.0**0.5, abs=0.02)
    low, high, middle = lag.min(), lag.max(), lag[12_000 - 8_000]
    turns = (0.5 - 8_000 / RATE) - 0.25
    shape = 0.5 * (1.0 + np.sin(2 * np.pi * turns))
    assert middle - high == pytest.approx(0.5 * 8.0**shape - 4.0, abs=0.05)
    assert low < middle < high


@pytest.mark.parametrize("width_ms", [0.0, 1.0, 4.0])
def test_through_zero_declares_its_latency(width_ms: float) -> None:
    node = Flanger(through_zero=True, mix=0.0, width_ms=width_ms)
    late = node.latency(SPEC)
    assert late == max(2, round(48 * width_ms))
    harness = NodeHarness(node)
    x = harness.noise(2_000)
    y = harness.play(x, [64, 7, 33])
    assert (y[:, late:] == x[:, :-late]).all()


def test_inverted_and_through_zero_it_cancels_completely_where_they_meet() -> None:
    node = Flanger(
        rate_hz=0.2, delay_ms=0.5, width_ms=2.0, depth=1.0, mix=0.5, feedback=0.0,
        invert=True, through_zero=True,
    )  # fmt: skip
    harness = NodeHarness(node, 1)
    y = harness.play(harness.noise(5 * 48_000))[0].astype(np.float64)
    level = np.sqrt(np.convolve(y**2, np.ones(8) / 8, "same"))[4_800:]
    assert 20 * np.log10(level.min() / level.mean()) < -40.0
    # Standing still where they meet, nothing is left.
    still = Flanger(
        delay_ms=2.0, width_ms=2.0, depth=0.0, mix=0.5, feedback=0.0, invert=True,
        through_zero=True,
    )  # fmt: skip
    harness = NodeHarness(still, 1)
    assert not harness.play(harness.noise(9_600))[0, 200:].any()


@pytest.mark.parametrize("feedback", [-0.95, 0.95])
def test_feedback_stays_bounded(feedback: float) -> None:
    node = Flanger(feedback=feedback, rate_hz=5.0, depth=1.0, delay_ms=0.05, width_ms=10.0, mix=1.0)
    harness = NodeHarness(node, 1)
    peak = max(float(np.abs(harness.play(harness.noise(96_000, seed))).max()) for seed in range(5))
    assert peak < 1.0 / (1.0 - 0.95)


def test_feedback_raises_what_it_meets_in_phase() -> None:
    node = Flanger(depth=0.0, feedback=0.8, mix=1.0, delay_ms=1.0)
    y = NodeHarness(node, 1).play(impulse(24_000))[0]
    db = decibels(response(y, np.array([1_000.0, 1_500.0])))
    # The loop's low-pass of 12 kHz takes a little, and moves the peak slightly.
    assert db == pytest.approx([20 * np.log10(1 / 0.2), -20 * np.log10(1.8)], abs=1.0)


def test_a_delay_shorter_than_two_frames_is_two_frames() -> None:
    node = Flanger(depth=0.0, width_ms=0.0, feedback=0.0, mix=1.0, delay_ms=0.05)
    harness = NodeHarness(node, 1, rate=24_000.0)
    x = harness.noise(500)
    assert (harness.play(x)[:, 2:] == x[:, :-2]).all()


def test_other_options_are_refused() -> None:
    with pytest.raises(ParamError, match="through_zero is"):
        Flanger(through_zero=3)  # type: ignore[arg-type]
