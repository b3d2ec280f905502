"""Reverb's shimmer: octaves that rise out of the tail, a decay with every setting, no runaway."""

from typing import Any

import numpy as np
import pytest
from scipy import signal

from namgraph.nodes import Reverb
from namgraph.nodes.testing import NodeHarness

from .rooms import PLAIN, RATE, Signal


def play(x: Signal, **values: Any) -> Signal:
    """Play a mono signal; return left and right."""
    harness = NodeHarness(Reverb(**{"model": "shimmer", **PLAIN, **values}), 1)
    y: Signal = harness.play(x.astype(np.float32)[None], [1000]).astype(np.float64)
    return y


def burst(hertz: float, seconds: float) -> Signal:
    """A tone of a tenth of a second, then silence."""
    x, n = np.zeros(round(seconds * RATE)), RATE // 10
    x[:n] = 0.5 * np.sin(2 * np.pi * hertz / RATE * np.arange(n)) * np.hanning(n)
    return x


def levels(y: Signal, hertz: float, times: list[float]) -> Signal:
    """Levels in dB of bands of a third of an octave around ``hertz``, of 0.2 s each."""
    edges = (hertz * 2 ** (-1 / 6), hertz * 2 ** (1 / 6))
    band = signal.butter(4, edges, "band", fs=RATE, output="sos")
    energy = (signal.sosfilt(band, y) ** 2).sum(0)
    parts = [energy[round(t * RATE) :][: RATE // 5].mean() for t in times]
    return 10 * np.log10(np.array(parts) + 1e-30)


def test_octaves_rise_out_of_the_tail_and_decay() -> None:
    times = [0.1, 0.3, 0.6, 1.0, 2.0, 3.0]
    y = play(burst(440.0, 4.0), time_s=4.0, high_s=4.0)
    tone, octave, third = (levels(y, 440.0 * 2**k, times) for k in range(3))
    share, next_share = octave - tone, third - tone
    assert share[0] < -6 < share[3]  # at first there is none of it, then as much as of the tone
    assert (np.diff(share[:3]) > 1).all()
    assert next_share[3] > next_share[0] + 6  # and its octave later
    assert octave[1] > octave[0]
    for row in (tone, octave, third):
        assert row[-1] < row.max() - 20
    hall = play(burst(440.0, 4.0), time_s=4.0, high_s=4.0, model="hall")
    assert (levels(hall, 880.0, times) < levels(hall, 440.0, times) - 35).all()


def test_it_decays_about_as_asked_in_the_bass() -> None:
    noise = np.zeros(3 * RATE)
    noise[:4_800] = np.random.default_rng(0).normal(size=4_800)
    for seconds in (1.0, 2.0):
        found = levels(play(noise, time_s=seconds, high_s=seconds), 110.0, [0.3, 1.0])
        fall = (found[0] - found[1]) / 0.7
        assert fall == pytest.approx(60 / seconds, rel=0.25)


@pytest.mark.parametrize(
    "values",
    [
        {"size": 2.0},
        {"size": 0.3},
        {"size": 0.3, "mod_depth": 1.0, "mod_rate_hz": 5.0},
        {"size": 1.0, "mod_depth": 1.0, "mod_rate_hz": 0.05, "early_db": 6.0},
    ],
)
def test_no_runaway_at_the_largest_settings(values: dict[str, Any]) -> None:
    x = np.zeros(10 * RATE)
    x[:RATE] = np.random.default_rng(0).uniform(-0.5, 0.5, RATE)
    x[:RATE] += 0.3 * np.sin(2 * np.pi * 110 / RATE * np.arange(RATE))
    y = play(x, time_s=30.0, high_s=30.0, diffusion=0.9, **values)
    second = np.sqrt(np.mean(y.reshape(2, 10, RATE) ** 2, axis=(0, 2)))
    assert (np.diff(20 * np.log10(second[2:])) < 0.5).all()
    assert second[9] < 0.5 * second[2]


def test_a_steady_tone_stays_bounded() -> None:
    x = 0.5 * np.sin(2 * np.pi * 220 / RATE * np.arange(12 * RATE))
    y = play(x, time_s=30.0, high_s=30.0, diffusion=0.9)
    second = np.sqrt(np.mean(y.reshape(2, 12, RATE) ** 2, axis=(0, 2)))
    assert second[8:].max() < 1.5 * second[4:8].max()


def test_it_falls_silent() -> None:
    x = burst(440.0, 4.0)
    assert abs(play(x, time_s=0.3, high_s=0.3)[:, -RATE:]).max() < 1e-9
    assert not play(np.zeros(RATE)).any()
