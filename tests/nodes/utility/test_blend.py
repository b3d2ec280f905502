"""Blend, beyond the node contract."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import signal as dsp

import namgraph as ng
from namgraph.graph import ParamError, tail
from namgraph.nodes import Blend
from namgraph.nodes.testing import NodeHarness, same_bits
from namgraph.nodes.testing.harness import SPEC, Audio, graph_of

RATE = SPEC.rate
LAWS = ["equal_power", "linear", "correlated"]
POSITIONS = [0.0, 0.1, 0.25, 0.5, 0.7, 1.0]


def pair(correlation: float, frames: int = 96_000) -> Audio:
    """Two mono signals of equal power with this correlation."""
    a, other = np.random.default_rng(8).standard_normal((2, frames)) * 0.1
    b = correlation * a + math.sqrt(1 - correlation**2) * other
    return np.stack([a, b]).astype(np.float32)


def level_db(y: Audio) -> float:
    """The level of the second half, when the correlation has been measured."""
    half = y.astype(float)[..., y.shape[-1] // 2 :]
    return 10 * math.log10(float(np.mean(half**2)))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("position", [0.0, 1.0])
def test_an_end_is_one_input_to_the_bit(law: str, position: float) -> None:
    harness = NodeHarness(Blend(law=law, position=position))
    x = harness.noise()
    x[:, 100] = -0.0
    same_bits(harness.play(x, [17, 64, 3]), x[2:] if position else x[:2])


@pytest.mark.parametrize("law", ["equal_power", "correlated"])
@pytest.mark.parametrize("position", POSITIONS)
def test_signals_with_nothing_in_common_keep_their_power(law: str, position: float) -> None:
    x = pair(0.0)
    y = NodeHarness(Blend(law=law, position=position), channels=1).play(x, [640])
    assert level_db(y) == pytest.approx(level_db(x), abs=0.1)


@pytest.mark.parametrize("law", ["linear", "correlated"])
@pytest.mark.parametrize("position", POSITIONS)
def test_equal_signals_keep_their_level(law: str, position: float) -> None:
    x = pair(1.0)
    y = NodeHarness(Blend(law=law, position=position), channels=1).play(x, [640])
    assert level_db(y) == pytest.approx(level_db(x[:1]), abs=0.05)
    np.testing.assert_allclose(y[0, 640:], x[0, 640:], atol=1e-4)


def test_equal_power_raises_equal_signals_by_3_db() -> None:
    y = NodeHarness(Blend(), channels=1).play(pair(1.0))
    assert level_db(y) == pytest.approx(level_db(pair(1.0)) + 3.01, abs=0.01)


@pytest.mark.parametrize("correlation", [-0.5, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("position", [0.25, 0.5])
def test_what_is_partly_equal_keeps_its_power(correlation: float, position: float) -> None:
    x = pair(correlation)
    y = NodeHarness(Blend(law="correlated", position=position), channels=1).play(x, [640])
    assert level_db(y) == pytest.approx(level_db(x), abs=0.2)


def test_signals_that_cancel_each_other_are_not_raised_without_end() -> None:
    x = pair(1.0)
    y = NodeHarness(Blend(law="correlated", invert_b=True), channels=1).play(x, [640])
    assert np.abs(y).max() < 1e-6
    y = NodeHarness(Blend(law="correlated", position=0.49), channels=1).play(pair(-0.999))
    assert level_db(y) < level_db(x)


def test_the_correlation_follows_in_a_third_of_a_second() -> None:
    x = np.concatenate([pair(1.0, 72_000), pair(0.0, 72_000)], axis=1)
    y = NodeHarness(Blend(law="correlated"), channels=1).play(x, [640])[0].astype(float)
    power = dsp.lfilter([1 / 2400], [1, 1 / 2400 - 1], y**2)
    # The measured correlation is e^-1 after 0.3 s: level² = (1 + 0) / (1 + e^-1).
    found = np.mean(power[72_000 + 13_400 : 72_000 + 15_400]) / np.mean(power[-20_000:])
    assert found == pytest.approx(1 / (1 + math.exp(-1)), rel=0.08)


def test_the_weights_are_those_of_the_law() -> None:
    ones = np.ones((2, 64), np.float32)
    for law, share in (("equal_power", math.sin(0.15 * math.pi)), ("linear", 0.3)):
        only_b = ones * np.array([[0], [1]], np.float32)
        y = NodeHarness(Blend(law=law, position=0.3), channels=1).play(only_b)
        np.testing.assert_allclose(y, share, rtol=1e-6)


def test_levels_and_polarity() -> None:
    harness = NodeHarness(
        Blend(law="linear", position=0.25, a_db=-6.0, b_db=12.0, invert_b=True), channels=1
    )
    x = harness.noise()
    wanted = 0.75 * 10 ** (-6 / 20) * x[0] - 0.25 * 10 ** (12 / 20) * x[1].astype(float)
    np.testing.assert_allclose(harness.play(x)[0], wanted, atol=2e-7)


@pytest.mark.parametrize("frames", [1, 31, 32, 33, 500, 960])
def test_a_delay_of_b_or_of_a_is_exact(frames: int) -> None:
    for sign, delayed in ((1, 1), (-1, 0)):
        node = Blend(position=float(delayed), delay_ms=sign * 1000 * frames / RATE)
        assert node.latency(SPEC) == 0
        assert tail(graph_of(node), SPEC) == frames
        harness = NodeHarness(node, channels=1)
        x = harness.noise(3000)
        y = harness.play(x, [7, 64, 33])[0]
        assert not y[:frames].any()
        same_bits(y[None, frames:], x[delayed : delayed + 1, : 3000 - frames])
        other = NodeHarness(Blend(position=1.0 - delayed, delay_ms=node.delay_ms), channels=1)
        same_bits(other.play(x), x[1 - delayed : 2 - delayed])


def test_a_fade_keeps_the_power_on_its_way() -> None:
    harness = NodeHarness(Blend(position=0.0), channels=1)
    only = np.zeros((2, 24_000), np.float32)
    gains = []
    for side in (0, 1):
        only[...] = 0
        only[side] = 1
        harness.renew()
        gains.append(harness.play(only, changes=[(100, "position", 1.0)])[0])
    np.testing.assert_allclose(gains[0] ** 2 + gains[1] ** 2, 1.0, atol=1e-6)
    assert (gains[0][-1], gains[1][-1]) == (0.0, 1.0)


def test_a_bad_sample_on_the_silent_side_is_not_heard_and_does_not_last() -> None:
    harness = NodeHarness(Blend(law="correlated", position=0.0), channels=1)
    x = pair(0.5, 9600)
    x[1, 1000] = np.nan
    same_bits(harness.play(x), x[:1])
    harness.turn("position", 0.5)
    y = harness.play(pair(0.5))
    assert level_db(y) == pytest.approx(level_db(pair(0.5)), abs=0.2)


def test_two_amps_in_a_graph_are_aligned() -> None:
    graph = ng.Graph()
    guitar = graph.input("guitar", channels=1)
    graph.add("blend", Blend(law="linear"))
    graph.connect(guitar >> graph.add("late", ng.Limiter(true_peak="off")), "blend.a")
    graph.connect(guitar, "blend.b")
    graph.connect("blend", graph.output("out", channels=1))
    x = pair(0.0, 2000)[0]
    np.testing.assert_allclose(ng.render(graph, x, sample_rate=RATE)[:2000], x, atol=1e-7)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"law": "cosine"}, "law is 'cosine': must be one of equal_power, linear, correlated"),
        ({"delay_ms": 21.0}, r"delay_ms is 21.0: must be a number in \[-20, 20\] ms"),
        ({"delay_ms": "1"}, "delay_ms is '1': must be"),
        ({"invert_b": 1}, "invert_b is 1: must be True or False"),
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        Blend(**wrong)
