"""Another graph in a plugin while it plays, and what stays of the one before."""

import threading
from typing import Any

import numpy as np
import pytest

import namgraph as ng

from ..nodes.nam.captures.files import dense, keras, layer
from ..nodes.nam.nets import lstm
from ..nodes.nam.parametric.files import concat_lstm, film_a2
from .graphs import LAG, RATE, Late, Only48k, around, echo_graph, noise, play, rendered, wire

pb = pytest.importorskip("pedalboard")
from namgraph.runtime.adapters.pedalboard import GraphEffect, GraphPlugin  # noqa: E402

KINDS: list[Any] = [GraphPlugin, GraphEffect]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("played", [False, True])
def test_the_next_call_plays_the_new_graph(kind: Any, played: bool) -> None:
    x, made = noise(2, 3000), kind(echo_graph())
    made.mix = 0.5
    if played:
        play(made, x)
    made.swap(around(ng.Gain(gain_db=-20.0)))
    made.mix = 1.0
    np.testing.assert_array_equal(play(made, x), rendered(around(ng.Gain(gain_db=-20.0)), x))
    assert set(made.parameters) == {"fx_gain_db", "mix", "bypass"}
    assert made.graph == around(ng.Gain(gain_db=-20.0))
    np.testing.assert_array_equal(
        play(made, x, 44_100), rendered(around(ng.Gain(gain_db=-20.0)), x, 44_100)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_crossfades_and_equal_nodes_keep_state_and_settings(kind: Any) -> None:
    x, made = noise(2, 12_000), kind(echo_graph(), sample_rate=RATE)
    made.amp_gain_db = -12.0
    heard = [play(made, x[:, :4000], reset=False)]
    longer = echo_graph()
    longer.remove("out")
    longer.handle("echo") >> longer.add("dc", ng.DcBlock()) >> longer.output("main", channels=2)
    made.swap(longer)
    assert made.graph.nodes["amp"] == ng.Gain(gain_db=-12.0)  # as last set
    heard += [play(made, x[:, at : at + 64], reset=False) for at in range(4000, 12_000, 64)]
    wanted = longer.with_params({"amp.gain_db": -12.0})
    found = np.concatenate(heard, axis=1)
    np.testing.assert_allclose(found[:, 9000:], rendered(wanted, x)[:, 9000:], atol=1e-4)
    assert np.abs(np.diff(found[:, 3990:4100])).max() < 2.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_node_with_another_value_keeps_its_state_and_glides(kind: Any) -> None:
    x = np.zeros((2, 4000), np.float32)
    x[:, 0] = 1.0
    made = kind(echo_graph(gain_db=0.0), sample_rate=RATE)
    before = play(made, x[:, :100], reset=False)
    made.swap(around(ng.Gain()))  # the echo is gone, and comes back empty
    made.swap(echo_graph(gain_db=-6.0))
    after = play(made, x[:, 100:], reset=False)
    assert before[0, 0] > 0.1
    assert np.isfinite(after).all()
    again = kind(echo_graph(gain_db=0.0), sample_rate=RATE)
    play(again, x[:, :100], reset=False)
    again.swap(echo_graph(gain_db=-6.0))  # the same nodes: the echo rings on
    found = play(again, x[:, 100:], reset=False)
    np.testing.assert_array_equal(found, rendered(echo_graph(gain_db=0.0), x)[:, 100:])
    assert again.amp_gain_db == -6.0


@pytest.mark.parametrize("kind", KINDS)
def test_many_swaps_without_a_block_end_with_the_last(kind: Any) -> None:
    x, made = noise(2, 1000), kind(echo_graph())
    play(made, x)
    for k in range(25):
        made.swap(around(ng.Gain(gain_db=-k)) if k % 2 else echo_graph(gain_db=-k))
        if k in (1, 3, 24):
            wanted = rendered(made.graph, x)
            np.testing.assert_array_equal(play(made, x), wanted)


KNOB = keras(layer("lstm", 2, 6), dense(6), in_shape=[None, None, 2])
OTHERS: list[Any] = [
    lstm(8, 1, 2),
    film_a2(3, name="knob2"),
    film_a2(3, name="knob1"),
    concat_lstm(),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", OTHERS)
def test_a_capture_with_other_knobs(kind: Any, other: Any) -> None:
    x, nodes = noise(1, 2000), [ng.Nam(ng.load_capture(file)) for file in (KNOB, other)]
    made = kind(ng.Graph.chain(amp=nodes[0]))
    for _ in range(2):
        made.amp_knob1 = 0.25
        play(made, x)
        made.swap(ng.Graph.chain(amp=nodes[1]))
        graph = ng.Graph.chain(amp=nodes[1])
        np.testing.assert_array_equal(play(made, x), rendered(graph, x))
        assert made.graph == graph
        made.swap(ng.Graph.chain(amp=nodes[0]))
        assert made.amp_knob1 == 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_the_host_learns_another_latency(kind: Any) -> None:
    x, made = noise(2, 1000), kind(wire())
    play(made, x)
    late = around(Late(time_ms=LAG * 1e3 / RATE, feedback=0.0, mix=1.0))
    made.swap(late)
    assert made.latency == made.reported_latency_samples == LAG
    np.testing.assert_allclose(play(made, x), x, atol=1e-6)
    made.bypass = True
    np.testing.assert_array_equal(play(made, x), x)
    made.swap(wire())
    assert made.latency == 0
    np.testing.assert_array_equal(play(made, x), x)


@pytest.mark.parametrize("kind", KINDS)
def test_from_a_copy_for_each_channel_to_one_graph_and_back(kind: Any) -> None:
    x, made = noise(2, 1000), kind(echo_graph(1), sample_rate=RATE)
    with pytest.warns(ng.ChannelsWarning, match="a copy of it plays each channel"):
        play(made, x)
    made.swap(echo_graph(2))
    np.testing.assert_array_equal(play(made, x), rendered(echo_graph(2), x))
    made.swap(echo_graph(1, gain_db=-3.0))
    wanted = [rendered(echo_graph(1, gain_db=-3.0), side) for side in x]
    np.testing.assert_array_equal(play(made, x), wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_play_is_refused_and_changes_nothing(kind: Any) -> None:
    x, made = noise(2, 1000), kind(echo_graph())
    wanted = play(made, x, 44_100)
    for graph, says in (
        ("x.nam", "x.nam: cannot be read"),
        (None, "graph is None"),
        (echo_graph(3), "a 2-channel stream: the graph plays 1, 3 channels"),
        (echo_graph(9), "the graph's output has 9 channels"),
        (around(Only48k()), "only48k: the rate is 44100"),
    ):
        with pytest.raises(ng.NamgraphError, match=says):
            made.swap(graph)
    assert made.graph == echo_graph()
    np.testing.assert_array_equal(play(made, x, 44_100), wanted)
    mono = kind(echo_graph(1))
    with pytest.warns(ng.ChannelsWarning):
        wanted = play(mono, x, 44_100)
    with pytest.raises(ng.EngineError, match="only48k: the rate is 44100"):
        mono.swap(around(Only48k()))  # other engines: they are built anew
    np.testing.assert_array_equal(play(mono, x, 44_100), wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_a_node_that_stays_keeps_its_mix_and_its_timed_changes(kind: Any) -> None:
    x, made = noise(2, 2000), kind(echo_graph(), sample_rate=RATE)
    made.bypass_node("echo")
    made.set("amp.gain_db", -20.0, at=1500)
    play(made, x[:, :500], reset=False)
    longer = echo_graph()
    longer.add("meter", ng.Meter())
    longer.connect("amp", "meter")
    made.swap(longer)
    assert made.amp_gain_db == -6.0
    play(made, x[:, 500:], reset=False)
    assert made.amp_gain_db == -20.0
    mixes = {node.name: node.bypassed for node in made.stats().nodes}
    assert mixes == {"amp": False, "echo": True, "meter": False}


@pytest.mark.filterwarnings("ignore::namgraph.ChannelsWarning")
def test_it_is_swapped_while_another_thread_plays() -> None:
    x, plugin = noise(2, 640), GraphPlugin(echo_graph(), sample_rate=RATE)
    stereo = [echo_graph(), around(ng.Gain(gain_db=-3.0)), wire(), echo_graph(1)]
    over, wrong = threading.Event(), list[str]()

    def turn() -> None:
        k = 0
        try:
            while not over.is_set():
                plugin.swap(stereo[k % len(stereo)])
                plugin.bypass = bool(k % 2)
                k += 1
        except BaseException as error:
            wrong.append(repr(error))

    hand = threading.Thread(target=turn)
    hand.start()
    try:
        for k in range(300):
            heard = plugin(x, 44_100 if k % 50 == 49 else RATE, reset=k % 20 == 0)
            if not np.isfinite(heard).all() or np.abs(heard).max() > 20:
                wrong.append("not sound")
    finally:
        over.set()
        hand.join()
    assert wrong == []
    plugin.swap(echo_graph(gain_db=-9.0))
    plugin.bypass = False
    np.testing.assert_array_equal(plugin(x, RATE), rendered(plugin.graph, x))
