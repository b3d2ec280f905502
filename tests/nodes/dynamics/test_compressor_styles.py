"""Compressor: what the detectors read, and how the styles come back."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from namgraph.nodes import Compressor
from namgraph.nodes.testing import NodeHarness
from namgraph.nodes.testing.harness import SPEC

RATE = SPEC.rate


def after(node: Compressor, loud_s: float, rest_s: float) -> NDArray[np.float64]:
    """The reduction in dB after ``loud_s`` seconds of a key at full scale."""
    loud, rest = round(loud_s * RATE), round(rest_s * RATE)
    key = np.concatenate([np.ones(loud), np.full(rest, 1e-4)]).astype(np.float32)
    y = NodeHarness(node, channels=1).play(np.stack([np.ones_like(key), key]), [4096])
    return np.asarray(-20 * np.log10(y[0, loud - 1 :].astype(float)))


@pytest.mark.parametrize(
    ("detector", "below_db"),
    [("peak", 0.0), ("rms", 10 * math.log10(2)), ("opto", 20 * math.log10(math.pi / 2))],
)
def test_the_level_of_a_sine(detector: str, below_db: float) -> None:
    node = Compressor(
        detector=detector, knee_db=0.0, attack_ms=0.05, release_ms=3000.0, sidechain=True
    )
    tone = np.sin(2 * np.pi * 4000 / RATE * np.arange(24_000)).astype(np.float32)
    harness = NodeHarness(node, channels=1)
    harness.play(np.stack([np.ones_like(tone), tone]))
    found = harness.readings()["node.reduction_db"]
    assert found == pytest.approx(0.75 * (20 - below_db), abs=0.15)


def test_style_fet_comes_back_by_a_constant_number_of_db_per_second() -> None:
    node = Compressor(style="fet", release_ms=100.0, knee_db=0.0, attack_ms=0.5, sidechain=True)
    found = after(node, 0.1, 0.5)
    assert found[0] == pytest.approx(15.0, abs=0.01)
    per_release = 0.75 * 20 / math.log(10)  # of the level 8.7 dB, at a ratio of 4
    np.testing.assert_allclose(
        found[[2400, 4800, 9600]], 15.0 - per_release * np.array([0.5, 1.0, 2.0]), atol=0.02
    )
    assert found[12_000] == 0.0, "2.3 release times are 20 dB"


def test_style_fet_attacks_the_level() -> None:
    node = Compressor(style="fet", attack_ms=5.0, knee_db=0.0, sidechain=True)
    key = np.ones(2400, np.float32)
    y = NodeHarness(node, channels=1).play(np.stack([key, key]))
    level_db = 20 * np.log10(1 - np.exp(-np.arange(1, 2401) / (0.005 * RATE)))
    wanted = 0.75 * np.maximum(level_db + 20.0, 0.0)
    np.testing.assert_allclose(-20 * np.log10(y[0].astype(float)), wanted, atol=1e-3)


def test_style_opto_gives_back_half_in_60_ms_and_the_rest_slowly() -> None:
    node = Compressor(style="opto", knee_db=0.0, sidechain=True)
    found = after(node, 0.2, 3.0)
    assert found[0] == pytest.approx(15.0, abs=0.01)
    half = int(np.argmax(found <= 7.5))
    assert half / RATE == pytest.approx(0.060, abs=0.006)
    rest_s = 1.0 / np.log(found[24_000] / found[48_000]) * 0.5  # the time constant after 0.5 s
    assert 0.45 < rest_s < 0.8


def test_style_opto_is_slower_after_long_work() -> None:
    node = Compressor(style="opto", knee_db=0.0, sidechain=True)
    short, long = (after(node, loud_s, 2.0)[48_000] for loud_s in (0.2, 12.0))
    assert short < 2.0 < 4.0 < long
    # It goes back at a rate of 2 / s, less 1.8 / s times the share of work, which falls in 5 s.
    worked = 1 - math.exp(-12 / 5)
    way = 2.0 - 1.8 * worked * 5 * (1 - math.exp(-1 / 5))
    assert long == pytest.approx(7.5 * math.exp(-way), rel=0.002)


def test_the_release_scales_all_times_of_style_opto() -> None:
    slow, fast = (
        after(Compressor(style="opto", release_ms=ms, knee_db=0.0, sidechain=True), 0.05, 1.0)
        for ms in (120.0, 30.0)
    )
    assert int(np.argmax(fast <= 7.5)) == pytest.approx(int(np.argmax(slow <= 7.5)) / 4, rel=0.1)
