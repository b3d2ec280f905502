"""Tremolo, beyond the node contract: depth, rate, shapes, the two bands, tempo."""

import numpy as np
import pytest
from numpy.typing import NDArray

from namgraph.graph import ParamError
from namgraph.nodes import Tremolo
from namgraph.nodes.testing import NodeHarness, same_bits
from namgraph.nodes.testing.harness import SPEC

RATE = SPEC.rate


def level(node: Tremolo, seconds: float = 2.0, channels: int = 1) -> NDArray[np.float32]:
    """The level of each channel, (channels, frames): the output for a constant 1."""
    ones = np.ones((channels, round(seconds * RATE)), np.float32)
    return NodeHarness(node, channels).play(ones)


@pytest.mark.parametrize("shape", ["sine", "triangle", "square"])
@pytest.mark.parametrize("depth", [0.3, 1.0])
def test_the_level_goes_from_1_to_1_minus_depth(shape: str, depth: float) -> None:
    y = level(Tremolo(rate_hz=5.0, depth=depth, shape=shape))[0]
    assert y.min() == pytest.approx(1.0 - depth, abs=1e-4)
    assert y.max() == pytest.approx(1.0, abs=1e-4)
    assert y.mean() == pytest.approx(1.0 - depth / 2, abs=1e-4)


def test_a_sine_is_the_formula() -> None:
    y = level(Tremolo(rate_hz=6.3, depth=0.6))[0]
    t = np.arange(y.size) / RATE
    np.testing.assert_allclose(y, 1.0 - 0.3 + 0.3 * np.cos(2 * np.pi * 6.3 * t), atol=1e-6)


@pytest.mark.parametrize("hz", [5.0, 17.3])
def test_the_rate_is_exact(hz: float) -> None:
    y = level(Tremolo(rate_hz=hz, depth=1.0), 10.0)[0]
    t = np.arange(y.size) / RATE
    window, half = np.hanning(y.size // 2), y.size // 2
    turned = (y - y.mean()) * np.exp(-2j * np.pi * hz * t)
    angles = [np.angle((window * part).sum()) for part in (turned[:half], turned[half:])]
    away = (angles[1] - angles[0]) / (2 * np.pi * 5.0)  # in Hz: the halves are 5 s apart
    assert abs(away) < 0.001
    spectrum = np.abs(np.fft.rfft(y - y.mean()))
    assert np.argmax(spectrum) / 10.0 == pytest.approx(hz, abs=0.051)


@pytest.mark.parametrize("shape", ["sine", "triangle", "square", "optical"])
def test_no_shape_clicks(shape: str) -> None:
    t = np.arange(48_000)
    sine = np.sin(2 * np.pi * 220.0 / RATE * t)
    node = Tremolo(rate_hz=4.0, depth=1.0, shape=shape)
    y = NodeHarness(node, 1).play(sine.astype(np.float32)[None])[0].astype(np.float64)
    limit = 4.0 * (2 * np.pi * 220.0 / RATE) ** 2
    assert np.abs(np.diff(y, 2)).max() < limit


def test_optical_falls_fast_and_comes_back_slowly() -> None:
    y = level(Tremolo(rate_hz=2.0, depth=1.0, shape="optical"))[0]
    t = np.arange(y.size) / RATE
    light = 0.0
    for i in range(y.size):
        way = 0.5 - 0.5 * np.cos(2 * np.pi * 2.0 * t[i]) - light
        light += (1 - np.exp(-1 / RATE / (0.005 if way > 0 else 0.03))) * way
        if i % 997 == 0:
            assert y[i] == pytest.approx(1.0 - light, abs=1e-5)


def test_half_a_turn_of_spread_pans() -> None:
    y = level(Tremolo(rate_hz=3.0, depth=1.0, spread=0.5), channels=2)
    np.testing.assert_allclose(y[0] + y[1], 1.0, atol=1e-6)
    assert np.abs(y[0] - y[1]).max() == pytest.approx(1.0, abs=1e-4)


def test_without_spread_channels_are_equal() -> None:
    y = level(Tremolo(rate_hz=3.0), channels=2)
    assert (y[0] == y[1]).all()


@pytest.mark.parametrize("mode", ["amplitude", "harmonic"])
def test_without_depth_nothing_changes(mode: str) -> None:
    harness = NodeHarness(Tremolo(depth=0.0, mode=mode))
    x = harness.noise(4_000)
    if mode == "amplitude":
        same_bits(harness.play(x), x)
    else:
        np.testing.assert_allclose(harness.play(x), x, atol=1e-6)


def test_the_bands_of_harmonic_swing_against_each_other() -> None:
    t = np.arange(96_000) / RATE
    for hz, dark in ((20.0, 0.25), (15_000.0, 0.0)):  # quiet after half a turn; at the beginning
        x = np.sin(2 * np.pi * hz * t).astype(np.float32)[None]
        node = Tremolo(rate_hz=2.0, depth=1.0, mode="harmonic", split_hz=800.0)
        y = NodeHarness(node, 1).play(x)[0]
        start = round(RATE * (0.5 + dark))
        near = slice(start - 1_200, start + 1_200)
        assert np.sqrt((y[near] ** 2).mean()) < 0.08
        loud = slice(start + 12_000 - 1_200, start + 12_000 + 1_200)
        assert np.sqrt((y[loud] ** 2).mean()) > 0.65


def test_the_split_is_6_db_per_octave() -> None:
    # Half a turn from the start only the high band is left, at its loudest.
    node = Tremolo(rate_hz=0.05, depth=1.0, mode="harmonic", split_hz=1_000.0)
    t = np.arange(480_000 + 9_600) / RATE
    x = np.sin(2 * np.pi * 1_000.0 * t).astype(np.float32)[None]
    y = NodeHarness(node, 1).play(x)[0, 480_000:]
    assert 20 * np.log10(np.abs(y).max()) == pytest.approx(-3.01, abs=0.02)


def test_sync_sets_the_rate_from_the_tempo() -> None:
    synced = level(Tremolo(sync="1/8.", tempo_bpm=96.0, depth=1.0))
    same_bits(synced, level(Tremolo(rate_hz=96.0 / 60.0 / 0.75, depth=1.0)))


@pytest.mark.parametrize("sync", ["1/3", "fast", 4, None])
def test_a_note_value_that_is_none_is_refused(sync: object) -> None:
    with pytest.raises(ParamError, match="sync is"):
        Tremolo(sync=sync)  # type: ignore[arg-type]
