"""StereoWidth and MidSide, beyond the node contract: exact ends, mono bass, rotation, balance."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import signal

from namgraph.nodes import MidSide, StereoWidth
from namgraph.nodes.testing import NodeHarness

RATE = 48_000


def noise(frames: int = 4_000) -> Any:
    return NodeHarness(StereoWidth()).noise(frames)


def play(x: Any, **settings: float) -> Any:
    return NodeHarness(StereoWidth(**settings)).play(x)


def test_width_1_changes_no_bit() -> None:
    x = noise()
    np.testing.assert_array_equal(play(x).view(np.int32), x.view(np.int32))


def test_width_0_is_mono_to_the_bit() -> None:
    for settings in ({}, {"bass_mono_hz": 200.0}):
        left, right = play(noise(), width=0.0, **settings)
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("width", [0.3, 1.7, 2.0])
def test_width_scales_the_difference(width: float) -> None:
    x = noise().astype(np.float64)
    y = play(x.astype(np.float32), width=width)
    np.testing.assert_allclose(y[0] + y[1], x[0] + x[1], atol=3e-7)
    np.testing.assert_allclose(y[0] - y[1], width * (x[0] - x[1]), atol=3e-7)


def test_the_bass_is_mono_and_in_phase() -> None:
    x = np.zeros((2, 1 << 15), np.float32)
    x[0, 0] = 1.0
    y = play(x, bass_mono_hz=150.0).astype(np.float64)
    b, a = signal.butter(2, 150.0, "high", fs=RATE)
    low = signal.butter(2, 150.0, "low", fs=RATE)
    high = signal.lfilter(b, a, signal.lfilter(b, a, x[0]))
    whole = high + signal.lfilter(*low, signal.lfilter(*low, x[0]))  # the all-pass
    np.testing.assert_allclose(y[0] + y[1], whole, atol=1e-6)
    np.testing.assert_allclose(y[0] - y[1], high, atol=1e-6)
    spectra = np.abs(np.fft.rfft(y))
    hertz = np.fft.rfftfreq(y.shape[1], 1 / RATE)
    deep = (hertz > 5) & (hertz < 40)
    np.testing.assert_allclose(spectra[0, deep], spectra[1, deep], rtol=0.03)


@pytest.mark.parametrize("degrees", [-45.0, -10.0, 30.0, 45.0])
def test_rotation(degrees: float) -> None:
    x = noise()
    turn = math.radians(degrees)
    matrix = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    np.testing.assert_allclose(play(x, rotation_deg=degrees), matrix @ x, atol=3e-7)
    middle = np.repeat(x[:1], 2, 0)
    if degrees == 45.0:
        left, right = play(middle, rotation_deg=degrees)
        assert abs(left).max() < 1e-6
        np.testing.assert_allclose(right, math.sqrt(2) * x[0], atol=3e-7)


def test_balance_turns_one_side_down() -> None:
    x = noise()
    np.testing.assert_array_equal(play(x, balance=0.25), x * np.array([[0.75], [1.0]], np.float32))
    np.testing.assert_array_equal(play(x, balance=-1.0), x * np.array([[1.0], [0.0]], np.float32))


def test_bass_is_switched_on_and_off_without_a_trace() -> None:
    x = noise(40_000)
    changes = [(1_000, "bass_mono_hz", 300.0), (20_000, "bass_mono_hz", 20.0)]
    harness = NodeHarness(StereoWidth())
    y = harness.play(x, cuts=(64, 1, 33), changes=changes)
    np.testing.assert_array_equal(y[:, :1_000], x[:, :1_000])
    np.testing.assert_array_equal(y[:, 36_000:], x[:, 36_000:])
    assert abs(y - x)[:, 3_000:20_000].max() > 0.1
    harness.renew()
    np.testing.assert_array_equal(harness.play(x, cuts=(17,), changes=changes), y)


def test_middle_and_side_and_back() -> None:
    x = noise()
    coded = NodeHarness(MidSide()).play(x)
    np.testing.assert_allclose(coded[0], (x[0].astype(np.float64) + x[1]) / 2, atol=6e-8)
    np.testing.assert_allclose(coded[1], (x[0].astype(np.float64) - x[1]) / 2, atol=6e-8)
    back = NodeHarness(MidSide(mode="decode")).play(coded)
    assert (abs(back - x) <= np.spacing(np.float32(1.0))).all()
