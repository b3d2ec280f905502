"""EnvelopeFollower against a float64 loop, and its time constants."""

import numpy as np
import pytest

from namgraph.nodes import EnvelopeFollower
from namgraph.nodes.testing import NodeHarness

RATE = 48_000.0


def oracle(x: np.ndarray, attack_ms: float, release_ms: float, gain_db: float = 0.0) -> np.ndarray:
    """Return the value of each tick: the peaks of 32 frames before it, smoothed."""
    up, down = (1 - np.exp(-32 / (ms * 1e-3 * RATE)) for ms in (attack_ms, release_ms))
    peaks = [0.0, *abs(x.astype(np.float64)).reshape(-1, 32).max(axis=1)]
    level, values = 0.0, []
    for peak in peaks[:-1]:
        level += (up if peak > level else down) * (peak - level)
        values.append(1 + (20 * np.log10(level + 1e-30) + gain_db) / 60)
    clipped: np.ndarray = np.clip(values, 0, 1)
    return clipped


def follow(node: EnvelopeFollower, x: np.ndarray) -> np.ndarray:
    return NodeHarness(node, channels=len(x)).play(x.astype(np.float32))[0, ::32]


def test_it_is_the_smoothed_peak_of_each_tick() -> None:
    rng = np.random.default_rng(3)
    x = (rng.uniform(-1, 1, (1, 9600)) * np.linspace(0, 1, 9600) ** 2).astype(np.float32)
    found = follow(EnvelopeFollower(attack_ms=3.0, release_ms=50.0, gain_db=6.0), x)
    np.testing.assert_allclose(found, oracle(x[0], 3.0, 50.0, 6.0), atol=1e-6)


@pytest.mark.parametrize(("attack_ms", "release_ms"), [(5.0, 100.0), (20.0, 300.0)])
def test_63_percent_are_reached_in_the_time_constants(attack_ms: float, release_ms: float) -> None:
    frames = 48_000
    x = np.zeros((1, 2 * frames))
    x[0, :frames] = np.where(np.arange(frames) % 2, 0.5, -0.5)  # rectified: a constant
    node = EnvelopeFollower(attack_ms=attack_ms, release_ms=release_ms)
    level = 10 ** ((follow(node, x).astype(np.float64) - 1) * 3)
    top = level[frames // 32 - 1]
    rise = np.argmax(level >= (1 - np.exp(-1)) * top)
    fall = np.argmax(level[frames // 32 :] <= np.exp(-1) * top)
    assert rise * 32 == pytest.approx(attack_ms * 48, abs=64)
    assert fall * 32 == pytest.approx(release_ms * 48, abs=64)


def test_the_loudest_channel_counts() -> None:
    x = np.zeros((2, 4800))
    x[1] = 0.25 * np.sin(2 * np.pi * 1000 * np.arange(4800) / RATE)
    both = follow(EnvelopeFollower(), x)
    assert (both == follow(EnvelopeFollower(), x[1:])).all()


def test_the_filters_keep_out_hum_and_hiss() -> None:
    t = np.arange(24_000) / RATE
    node = EnvelopeFollower(low_hz=500.0, high_hz=2000.0, release_ms=20.0)
    levels = [
        60 * (follow(node, np.sin(2 * np.pi * hz * t)[None])[-1] - 1) for hz in (50, 1000, 16_000)
    ]
    assert levels[1] - levels[0] > 15
    assert levels[1] - levels[2] > 12


def test_silence_is_0_and_full_scale_1() -> None:
    assert not follow(EnvelopeFollower(), np.zeros((1, 640))).any()
    loud = follow(EnvelopeFollower(gain_db=6.0), np.sin(np.arange(9600) / 8)[None])
    assert loud[-1] == 1.0
