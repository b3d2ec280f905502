"""Vibrato, beyond the node contract: depth in cents, rate, no pitch on average, changes."""

import math
from typing import Any

import numpy as np
import pytest

from namgraph.graph import ParamError
from namgraph.nodes import Vibrato
from namgraph.nodes.testing import NodeHarness, same_bits

from .signals import RATE, phase, pitch_cents, tone


@pytest.mark.parametrize("shape", ["sine", "triangle"])
@pytest.mark.parametrize(("rate", "depth"), [(5.0, 20.0), (12.0, 100.0), (0.5, 50.0)])
def test_the_pitch_swings_by_the_cents_asked_for(shape: str, rate: float, depth: float) -> None:
    node = Vibrato(rate_hz=rate, depth_cents=depth, shape=shape)
    found = pitch_cents(NodeHarness(node, 1).play(tone(4.2))[0])
    lowest = 1200.0 * math.log2(2.0 - 2.0 ** (depth / 1200.0))  # as far down in hertz
    # The pitch of a triangle jumps from one end to the other.
    ends = (99.9, 0.1) if shape == "sine" else (75.0, 25.0)
    assert np.percentile(found, ends[0]) == pytest.approx(depth, abs=0.3 + 0.005 * depth)
    assert np.percentile(found, ends[1]) == pytest.approx(lowest, abs=0.3 + 0.005 * depth)


def test_the_swing_is_a_sine_of_the_rate() -> None:
    found = pitch_cents(NodeHarness(Vibrato(rate_hz=5.0, depth_cents=20.0), 1).play(tone(4.2))[0])
    spectrum = np.abs(np.fft.rfft(found[:192_000]))
    assert np.argmax(spectrum[1:]) + 1 == 5 * 4
    assert np.sort(spectrum)[-2] < 0.02 * spectrum.max()


def test_the_average_pitch_is_that_of_the_signal() -> None:
    y = NodeHarness(Vibrato(rate_hz=5.0, depth_cents=20.0), 1).play(tone(4.2))[0]
    assert abs(pitch_cents(y)[:192_000].mean()) < 0.1


def test_the_delay_is_the_one_told() -> None:
    # The mean over a whole swing is the amplitude plus two frames.
    node = Vibrato(rate_hz=5.0, depth_cents=20.0)
    x = tone(2.0, 500.0)
    y = NodeHarness(node, 1).play(x)[0]
    lag = phase(x[0], 500.0) - phase(y, 500.0)
    frames = lag[9_600 : 9_600 + 48_000] * RATE / (2 * np.pi * 500.0)
    swing = (2.0 ** (20.0 / 1200.0) - 1.0) / (2 * math.pi * 5.0) * RATE
    assert frames.mean() == pytest.approx(swing + 2.0, abs=0.02)
    assert np.ptp(frames) == pytest.approx(2 * swing, rel=4e-3)  # the window smooths


def test_without_depth_it_is_a_delay_of_two_frames() -> None:
    harness = NodeHarness(Vibrato(depth_cents=0.0))
    x = harness.noise(2_000)
    same_bits(harness.play(x, [64, 1, 33])[:, 2:], x[:, :-2])


@pytest.mark.parametrize(
    "change",
    [("rate_hz", 0.1, 12.0), ("rate_hz", 12.0, 0.1), ("depth_cents", 0.0, 100.0)],
)
def test_a_jump_neither_clicks_nor_leaves_the_range_far(change: tuple[str, float, float]) -> None:
    name, before, after = change
    start: dict[str, Any] = {"rate_hz": 0.2, "depth_cents": 100.0} | {name: before}
    harness = NodeHarness(Vibrato(**start), 1)
    x = tone(3.0, 220.0)
    y = harness.play(x, [64], [(48_000, name, after)])[0].astype(np.float64)
    bend = np.abs(np.diff(y[1_000:], 2)).max() / (2 * math.pi * 220.0 / RATE) ** 2
    assert bend < 4.0


def test_sync_sets_the_rate_from_the_tempo() -> None:
    x = tone(1.0)
    synced = NodeHarness(Vibrato(sync="1/8t", tempo_bpm=90.0), 1).play(x)
    same_bits(synced, NodeHarness(Vibrato(rate_hz=90.0 / 60.0 * 3.0), 1).play(x))


def test_a_very_slow_sync_stays_within_the_line() -> None:
    node = Vibrato(sync="64/1", tempo_bpm=20.0, depth_cents=100.0)
    y = NodeHarness(node, 1).play(tone(3.0))[0]
    assert np.abs(np.diff(y[10:], 2)).max() < 1.3 * (2 * math.pi * 1_000.0 / RATE) ** 2


def test_other_shapes_and_note_values_are_refused() -> None:
    with pytest.raises(ParamError, match="shape is"):
        Vibrato(shape="square")
    with pytest.raises(ParamError, match="sync is"):
        Vibrato(sync="1/0")
