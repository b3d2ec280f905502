"""Gate with its own law, beyond the node contract."""

import math
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import ParamError, Spec
from namgraph.nodes import Gate
from namgraph.nodes.testing import NodeHarness, same_bits
from namgraph.nodes.testing.harness import Audio

from .gate_oracle import RATE, notes, own_gains

UNFILTERED: dict[str, Any] = {"key_low_hz": 20.0, "key_high_hz": 20_000.0}


def mono(x: Any) -> Audio:
    return np.asarray(x, np.float32)[None]


def sine(hz: float, level_db: float, frames: int) -> Audio:
    return mono(10 ** (level_db / 20) * np.sin(2 * np.pi * hz / RATE * np.arange(frames)))


def alternating(level: float, frames: int) -> Audio:
    """A square wave of constant magnitude."""
    return mono(level * (1 - 2 * (np.arange(frames) // 24 % 2)))


def transitions(node: Gate, x: Audio) -> list[float]:
    """Whether the gate is open after each 64 frames, without repetitions."""
    harness, found = NodeHarness(node, channels=1), [0.0]
    for at in range(0, x.shape[1], 64):
        harness.play(x[:, at : at + 64])
        now = harness.readings()["node.open"]
        if now != found[-1]:
            found.append(now)
    return found


@pytest.mark.parametrize(
    "node",
    [
        Gate(threshold_db=-40.0),
        Gate(threshold_db=-30.0, hysteresis_db=2.0, hold_ms=3.0, release_ms=20.0, ratio=2.0),
        Gate(threshold_db=-20.0, range_db=120.0, attack_ms=5.0, release_ms=3.0, ratio=20.0),
        Gate(threshold_db=-20.0, range_db=20.0, hold_ms=0.0, ratio=1.5, **UNFILTERED),
        Gate(threshold_db=-20.0, ratio=1.0, key_low_hz=700.0, key_high_hz=900.0),
    ],
    ids=repr,
)
def test_it_equals_a_loop_in_python(node: Gate) -> None:
    keys = np.stack([notes(30_000), 0.3 * notes(30_000, 1)])
    wanted = own_gains(keys, node) * keys
    y = NodeHarness(node).play(keys.astype(np.float32), [64, 1, 7, 300])
    np.testing.assert_allclose(y, wanted, atol=3e-7)


def test_the_side_chain_decides() -> None:
    node = Gate(threshold_db=-40.0, sidechain=True)
    harness = NodeHarness(node, channels=1)
    x, key = harness.noise(20_000)[:1], notes(20_000)
    y = harness.play(np.concatenate([x, mono(key)]))
    np.testing.assert_allclose(y[0], own_gains(key[None], node) * x[0], atol=3e-7)


def test_a_mono_key_decides_for_all_channels() -> None:
    for link in (True, False):
        harness = NodeHarness(Gate(threshold_db=-40.0, sidechain="mono", link=link))
        assert len(harness.ins) == 3
        x, key = harness.noise(20_000)[:2], notes(20_000)
        y = harness.play(np.concatenate([x, mono(key)]))
        wanted = own_gains(key[None], Gate(threshold_db=-40.0)) * x
        np.testing.assert_allclose(y, wanted, atol=3e-7)


def test_behind_an_amp_it_listens_to_the_guitar_at_the_right_time() -> None:
    graph = ng.Graph()
    guitar = graph.input("guitar", channels=1)
    amp = guitar >> graph.add("late", ng.Limiter(true_peak="off"))  # 80 frames of latency
    graph.add("gate", Gate(threshold_db=-40.0, sidechain=True))
    graph.connect(amp, "gate.in")
    graph.connect(guitar, "gate.key")
    graph.connect("gate", graph.output("out", channels=1))
    x = notes(12_000)
    y = ng.render(graph, x.astype(np.float32), sample_rate=48_000)
    np.testing.assert_allclose(
        y[:12_000], own_gains(x[None], Gate(threshold_db=-40.0)) * x, atol=3e-7
    )


@pytest.mark.parametrize("level_db", range(-60, 1, 6))
def test_the_static_curve(level_db: float) -> None:
    node = Gate(threshold_db=-10.0, range_db=50.0, ratio=3.0, release_ms=1.0, **UNFILTERED)
    x = alternating(10 ** (level_db / 20), 9600)
    y = NodeHarness(node, channels=1).play(x)
    found_db = 20 * math.log10(abs(y[0, -1]) / abs(x[0, -1]))
    wanted_db = 0.0 if level_db >= -10 else max(2.0 * (level_db + 10), -50.0)
    assert found_db == pytest.approx(wanted_db, abs=0.05)


@pytest.mark.parametrize("attack_ms", [0.5, 2.0, 20.0])
def test_it_opens_within_the_attack(attack_ms: float) -> None:
    key = np.concatenate([np.zeros((1, 500), np.float32), alternating(0.5, 20_000)], axis=1)
    node = Gate(attack_ms=attack_ms, sidechain=True, **UNFILTERED)
    gains = NodeHarness(node, channels=1).play(np.concatenate([np.ones_like(key), key]))[0]
    begin = int(np.argmax(gains > gains[499] * 1.001))
    arrived = int(np.argmax(gains >= 10 ** (-8 / 20)))  # 90 % of 80 dB
    attack = attack_ms * RATE / 1000
    assert arrived - begin <= attack + 2
    assert arrived - begin == pytest.approx(-math.log(1 - 10 ** (-8 / 20)) * attack, abs=2)
    assert gains[-1] == 1.0


def test_it_closes_after_hold_and_release() -> None:
    node = Gate(
        threshold_db=-26.0, hysteresis_db=6.0, hold_ms=30.0, release_ms=40.0, ratio=20.0,
        sidechain=True, **UNFILTERED,
    )  # fmt: skip
    key = np.concatenate([alternating(0.5, 4800), np.zeros((1, 40_000), np.float32)], axis=1)
    gains = NodeHarness(node, channels=1).play(np.concatenate([np.ones_like(key), key]))[0]
    fall = 25e-3 * math.log(0.5 / 10 ** (-32 / 20)) * RATE  # the follower reaches -32 dB
    closing = int(np.argmax(gains[4800:] < 1.0))
    assert closing == pytest.approx(fall + 0.030 * RATE, abs=2)
    floor = 10 ** (-80 / 20)
    arrived = int(np.argmax(gains[4800:] <= floor + (1 - floor) / math.e))
    assert arrived - closing == pytest.approx(0.040 * RATE, abs=2)
    assert gains[-1] == pytest.approx(floor, rel=0.02)


def test_a_low_note_just_above_the_threshold_does_not_make_it_chatter() -> None:
    low_e = sine(41.0, -39.0, 480_000)
    assert transitions(Gate(threshold_db=-40.0, key_low_hz=20.0, hold_ms=0.0), low_e) == [0.0, 1.0]
    assert transitions(Gate(threshold_db=-40.0), low_e) == [0.0], "it is filtered away as hum is"


def test_noise_around_the_threshold_opens_it_once_for_each_time_it_comes() -> None:
    t = np.arange(6 * 48_000) / RATE
    noise = np.random.default_rng(5).uniform(-1, 1, len(t)) * 10 ** (-40 / 20)
    swept = mono(noise * 10 ** (2 * np.sin(2 * np.pi * t) / 20))
    assert transitions(Gate(threshold_db=-44.0), swept) == [0.0, 1.0]
    gone = mono(noise * 10 ** (20 * np.sin(2 * np.pi * t) / 20))  # crosses the band twice a second
    assert len(transitions(Gate(threshold_db=-44.0, hold_ms=0.0), gone)) <= 1 + 2 * 6


def test_an_open_gate_changes_no_bit_and_a_closed_one_may_be_silent() -> None:
    harness = NodeHarness(Gate(range_db=120.0, release_ms=1.0, hold_ms=0.0))
    loud = harness.noise(9600)
    same_bits(harness.play(loud)[:, 4800:], loud[:, 4800:])
    assert harness.readings() == {"node.open": 1.0, "node.reduction_db": 0.0}
    quiet = harness.play(harness.noise(48_000, 1) * np.float32(1e-6))
    assert not quiet[:, 40_000:].any()
    assert harness.readings() == {"node.open": 0.0, "node.reduction_db": pytest.approx(180.0)}


def test_the_look_ahead_delays_the_signal_and_not_the_gain() -> None:
    early = Gate(threshold_db=-30.0, lookahead_ms=2.0)
    assert early.latency(Spec(RATE, 64)) == 96
    assert Gate().latency(Spec(RATE, 64)) == 0
    x = np.concatenate([np.zeros((1, 1000), np.float32), sine(440.0, -6.0, 4000)], axis=1)
    late = np.pad(x.astype(float), ((0, 0), (96, 0)))[:, :5000]
    y = NodeHarness(early, channels=1).play(x, [64, 5, 100])
    np.testing.assert_allclose(y, own_gains(x.astype(float), early) * late, atol=3e-7)
    assert abs(y[0, 1096:1110]).max() > 0.9 * abs(x[0, 1000:1014]).max(), "the onset is there"


def test_channels_that_are_not_linked_are_as_if_alone() -> None:
    x = np.stack([notes(12_000), 0.01 * notes(12_000, 1)]).astype(np.float32)
    y = NodeHarness(Gate(link=False, threshold_db=-40.0)).play(x)
    for found, given in zip(y, x, strict=True):
        alone = NodeHarness(Gate(threshold_db=-40.0), channels=1)
        same_bits(found[None], alone.play(given[None]))


def test_a_key_that_is_not_finite_resets_the_node() -> None:
    for bad in (np.nan, np.inf):
        harness = NodeHarness(Gate(sidechain=True))
        signal = harness.noise(6400)
        signal[2, 100] = bad
        y = harness.play(signal)
        assert np.isfinite(y).all()
        assert np.isfinite(list(harness.readings().values())).all()
        same_bits(y[:, 6000:], signal[:2, 6000:])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lookahead_ms": 5.1}, r"lookahead_ms is 5.1: must be a number in \[0, 5\] ms"),
        ({"lookahead_ms": "1"}, "lookahead_ms is '1': must be"),
        ({"mode": "NAM"}, "mode is 'NAM': must be one of own, nam"),
        ({"sidechain": 1}, "sidechain is 1: must be one of False, True, mono"),
        ({"link": None}, "link is None: must be True or False"),
        ({"threshold_db": 1.0}, "threshold_db is 1.0: must be"),
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        Gate(**wrong)
