"""Delay: tape and bucket brigade, feedback above 1, modulation, ducking, freeze, clicks."""

import math
from typing import Any

import numpy as np
import pytest

from namgraph.nodes import Delay
from namgraph.nodes.testing import NodeHarness
from namgraph.nodes.testing.harness import SPEC, Audio

RATE = SPEC.rate


def impulse(frames: int) -> Audio:
    signal = np.zeros((1, frames), np.float32)
    signal[0, 0] = 1.0
    return signal


def sine(hz: float, frames: int, channels: int = 1) -> Audio:
    made: Audio = np.tile(
        np.sin(2 * np.pi * hz / RATE * np.arange(frames)).astype(np.float32), (channels, 1)
    )
    return made


@pytest.mark.parametrize("character", ["tape", "bbd"])
def test_feedback_above_1_sings_and_stays_bounded(character: str) -> None:
    node = Delay(time_ms=40.0, feedback=1.1, mix=1.0, character=character)
    harness = NodeHarness(node, 1)
    harness.play(harness.noise(4_800))
    silence = np.zeros((1, 48_000), np.float32)
    peaks = [float(np.abs(harness.play(silence)).max()) for _ in range(60)]
    assert max(peaks) <= (1.0 if character == "tape" else 2.0)
    assert peaks[-1] > 0.05, "it goes on"


def test_without_a_clip_feedback_is_below_1() -> None:
    high, limit = (
        NodeHarness(Delay(time_ms=10.0, feedback=f, mix=1.0), 1).play(impulse(48_000))
        for f in (1.1, 0.98)
    )
    assert (high == limit).all()


def test_tape_is_dull_and_thin() -> None:
    gains = []
    for hz in (30.0, 500.0, 12_000.0):
        node = Delay(time_ms=20.0, feedback=0.0, mix=1.0, character="tape")
        y = NodeHarness(node, 1).play(np.float32(0.1) * sine(hz, 24_000))[0, 12_000:]
        gains.append(20 * math.log10(math.sqrt(2 * float((y**2).mean())) / 0.1))
    assert gains[0] == pytest.approx(-7.0, abs=0.5)  # a first-order high-pass of 60 Hz
    assert gains[1] == pytest.approx(0.0, abs=0.2)
    assert gains[2] < -10.0


def test_tape_wows() -> None:
    node = Delay(time_ms=100.0, feedback=0.0, mix=1.0, character="tape")
    y = NodeHarness(node, 1).play(sine(1_000.0, 4 * 48_000))[0].astype(np.float64)
    turned = y * np.exp(-2j * np.pi * 1_000.0 / RATE * np.arange(y.size))
    angle = np.unwrap(np.angle(np.convolve(turned, np.ones(480) / 480, "valid")))[9_600:]
    wander = np.ptp(angle) / (2 * np.pi * 1_000.0) * 1e3
    assert 0.5 < wander < 0.9, "0.3 ms to both sides, a little flutter, some drift"


def test_modulation_moves_the_time() -> None:
    node = Delay(time_ms=20.0, feedback=0.0, mix=1.0, mod_depth_ms=1.0, mod_rate_hz=2.0)
    y = NodeHarness(node, 1).play(sine(500.0, 48_000))[0].astype(np.float64)
    turned = y * np.exp(-2j * np.pi * 500.0 / RATE * np.arange(y.size))
    angle = np.unwrap(np.angle(np.convolve(turned, np.ones(96) / 96, "valid")))[4_800:]
    assert np.ptp(angle) / (2 * np.pi * 500.0) == pytest.approx(2e-3, rel=0.01)


