"""Delay: sync, routings, spread, width, taps, the high-pass."""

import numpy as np
import pytest
from numpy.typing import NDArray

from namgraph.graph import ParamError
from namgraph.nodes import Delay
from namgraph.nodes.testing import NodeHarness, same_bits
from namgraph.nodes.testing.harness import SPEC, Audio

RATE = SPEC.rate
T = 480
"""Frames of 10 ms."""


def impulse(frames: int, channels: int = 1, only: int | None = None) -> Audio:
    signal = np.zeros((channels, frames), np.float32)
    signal[slice(None) if only is None else only, 0] = 1.0
    return signal


def peaks(y: Audio, every: int = T) -> NDArray[np.float32]:
    """The samples at the echoes; all others must be 0."""
    found = y[:, every::every].copy()
    rest = y.copy()
    rest[:, ::every] = 0.0
    assert not rest.any()
    return found


@pytest.mark.parametrize(
    ("sync", "bpm", "frames"),
    [
        ("1/8.", 120.0, 18_000),
        ("1/4", 90.0, 32_000),
        ("1/8t", 125.0, 7_680),
        ("4/1", 20.0, 240_000),
    ],
)
def test_sync_is_exact_to_the_frame(sync: str, bpm: float, frames: int) -> None:
    node = Delay(sync=sync, tempo_bpm=bpm, feedback=0.0, mix=1.0, time_ms=1.0)
    harness = NodeHarness(node, 1)
    x = harness.noise(frames + 500)
    same_bits(harness.play(x)[:, frames:], x[:, :500])


@pytest.mark.parametrize("glide", ["tape", "fade"])
def test_a_new_tempo_does_not_click(glide: str) -> None:
    node = Delay(sync="1/16", tempo_bpm=120.0, feedback=0.3, mix=1.0, glide=glide)
    harness = NodeHarness(node, 1)
    x = np.sin(2 * np.pi * 220 / RATE * np.arange(144_000)).astype(np.float32)[None]
    y = harness.play(x, changes=[(72_000, "tempo_bpm", 118.0)])[0].astype(np.float64)
    bend = np.abs(np.diff(y, 2))
    assert bend[71_000:].max() < 4.0 * bend[48_000:71_000].max()


def test_ping_pong_alternates_and_leaks_nothing() -> None:
    node = Delay(time_ms=10.0, routing="ping_pong", feedback=0.7, mix=1.0)
    found = peaks(NodeHarness(node, 1).play(impulse(9 * T)))
    expected = 0.7 ** np.arange(8.0)
    np.testing.assert_allclose(found[0, ::2], expected[::2], rtol=1e-5)
    np.testing.assert_allclose(found[1, 1::2], expected[1::2], rtol=1e-5)
    assert not found[0, 1::2].any()
    assert not found[1, ::2].any()


def test_ping_pong_begins_with_the_mean_of_its_inputs() -> None:
    node = Delay(time_ms=10.0, routing="ping_pong", feedback=0.5, mix=1.0)
    found = peaks(NodeHarness(node, 2).play(impulse(4 * T, 2, only=1)))
    np.testing.assert_allclose(found, [[0.5, 0, 0.125], [0, 0.25, 0]], rtol=1e-6)


def test_cross_sends_each_channel_to_the_other() -> None:
    node = Delay(time_ms=10.0, routing="cross", feedback=0.5, mix=1.0)
    found = peaks(NodeHarness(node, 2).play(impulse(4 * T, 2, only=1)))
    np.testing.assert_allclose(found, [[0, 0.5, 0], [1, 0, 0.25]], rtol=1e-6)


def test_mono_has_the_same_echoes_on_all_channels() -> None:
    node = Delay(time_ms=10.0, routing="mono", feedback=0.5, mix=1.0)
    found = peaks(NodeHarness(node, 2).play(impulse(4 * T, 2, only=0)))
    np.testing.assert_allclose(found, [[0.5, 0.25, 0.125]] * 2, rtol=1e-6)


@pytest.mark.parametrize("spread", [-5.0, 5.0])
def test_spread_is_right_minus_left(spread: float) -> None:
    node = Delay(time_ms=10.0, spread_ms=spread, feedback=0.0, mix=1.0)
    y = NodeHarness(node, 2).play(impulse(2 * T, 2))
    left, right = (int(np.argmax(np.abs(c))) for c in y)
    assert right - left == round(spread * 48)
    assert min(left, right) == T


def test_width_0_has_the_echoes_in_the_middle() -> None:
    for width, expected in ((1.0, [1.0, 0.0]), (0.5, [0.75, 0.25]), (0.0, [0.5, 0.5])):
        node = Delay(time_ms=10.0, width=width, feedback=0.0, mix=1.0)
        y = NodeHarness(node, 2).play(impulse(2 * T, 2, only=0))
        np.testing.assert_allclose(y[:, T], expected, rtol=1e-6)


def test_taps_come_at_their_share_of_the_time_and_are_not_fed_back() -> None:
    node = Delay(
        time_ms=10.0, feedback=0.5, mix=1.0, taps=3, tap2_pct=75.0, tap2_db=-6.0, tap3_pct=25.0,
        tap3_db=-12.0,
    )  # fmt: skip
    y = NodeHarness(node, 1).play(impulse(3 * T))[0]
    found = {int(i): float(y[i]) for i in np.flatnonzero(np.abs(y) > 1e-6)}
    assert sorted(found) == [120, 360, 480, 600, 840, 960, 1080, 1320]
    assert found[360] == pytest.approx(10 ** (-6 / 20), rel=1e-5)
    assert found[120] == pytest.approx(10 ** (-12 / 20), rel=1e-5)
    assert found[480] == 1.0
    assert found[600] == pytest.approx(0.5 * 10 ** (-12 / 20), rel=1e-5)


def test_the_high_pass_thins_every_echo_but_the_first() -> None:
    node = Delay(time_ms=1000.0, feedback=0.9, mix=1.0, low_cut_hz=500.0)
    y = NodeHarness(node, 1).play(impulse(4 * 48_000))[0].astype(np.float64)
    echoes = [np.abs(np.fft.rfft(y[48_000 * k : 48_000 * (k + 1)])) for k in (1, 2, 3)]
    np.testing.assert_allclose(echoes[0], 1.0, atol=1e-6)
    loss = 20 * np.log10(echoes[2][[50, 500, 5_000]] / echoes[1][[50, 500, 5_000]] / 0.9)
    np.testing.assert_allclose(loss, [-20.0, -3.0, 0.0], atol=0.4)


def test_echo_levels_are_powers_of_the_feedback() -> None:
    node = Delay(time_ms=10.0, feedback=0.8, mix=1.0)
    found = peaks(NodeHarness(node, 1).play(impulse(21 * T)))[0]
    level = 20 * np.log10(found)
    np.testing.assert_allclose(level, 20 * np.log10(0.8) * np.arange(20), atol=0.01)


def test_other_options_are_refused() -> None:
    for name, value in (("routing", "left"), ("character", "oil"), ("glide", "no"), ("taps", 5)):
        with pytest.raises(ParamError, match=f"{name} is"):
            Delay(**{name: value})  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="sync is"):
        Delay(sync="1/7")
