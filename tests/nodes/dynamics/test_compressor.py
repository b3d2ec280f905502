"""Compressor: curve, times, distortion, key, makeup, beyond the node contract."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from namgraph.graph import ParamError, Spec
from namgraph.nodes import Compressor
from namgraph.nodes.testing import NodeHarness, same_bits
from namgraph.nodes.testing.harness import SPEC, Audio

RATE = SPEC.rate
HARD: dict[str, Any] = {"knee_db": 0.0, "attack_ms": 0.05, "release_ms": 5.0}


def reduction(level_db: float, node: Compressor) -> float:
    """The static curve, as Giannoulis, Massberg and Reiss have it."""
    over, slope, knee = level_db - node.threshold_db, 1 - 1 / node.ratio, node.knee_db
    if 2 * over < -knee:
        return 0.0
    if 2 * abs(over) <= knee and knee > 0:
        return slope * (over + knee / 2) ** 2 / (2 * knee)
    return slope * over


def alternating(level_db: Any, frames: int) -> Audio:
    """A square wave of constant magnitude, or of one magnitude after the other."""
    levels = np.repeat(10 ** (np.atleast_1d(level_db) / 20), frames)
    return np.asarray(levels * (1 - 2 * (np.arange(len(levels)) // 24 % 2)), np.float32)[None]


def sine(hz: float, level_db: float, frames: int = 48_000) -> Audio:
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * hz / RATE * np.arange(frames))
    return np.asarray(wave, np.float32)[None]


def reductions(node: Compressor, key: Audio) -> NDArray[np.float64]:
    """What the node takes away, in dB, for this key (the node has a side-chain)."""
    assert node.sidechain
    y = NodeHarness(node, channels=1).play(np.concatenate([np.ones_like(key), key]), [640])
    return np.asarray(-20 * np.log10(y[0].astype(float)))


def expected(x: NDArray[np.float64], node: Compressor) -> NDArray[np.float64]:
    """The gain of style "clean" with the detector "peak" or "rms", in plain Python."""
    attack, release = (
        1 - math.exp(-1000 / (ms * RATE)) for ms in (node.attack_ms, node.release_ms)
    )
    mean, square, now, gains = 1 - math.exp(-1 / (0.01 * RATE)), 0.0, 0.0, np.empty(x.shape[1])
    for i, level in enumerate(np.abs(x).max(axis=0)):
        square += mean * (level**2 - square)
        seen = math.sqrt(square) if node.detector == "rms" else level
        needed = reduction(20 * math.log10(max(seen, 1e-300)), node)
        now += (attack if needed > now else release) * (needed - now)
        gains[i] = 10 ** (-now / 20)
    return gains


@pytest.mark.parametrize(
    "node",
    [
        Compressor(),
        Compressor(ratio=20.0, knee_db=0.0, attack_ms=0.5, release_ms=30.0),
        Compressor(threshold_db=-35.0, ratio=2.0, knee_db=24.0, detector="rms", release_ms=50.0),
    ],
    ids=repr,
)
def test_it_equals_a_loop_in_python(node: Compressor) -> None:
    rng = np.random.default_rng(4)
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * 7 * np.arange(20_000) / RATE)
    x = (rng.uniform(-1, 1, (2, 20_000)) * swell**2).astype(np.float32)
    y = NodeHarness(node).play(x, [64, 1, 7, 300])
    np.testing.assert_allclose(y, expected(x.astype(float), node) * x, atol=2e-7)


@pytest.mark.parametrize("detector", ["peak", "rms", "opto"])
@pytest.mark.parametrize("style", ["clean", "fet", "opto"])
@pytest.mark.parametrize(("ratio", "knee_db"), [(1.0, 6.0), (4.0, 0.0), (4.0, 12.0), (50.0, 6.0)])
def test_the_static_curve_at_61_levels(
    detector: str, style: str, ratio: float, knee_db: float
) -> None:
    node = Compressor(
        threshold_db=-30.0, ratio=ratio, knee_db=knee_db, attack_ms=0.05, release_ms=5.0,
        detector=detector, style=style, sidechain=True,
    )  # fmt: skip
    levels = np.arange(-60.0, 1.0)
    each = 600 if detector == "peak" else 6000
    found = reductions(node, alternating(levels, each))[each - 1 :: each]
    np.testing.assert_allclose(found, [reduction(db, node) for db in levels], atol=0.02)


@pytest.mark.parametrize(("attack_ms", "release_ms"), [(5.0, 120.0), (0.5, 20.0), (50.0, 400.0)])
def test_attack_and_release_are_63_percent_of_the_way_in_db(
    attack_ms: float, release_ms: float
) -> None:
    node = Compressor(attack_ms=attack_ms, release_ms=release_ms, sidechain=True, knee_db=0.0)
    loud = round(12 * attack_ms * RATE / 1000)
    key = np.concatenate([alternating(0.0, loud), np.full((1, 30_000), 1e-3, np.float32)], axis=1)
    found = reductions(node, key)
    rising = int(np.argmax(found >= 15 * (1 - 1 / math.e)))  # 20 dB over, ratio 4: 15 dB
    assert rising + 1 == pytest.approx(attack_ms * RATE / 1000, abs=2)
    falling = int(np.argmax(found[loud:] <= 15 / math.e))
    assert falling + 1 == pytest.approx(release_ms * RATE / 1000, abs=2)
    exact = 15 * (1 - np.exp(-np.arange(1, loud + 1) * 1000 / (attack_ms * RATE)))
    np.testing.assert_allclose(found[:loud], exact, atol=1e-4)


def test_a_low_note_is_distorted_by_no_more_than_the_ripple() -> None:
    y = NodeHarness(Compressor(), channels=1).play(sine(50.0, 0.0, 96_000), [640])[0]
    spectrum = np.abs(np.fft.rfft(y[-48_000:]))
    harmonics = math.sqrt(sum(spectrum[50 * k] ** 2 for k in range(2, 200)))
    # From peak to peak, 10 ms, the reduction falls by a share of 1 - exp(-10/120): a saw-tooth.
    ripple_db = 15.0 * (1 - math.exp(-10 / 120))
    saw_tooth = (10 ** (ripple_db / 20) - 1) / math.sqrt(12)
    assert harmonics / spectrum[50] <= saw_tooth


def test_with_a_ratio_of_1_or_below_the_threshold_no_bit_changes() -> None:
    for node, gain in ((Compressor(ratio=1.0), 1.0), (Compressor(), 0.05)):
        for style in ("clean", "fet", "opto"):
            harness = NodeHarness(Compressor(ratio=node.ratio, style=style))
            x = harness.noise(5000) * np.float32(gain)
            same_bits(harness.play(x, [17, 64]), x)


def test_after_the_release_no_bit_changes() -> None:
    harness = NodeHarness(Compressor(release_ms=20.0))
    harness.play(harness.noise(5000))
    quiet = harness.noise(48_000, 1) * np.float32(0.05)
    same_bits(harness.play(quiet)[:, 24_000:], quiet[:, 24_000:])
    assert harness.readings()["node.reduction_db"] < 1e-6


@pytest.mark.parametrize("level_db", [-10.0, 0.0])
def test_it_is_near_the_compressor_of_pedalboard(level_db: float) -> None:
    pedalboard = pytest.importorskip("pedalboard")
    other = pedalboard.Compressor(threshold_db=-20, ratio=4, attack_ms=1, release_ms=100)
    x = sine(1000.0, level_db)
    theirs = np.abs(other(x, RATE)[0, -4800:]).max()
    node = Compressor(knee_db=0.0, attack_ms=1.0, release_ms=100.0)
    ours = np.abs(NodeHarness(node, channels=1).play(x, [640])[0, -4800:]).max()
    assert 20 * math.log10(ours) == pytest.approx(20 * math.log10(theirs), abs=0.3)


def test_makeup_and_mix() -> None:
    x = alternating(-8.0, 4800)
    made = NodeHarness(Compressor(**HARD, makeup_db=5.0, mix=0.25), channels=1).play(x)[0, -1]
    wet = 10 ** ((-9.0 + 5.0) / 20)  # 12 dB over the threshold, 9 of them are taken away
    assert made / x[0, -1] == pytest.approx(0.75 + 0.25 * wet, abs=1e-5)
    dry = NodeHarness(Compressor(mix=0.0), channels=1)
    same_bits(dry.play(x), x)


def test_the_automatic_makeup_is_half_of_the_reduction_at_full_scale() -> None:
    quiet = alternating(-50.0, 960)
    for node in (Compressor(), Compressor(threshold_db=-2.0, knee_db=12.0, ratio=10.0)):
        made = Compressor(
            threshold_db=node.threshold_db, knee_db=node.knee_db, ratio=node.ratio,
            auto_makeup=True, makeup_db=1.0,
        )  # fmt: skip
        y = NodeHarness(made, channels=1).play(quiet)
        gain_db = 20 * math.log10(float(y[0, -1]) / float(quiet[0, -1]))
        assert gain_db == pytest.approx(1.0 + reduction(0.0, node) / 2, abs=1e-4)


def test_the_high_pass_of_the_key_spares_low_notes() -> None:
    plain = Compressor(sidechain=True)
    spared = Compressor(sidechain=True, key_low_hz=500.0)
    assert reductions(plain, sine(50.0, 0.0))[-1] > 13.0
    assert reductions(spared, sine(50.0, 0.0))[-4800:].max() == 0.0, "it is 40 dB lower"
    assert reductions(spared, sine(5000.0, 0.0))[-1] == pytest.approx(
        reductions(plain, sine(5000.0, 0.0))[-1], abs=0.1
    )


def test_linked_channels_have_one_gain_and_others_their_own() -> None:
    x = np.concatenate([alternating(0.0, 9600), alternating(-30.0, 9600)])
    y = NodeHarness(Compressor(**HARD)).play(x)
    np.testing.assert_allclose(y[:, -1] / x[:, -1], 10 ** (-15 / 20), rtol=1e-4)
    y = NodeHarness(Compressor(**HARD, link=False)).play(x)
    same_bits(y[1], x[1])
    same_bits(y[:1], NodeHarness(Compressor(**HARD), channels=1).play(x[:1]))


def test_a_mono_key_decides_for_all_channels() -> None:
    for link in (True, False):
        harness = NodeHarness(Compressor(**HARD, sidechain="mono", link=link))
        quiet, key = np.full((2, 9600), 0.01, np.float32), alternating(0.0, 9600)
        y = harness.play(np.concatenate([quiet, key]))
        np.testing.assert_allclose(y[:, -1], 0.01 * 10 ** (-15 / 20), rtol=1e-4)


def test_the_look_ahead_delays_the_signal_and_not_the_gain() -> None:
    late = Compressor(lookahead_ms=5.0)
    assert (late.latency(Spec(RATE, 64)), Compressor().latency(Spec(RATE, 64))) == (240, 0)
    harness = NodeHarness(late, channels=1)
    x = harness.noise(6000)
    wanted = expected(x.astype(float), Compressor()) * np.pad(x, ((0, 0), (240, 0)))[:, :6000]
    np.testing.assert_allclose(harness.play(x, [64, 5, 100]), wanted, atol=2e-7)


def test_a_key_that_is_not_finite_resets_the_node() -> None:
    for bad in (np.nan, np.inf):
        for style in ("clean", "fet", "opto"):
            harness = NodeHarness(Compressor(sidechain=True, style=style))
            signal = harness.noise(6400) * np.float32(0.05)
            signal[2, 100] = bad
            y = harness.play(signal)
            assert np.isfinite(y).all()
            assert np.isfinite(list(harness.readings().values())).all()
            same_bits(y[:, 6000:], signal[:2, 6000:])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lookahead_ms": 10.1}, r"lookahead_ms is 10.1: must be a number in \[0, 10\] ms"),
        ({"detector": "mean"}, "detector is 'mean': must be one of peak, rms, opto"),
        ({"style": "vca"}, "style is 'vca': must be one of clean, fet, opto"),
        ({"auto_makeup": 1}, "auto_makeup is 1: must be True or False"),
        ({"link": 0}, "link is 0: must be True or False"),
        ({"sidechain": "key"}, "sidechain is 'key': must be one of False, True, mono"),
        ({"ratio": 0.5}, "ratio is 0.5: must be"),
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        Compressor(**wrong)