def test_ducking_turns_the_echoes_down_while_the_signal_is_loud() -> None:
    node = Delay(time_ms=100.0, feedback=0.0, mix=1.0, duck_db=12.0, duck_release_ms=50.0)
    signal = np.zeros((1, 48_000), np.float32)
    signal[0, :24_000] = 1.0
    y = NodeHarness(node, 1).play(signal)[0]
    assert y[20_000] == pytest.approx(10 ** (-12 / 20), abs=1e-3)
    late = 24_000 + round(0.05 * RATE)
    expected = 1.0 - (1.0 - 10 ** (-12 / 20)) * math.exp(-1.0)
    assert y[late] == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {"time_ms": 10.0},
        {"time_ms": 10.01, "damping_hz": 2_000.0, "low_cut_hz": 300.0},
        {"time_ms": 10.0, "mod_depth_ms": 2.0, "character": "tape"},
        {"time_ms": 10.0, "character": "bbd"},
        {"time_ms": 10.0, "routing": "cross", "spread_ms": 1.234},
    ],
)
def test_a_frozen_loop_stays_as_it_is_to_the_bit(settings: dict[str, Any]) -> None:
    harness = NodeHarness(Delay(feedback=0.5, mix=1.0, **settings), 1)
    harness.play(harness.noise(4_800))
    harness.turn("freeze", 1.0)
    x = harness.noise(48_000, seed=1)
    harness.play(x)  # it freezes in 10 ms and goes to a whole number of frames; then it is deaf
    turn = 2 * 480 + 59 if "spread_ms" in settings else 480  # there and back
    first = harness.play(harness.noise(turn, seed=2))
    for seed in range(100):
        last = harness.play(harness.noise(turn, seed=seed))
    if settings.get("character", "digital") == "digital":
        assert (first == last).all()
    else:  # what is heard goes through filters and a rectifier, which settle
        np.testing.assert_allclose(last, first, atol=2e-3)
    assert np.abs(last).max() > 0.01


def test_thawed_it_decays_again() -> None:
    harness = NodeHarness(Delay(time_ms=10.0, feedback=0.5, mix=1.0), 1)
    harness.play(harness.noise(4_800))
    harness.turn("freeze", 1.0)
    silence = np.zeros((1, 24_000), np.float32)
    assert np.abs(harness.play(silence)[0, -480:]).max() > 0.05
    harness.turn("freeze", 0.0)
    assert np.abs(harness.play(silence)[0, -480:]).max() < 1e-6


@pytest.mark.parametrize("name", sorted(set(Delay.params()) - {"time_ms"}))
@pytest.mark.parametrize("character", ["digital", "tape"])
def test_no_parameter_but_the_time_clicks(name: str, character: str) -> None:
    taps = 4 if name.startswith("tap") else 1
    node = Delay(time_ms=30.0, character=character, taps=taps, mod_depth_ms=1.0, mix=0.6)
    row = node.params()[name]
    for begin, end in ((row.low, row.high), (row.high, row.low)):
        harness = NodeHarness(node, 1)
        harness.turn(name, begin)
        x = np.float32(0.25) * sine(220.0, 57_600)
        y = harness.play(x, changes=[(28_800, name, end)])[0].astype(np.float64)
        bend = np.abs(np.diff(y, 2))
        quiet = max(bend[19_200:28_790].max(), bend[-4_800:].max(), 1e-4)
        assert bend[28_790:].max() <= 4.0 * quiet


def test_a_new_time_that_is_faded_to_does_not_click() -> None:
    node = Delay(time_ms=20.0, feedback=0.3, mix=1.0, glide="fade")
    harness = NodeHarness(node, 1)
    x = sine(220.0, 96_000)
    y = harness.play(x, changes=[(48_000, "time_ms", 321.0)])[0].astype(np.float64)
    bend = np.abs(np.diff(y, 2))
    assert bend[40_000:].max() <= 2.0 * bend[24_000:40_000].max()
    ends = NodeHarness(Delay(time_ms=321.0, feedback=0.0, mix=1.0, glide="fade"), 1).play(x)[0]
    harness = NodeHarness(Delay(time_ms=20.0, feedback=0.0, mix=1.0, glide="fade"), 1)
    y = harness.play(x, changes=[(48_000, "time_ms", 321.0)])[0]
    settled = 48_000 + 32 + round(0.05 * RATE)
    assert (y[settled:] == ends[settled:]).all()
