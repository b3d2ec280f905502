"""PitchShift at other sample rates, in blocks of any size, and beside another program."""

import itertools

import numpy as np
import pytest
from scipy import signal

import namgraph as ng
from namgraph.nodes import PitchShift
from namgraph.nodes.testing import NodeHarness

from .strings import RATE, Signal, pluck


@pytest.mark.parametrize("semitones", [-12.0, -2.0, 7.0, 24.0])
def test_the_same_bits_for_every_cut_over_many_jumps(semitones: float) -> None:
    node = PitchShift(semitones=semitones, tonality_hz=9_000.0, mix=0.8, buffer_ms=20)
    harness = NodeHarness(node, 2)
    x = np.stack((pluck(110.0, 1.0, 0.4), pluck(147.0, 1.0))).astype(np.float32)
    changes = [(20_011, "semitones", 3.0), (30_000, "tonality_hz", 20_000.0)]
    y = harness.play(x, [64], changes)
    for cuts in ([1000], [31, 1, 7, 64, 33], [13]):
        harness.renew()
        np.testing.assert_array_equal(harness.play(x, cuts, changes), y)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000, 192_000])
def test_other_sample_rates(rate: int) -> None:
    t = np.arange(round(1.2 * rate)) / rate
    x = sum(0.2 / k * np.sin(2 * np.pi * 196 * k * t + k) for k in range(1, 8))
    node = PitchShift(semitones=-2)
    y = NodeHarness(node, 1, rate=rate).play(np.asarray(x, np.float32)[None], [1000])[0]
    there = y[round(0.2 * rate) :].astype(np.float64)
    hertz, power = signal.periodogram(there, rate, "hann", nfft=1 << 20)
    shifted = 196 * 2 ** (-2 / 12)
    near = (hertz > 0.9 * shifted) & (hertz < 1.1 * shifted)
    found = hertz[near][power[near].argmax()]
    assert abs(1200 * np.log2(found / shifted)) < 3
    on = abs(hertz - shifted * np.round(hertz / shifted)) < 5
    assert 10 * np.log10(power[~on].sum() / power[on].sum()) < -30


@pytest.mark.parametrize("semitones", [-2, 5, 12])  # an octave down it is 29 cents off itself
def test_pitch_and_spectrum_as_rubber_band(semitones: int) -> None:
    pedalboard = pytest.importorskip("pedalboard")
    x = pluck(164.814, 2.0).astype(np.float32)
    other = pedalboard.PitchShift(semitones)(np.pad(x, (0, RATE)), RATE)[: x.size]
    ours = NodeHarness(PitchShift(semitones=semitones), 1).play(x[None], [1000])[0]
    wanted = 164.814 * 2 ** (semitones / 12)
    both = [y[RATE // 2 : 3 * RATE // 2].astype(np.float64) for y in (ours, other)]
    # Rubber Band's phases wander from window to window, and so would its line in a long one.
    assert abs(_cents(both[0], wanted) - _cents(both[1], wanted)) < 10
    levels = [_octaves(y, wanted) for y in both]
    np.testing.assert_allclose(levels[0], levels[1], atol=2)


def _cents(y: Signal, hertz: float) -> float:
    """The median pitch of windows of 0.1 s, by autocorrelation."""
    found, near = [], round(RATE / hertz)
    for begin in range(0, y.size - 9_600, 4_800):
        part = y[begin : begin + 9_600]
        lags = np.arange(round(0.8 * near), round(1.25 * near))
        alike = [np.corrcoef(part[lag:], part[: part.size - lag])[0, 1] for lag in lags]
        k = int(np.clip(np.argmax(alike), 1, lags.size - 2))
        a, b, c = alike[k - 1 : k + 2]
        found.append(1200 * np.log2(RATE / (lags[k] + 0.5 * (a - c) / (a - 2 * b + c)) / hertz))
    return float(np.median(found))


def _octaves(y: Signal, lowest: float) -> Signal:
    """Levels of four octaves from ``lowest`` on, in dB."""
    hertz, power = signal.periodogram(y, RATE, "hann")
    edges = lowest * 2.0 ** (np.arange(5) - 0.5)
    rows = [power[(hertz > a) & (hertz < b)].sum() for a, b in itertools.pairwise(edges)]
    made: Signal = 10 * np.log10(np.array(rows))
    return made


def test_in_a_graph_the_dry_branch_waits() -> None:
    graph = ng.Graph()
    end = graph.input("in", channels=1)
    both = graph.add("both", ng.Mix(2))
    end >> graph.add("octave", PitchShift())  # no shift
    graph.connect("octave", "both.in1")
    graph.connect(end, "both.in2")
    both >> graph.output("out", channels=1)
    x = np.random.default_rng(0).uniform(-0.4, 0.4, 4_800).astype(np.float32)
    y = ng.render(graph, x, sample_rate=RATE)
    np.testing.assert_allclose(np.squeeze(y)[: x.size], 2 * x, atol=1e-6)
