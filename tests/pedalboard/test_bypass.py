"""Bypass and dry/wet mix of a whole plugin and of its nodes; latency and tail as reported."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import namgraph as ng

from .graphs import LAG, RATE, Audio, around, echo_graph, noise, play, rendered

pb = pytest.importorskip("pedalboard")
from namgraph.runtime.adapters.pedalboard import GraphEffect, GraphPlugin  # noqa: E402

KINDS: list[Any] = [GraphPlugin, GraphEffect]


def whole_and_half(x: Audio, wet: Audio) -> Audio:
    half = np.float32(0.25) * wet + np.float32(0.75) * x
    return half.astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lag", [0, LAG])
def test_bypass_is_the_input_and_mix_a_share_of_it(kind: Any, lag: int) -> None:
    x, made = noise(2, 3000), kind(echo_graph(lag=lag))
    wet = rendered(echo_graph(lag=lag), x)
    np.testing.assert_array_equal(play(made, x), wet)
    made.bypass = True
    np.testing.assert_array_equal(play(made, x), x)
    assert made.latency == lag  # unchanged, so that a mix of tracks stays aligned
    assert "bypassed" in repr(made)
    made.bypass = False
    made.mix = 0.25
    np.testing.assert_allclose(play(made, x), whole_and_half(x, wet), atol=1e-6)
    made.mix = 0.0
    np.testing.assert_array_equal(play(made, x), x)
    made.mix = 1.0
    np.testing.assert_array_equal(play(made, x), wet)


@pytest.mark.parametrize("kind", KINDS)
def test_bypass_keeps_the_latency_of_a_stream(kind: Any) -> None:
    x, made = noise(2, 2000), kind(echo_graph(lag=LAG), sample_rate=RATE)
    made.bypass = True
    parts = [play(made, x[:, at : at + 100], reset=False) for at in range(0, 2000, 100)]
    np.testing.assert_array_equal(np.concatenate(parts[1:], axis=1), x[:, :1900])


@pytest.mark.parametrize("kind", KINDS)
def test_bypass_makes_no_click(kind: Any) -> None:
    """Between two constant levels the output moves in small steps only."""
    x, made = np.full((2, 64), 0.5, np.float32), kind(around(ng.Gain(gain_db=-40.0)))
    parts = [play(made, x, reset=False)]
    for bypassed in (True, False):
        made.bypass = bypassed
        parts += [play(made, x, reset=False) for _ in range(150)]
        assert parts[-1][0, -1] == (np.float32(0.5) if bypassed else parts[0][0, 0])
    steps = np.abs(np.diff(np.concatenate(parts, axis=1)))
    assert 0 < steps.max() < 0.5 / 400  # at once it would be 0.495


@pytest.mark.parametrize("kind", KINDS)
def test_a_bypassed_graph_is_computed_all_the_time(kind: Any) -> None:
    x, made = noise(2, 12_000), kind(echo_graph(), sample_rate=RATE)
    made.bypass = True
    play(made, x[:, :2000], reset=False)
    made.bypass = False
    heard = play(made, x[:, 2000:], reset=False)[:, 9000:]
    np.testing.assert_array_equal(heard, rendered(echo_graph(), x)[:, 11_000:])


@pytest.mark.parametrize("kind", KINDS)
def test_bypass_and_mix_at_a_frame(kind: Any) -> None:
    x, made = noise(2, 1000), kind(echo_graph(), sample_rate=RATE)
    made.set("bypass", True, at=321)
    made.set("mix", 0.5, at=700)
    assert (made.bypass, made.mix) == (False, 1.0)
    heard = play(made, x, reset=False)
    wet = rendered(echo_graph(), x)
    np.testing.assert_array_equal(heard[:, :321], wet[:, :321])
    assert not np.array_equal(heard[:, 321:325], wet[:, 321:325])
    assert (made.bypass, made.mix) == (True, 0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_nodes_are_bypassed_and_mixed(kind: Any) -> None:
    x, made = noise(2, 2000), kind(echo_graph())
    made.bypass_node("echo")
    np.testing.assert_array_equal(play(made, x), rendered(around(ng.Gain(gain_db=-6.0)), x))
    made.bypass_node("echo", False)
    made.mix_node("amp", 0.0)
    echo = around(ng.Delay(time_ms=3.0, feedback=0.5))
    np.testing.assert_array_equal(play(made, x), rendered(echo, x))
    np.testing.assert_array_equal(play(made, x, 44_100), rendered(echo, x, 44_100))
    shown = {node.name: node.mix for node in made.stats().nodes}
    assert shown == {"amp": 0.0, "echo": 1.0}  # the nodes of the graph, and no others


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))]
)
def test_copies_and_new_rates_keep_all_of_it(kind: Any, again: Any) -> None:
    x, made = noise(2, 2000), kind(echo_graph(lag=LAG), sample_rate=RATE, name="Mine", fit="exact")
    made.mix = 0.3
    made.bypass_node("amp")
    made.set("echo.feedback", 0.1)
    wanted = play(made, x)
    twin = again(made)
    assert (twin.name, twin.mix, twin.identifier) == ("Mine", 0.3, made.identifier)
    np.testing.assert_array_equal(play(twin, x), wanted)
    play(twin, x, 44_100)
    np.testing.assert_array_equal(play(twin, x), wanted)
    made.bypass = True
    np.testing.assert_array_equal(play(again(made), x, 44_100), x)


def test_each_channel_is_bypassed() -> None:
    x, plugin = noise(3, 2000), GraphPlugin(echo_graph(1), fit="each")
    play(plugin, x)
    plugin.bypass = True
    np.testing.assert_array_equal(play(plugin, x), x)


def test_a_graph_without_input_gives_way_to_the_stream() -> None:
    graph = ng.Graph()
    graph.output("out", channels=2)
    with pytest.warns(ng.GraphWarning, match="out gets no input"):
        plugin = GraphPlugin(graph)
    x = noise(2, 500)
    assert not play(plugin, x).any()
    plugin.bypass = True
    np.testing.assert_array_equal(play(plugin, x), x)


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_values_are_refused(kind: Any) -> None:
    made = kind(echo_graph())
    for call, says in (
        (lambda: setattr(made, "bypass", 1), "bypass is 1: must be True or False"),
        (lambda: setattr(made, "mix", 1.1), r"mix is 1.1: must be a number in \[0, 1\]"),
        (lambda: made.bypass_node("gone"), "no node 'gone'; there is amp, echo"),
        (lambda: made.bypass_node(5), "no node 5"),
        (lambda: made.bypass_node("amp", "yes"), "bypassed is 'yes'"),
        (lambda: made.mix_node("amp", -1), "mix of amp: share is -1"),
        (lambda: made.set("mix", 2.0, at=5), "mix is 2.0"),
        (lambda: made.set("bypass", True, at=-5), "at is -5"),
    ):
        with pytest.raises(ng.NamgraphError, match=says):
            call()
    graph = echo_graph(2)
    graph.add("split", ng.Split(2, mode="channels"))
    graph.connect("amp", "split")
    for side in ("left", "right"):
        graph.connect(f"split.{side}", graph.add(f"meter_{side}", ng.Meter()))
    with pytest.raises(ng.ParamError, match="split cannot be mixed or bypassed"):
        kind(graph).bypass_node("split")


@pytest.mark.parametrize("kind", KINDS)
def test_latency_and_tail_are_there_before_the_first_block(kind: Any) -> None:
    late = kind(echo_graph(lag=LAG))
    assert late.reported_latency_samples == late.latency == LAG  # at 48 kHz
    assert late.tail_samples == ng.graph.tail(echo_graph(lag=LAG), ng.Spec(RATE, 64))
    late = kind(echo_graph(lag=LAG), sample_rate=96_000)
    assert late.reported_latency_samples == 2 * LAG
    assert late.tail_samples == ng.graph.tail(echo_graph(lag=LAG), ng.Spec(96_000, 64))
    play(late, noise(2, 1000), 24_000)
    assert late.reported_latency_samples == LAG // 2
    assert kind(around(ng.Gain())).tail_samples == 0
