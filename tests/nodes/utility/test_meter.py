"""Meter, beyond the node contract."""

import numpy as np
import pytest

from namgraph.nodes import Meter
from namgraph.nodes.testing import NodeHarness, same_bits
from namgraph.nodes.testing.harness import SPEC, Audio


def sine(level: float, seconds: float = 3.0, hz: float = 1_000.0) -> Audio:
    t = np.arange(round(seconds * SPEC.rate))
    wave: Audio = np.sin(2 * np.pi * hz / SPEC.rate * t + 0.3).astype(np.float32)
    return np.float32(level) * wave[None]


def test_changes_nothing() -> None:
    alone = NodeHarness(Meter())
    signal = 3 * alone.noise()
    signal[0, :3] = [-0.0, 1e-45, -1e-45]
    same_bits(alone.play(signal), signal)


@pytest.mark.parametrize("level", [1.0, 0.5, 0.01])
def test_a_sine_shows_its_levels(level: float) -> None:
    alone = NodeHarness(Meter(), channels=1)
    alone.play(sine(level), [512])
    shown = alone.readings()
    assert shown["node.rms"] == pytest.approx(level * np.sqrt(0.5), rel=2e-3)
    assert shown["node.peak"] == pytest.approx(level, rel=5e-3)
    assert shown["node.peak_hold"] == pytest.approx(level, rel=5e-3)
    assert alone.engine.get("node.rms") == shown["node.rms"]


def test_the_peak_falls_by_20_db_a_second_and_is_held_beside() -> None:
    alone = NodeHarness(Meter(), channels=1)
    signal = np.zeros((1, round(SPEC.rate) + 1), np.float32)
    signal[0, 0] = -0.8
    alone.play(signal)
    assert alone.readings()["node.peak"] == pytest.approx(0.08, rel=1e-6)
    assert alone.readings()["node.peak_hold"] == np.float32(0.8)
    alone.engine.reset()
    alone.play(signal[:, 1:65])
    assert alone.readings() == dict.fromkeys(alone.readings(), 0.0)


def test_the_mean_square_follows_in_300_ms() -> None:
    alone = NodeHarness(Meter(), channels=1)
    alone.play(np.ones((1, round(0.3 * SPEC.rate)), np.float32))
    assert alone.readings()["node.rms"] ** 2 == pytest.approx(1 - np.exp(-1), rel=1e-3)


def test_shows_the_loudest_channel() -> None:
    alone = NodeHarness(Meter(), channels=3)
    alone.play(np.vstack([sine(0.1), sine(0.7), sine(0.2)]), [512])
    assert alone.readings()["node.rms"] == pytest.approx(0.7 * np.sqrt(0.5), rel=2e-3)
    assert alone.readings()["node.peak"] == pytest.approx(0.7, rel=5e-3)


def test_counts_what_is_beyond_full_scale() -> None:
    alone = NodeHarness(Meter())
    signal = np.zeros((2, 128), np.float32)
    signal[0, :5] = 1.01
    signal[1, 70:72] = -1.5
    signal[1, 80:90] = 1.0
    alone.play(signal)
    assert alone.readings()["node.clipped"] == 7.0
