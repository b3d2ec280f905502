"""Chorus, beyond the node contract: detune, delays, phases, feedback, bucket brigade."""

import math
from typing import Any

import numpy as np
import pytest

from namgraph.graph import ParamError, Spec
from namgraph.nodes import Chorus
from namgraph.nodes.testing import NodeHarness, same_bits

from .signals import RATE, decibels, impulse, phase, pitch_cents, response, tone

CLEAR: dict[str, Any] = {"mix": 1.0, "tone_hz": 20_000.0}


@pytest.mark.parametrize(("rate", "depth"), [(0.8, 1.8), (3.0, 0.7)])
def test_a_voice_is_detuned_by_the_formula(rate: float, depth: float) -> None:
    node = Chorus(rate_hz=rate, depth_ms=depth, voices=1, **CLEAR)
    found = pitch_cents(NodeHarness(node, 1).play(tone(5.2))[0])
    detune = 2 * math.pi * rate * depth * 1e-3
    assert found.max() == pytest.approx(1200 * math.log2(1 + detune), abs=0.3)
    assert found.min() == pytest.approx(1200 * math.log2(1 - detune), abs=0.3)
    whole = round(4 * RATE / rate) if rate < 1 else round(12 * RATE / rate)
    hertz = 2.0 ** (found[:whole] / 1200.0)
    assert 1200 * math.log2(hertz.mean()) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("voices", [1, 2, 4])
def test_without_depth_it_is_a_plain_delay(voices: int) -> None:
    harness = NodeHarness(Chorus(depth_ms=0.0, delay_ms=7.0, voices=voices, **CLEAR))
    x = harness.noise(3_000)
    same_bits(harness.play(x, [64, 1, 33])[:, 336:], x[:, :-336])


def test_channels_are_a_quarter_turn_apart() -> None:
    node = Chorus(rate_hz=1.0, depth_ms=1.8, voices=1, spread=1.0, **CLEAR)
    y = NodeHarness(node, 2).play(tone(4.2, channels=2))
    turn = np.exp(-2j * np.pi * np.arange(3 * round(RATE)) / RATE)
    angles = [np.angle((pitch_cents(c)[: turn.size] * turn).sum()) for c in y]
    apart = math.degrees(angles[1] - angles[0]) % 360.0
    assert apart == pytest.approx(90.0, abs=0.1)


def test_voices_are_evenly_apart() -> None:
    # Two voices half a turn apart: the mean of their delays does not move.
    node = Chorus(rate_hz=2.0, depth_ms=0.2, voices=2, **CLEAR)
    y = NodeHarness(node, 1).play(tone(2.0, 200.0))[0]
    late = phase(y, 200.0)[4_800:] * RATE / (2 * np.pi * 200.0)
    assert np.ptp(late) < 0.1
    alone = NodeHarness(Chorus(rate_hz=2.0, depth_ms=0.2, voices=1, **CLEAR), 1)
    late = phase(alone.play(tone(2.0, 200.0))[0], 200.0)[4_800:] * RATE / (2 * np.pi * 200.0)
    assert np.ptp(late) == pytest.approx(2 * 9.6, rel=0.01)


def test_the_mix_is_of_the_signal_and_the_mean_of_the_voices() -> None:
    node = Chorus(depth_ms=0.0, delay_ms=1.0, voices=3, mix=0.25, tone_hz=20_000.0)
    y = NodeHarness(node, 1).play(impulse(200))[0]
    np.testing.assert_allclose(y[[0, 48]], [0.75, 0.25], atol=1e-7)
    assert np.count_nonzero(np.abs(y) > 1e-6) == 2


@pytest.mark.parametrize("feedback", [-0.7, 0.4])
def test_echoes_fall_by_the_feedback(feedback: float) -> None:
    node = Chorus(depth_ms=0.0, delay_ms=2.0, voices=2, feedback=feedback, **CLEAR)
    y = NodeHarness(node, 1).play(impulse(1_000))[0]
    np.testing.assert_allclose(y[96:960:96], feedback ** np.arange(9), atol=1e-6)


def test_the_tone_is_a_low_pass_of_the_copies() -> None:
    node = Chorus(depth_ms=0.0, tone_hz=1_000.0, mix=1.0, voices=1)
    y = NodeHarness(node, 1).play(impulse(4_000))[0]
    db = decibels(response(y, np.array([20.0, 1_000.0, 4_000.0])))
    assert db == pytest.approx([0.0, -3.0, -12.3], abs=0.4)


def test_mono_becomes_stereo() -> None:
    harness = NodeHarness(Chorus(to_stereo=True, depth_ms=3.0))
    assert (len(harness.ins), len(harness.outs)) == (1, 2)
    y = harness.play(tone(1.0))
    assert np.abs(y[0] - y[1]).max() > 0.1


def test_feedback_at_its_highest_stays_bounded() -> None:
    node = Chorus(feedback=0.7, depth_ms=10.0, delay_ms=1.0, rate_hz=5.0, voices=4, **CLEAR)
    harness = NodeHarness(node, 1)
    y = harness.play(harness.noise(96_000))
    assert np.abs(y).max() < 1.0 / (1.0 - 0.7)


def test_a_bucket_brigade_is_dull_and_keeps_levels() -> None:
    node = Chorus(depth_ms=0.0, character="bbd", **CLEAR)
    for hz, level, low, high in (
        (300.0, 0.5, -1.0, 0.5),
        (300.0, 0.01, -1.0, 0.5),
        (14_000.0, 0.5, -90.0, -20.0),
    ):
        y = NodeHarness(node, 1).play(np.float32(level) * tone(1.0, hz))[0, 24_000:]
        db = 20 * math.log10(np.sqrt(2 * np.mean(y.astype(np.float64) ** 2)) / level)
        assert low < db < high


def test_a_bucket_brigade_rounds_off_a_sudden_peak() -> None:
    signal = np.concatenate([np.zeros((1, 4_800), np.float32), tone(0.2, 500.0)], axis=1)
    clean, bbd = (
        NodeHarness(Chorus(depth_ms=0.0, character=c, **CLEAR), 1).play(signal)[0]
        for c in ("clean", "bbd")
    )
    start = slice(5_136, 5_136 + 100)
    assert np.abs(bbd[start]).max() < 0.85 * np.abs(clean[start]).max()
    assert np.abs(bbd[-480:]).max() == pytest.approx(1.0, abs=0.15)


def test_the_tail_covers_the_longest_delay() -> None:
    assert Chorus(delay_ms=30.0, depth_ms=10.0).tail(Spec(RATE, 64)) >= 1_920
    assert Chorus(feedback=0.7).tail(Spec(RATE, 64)) > 33 * 7 * 48


def test_other_options_are_refused() -> None:
    for name, value in (("voices", 5), ("shape", "saw"), ("character", "tape")):
        with pytest.raises(ParamError, match=f"{name} is"):
            Chorus(**{name: value})  # type: ignore[arg-type]
