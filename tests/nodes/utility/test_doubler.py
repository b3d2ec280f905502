"""Doubler, beyond the node contract: both sides against scipy, the bass, the wandering delay."""

from typing import Any

import numpy as np
import pytest
from scipy import signal

from namgraph.nodes import Doubler
from namgraph.nodes.testing import NodeHarness

RATE = 48_000


def answers(node: Doubler, frames: int = 1 << 15) -> Any:
    x = np.zeros((1, frames), np.float32)
    x[0, 0] = 1.0
    return NodeHarness(node, 1).play(x).astype(np.float64)


def all_pass(hertz: float) -> tuple[Any, Any]:
    _, a = signal.butter(2, hertz, fs=RATE)
    return a[::-1], a


def test_both_sides_are_those_of_the_filters() -> None:
    x = np.zeros(1 << 15)
    x[0] = 1.0
    left, right = answers(Doubler(wander_ms=0.0, late_db=0.0))
    np.testing.assert_allclose(left, signal.lfilter(*all_pass(130.0), x), atol=1e-7)
    low, high = (signal.butter(2, 130.0, kind, fs=RATE) for kind in ("low", "high"))
    late = signal.lfilter(*high, signal.lfilter(*high, x))
    for k in range(6):
        late = signal.lfilter(*all_pass(300.0 * 20.0 ** (k / 5)), late)
    expected = signal.lfilter(*low, signal.lfilter(*low, x))
    expected[576:] += late[:-576]  # 12 ms
    np.testing.assert_allclose(right, expected, atol=1e-6)


def test_the_bass_is_the_same_in_mono() -> None:
    left, right = answers(Doubler())
    hertz = np.fft.rfftfreq(left.size, 1 / RATE)
    mono = 20 * np.log10(np.abs(np.fft.rfft((left + right) / 2)))
    deep = (hertz > 5) & (hertz < 130)
    error = abs(mono[deep])
    assert error[hertz[deep] < 40].max() < 0.1
    assert error[hertz[deep] < 65].max() < 0.6


@pytest.mark.parametrize("late_db", [-6.0, 1.5])
def test_the_late_side_is_louder_by_late_db(late_db: float) -> None:
    left, right = answers(Doubler(late_db=late_db))
    hertz = np.fft.rfftfreq(left.size, 1 / RATE)
    power = [np.abs(np.fft.rfft(side)) ** 2 for side in (left, right)]
    band = (hertz > 1_000) & (hertz < 8_000)
    found = 10 * np.log10(power[1][band].sum() / power[0][band].sum())
    assert found == pytest.approx(late_db, abs=0.1)


def test_the_delay_wanders_slowly_within_its_range() -> None:
    node = Doubler(wander_ms=4.0, late_db=0.0)
    noise = NodeHarness(node, 1).noise(20 * RATE)
    left, right = NodeHarness(node, 1).play(noise).astype(np.float64)
    band = signal.butter(4, (600, 6_000), "band", fs=RATE, output="sos")
    left, right = signal.sosfilt(band, left), signal.sosfilt(band, right)
    found = []
    for at in range(RATE, 19 * RATE, RATE // 4):
        part = signal.correlate(left[at - 960 : at + 4_800], right[at : at + 4_800], "valid", "fft")
        found.append((960 - int(np.argmax(abs(part)))) / 48)
    assert min(found) > 8.0
    assert max(found) < 17.0  # 12 + 4, and what the all-passes add
    assert max(found) - min(found) > 2.0
    assert max(abs(np.diff(found))) < 0.8
