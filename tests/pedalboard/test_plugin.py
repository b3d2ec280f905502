"""GraphPlugin in pedalboard's chains: output equal to ``render``, bit for bit."""

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.presets.preset import dumps

from .graphs import LAG, RATE, Audio, Late, Only48k, around, echo_graph, noise, play, rendered, wire

pb = pytest.importorskip("pedalboard")
adapter: Any = pytest.importorskip("namgraph.runtime.adapters.pedalboard")
GraphPlugin, GraphEffect = adapter.GraphPlugin, adapter.GraphEffect
SIZES = [1, 64, 333, 8192]


def streamed(plugin: Any, audio: Audio, sizes: list[int], buffer_size: int = 8192) -> Audio:
    plugin.reset()
    parts, at = [], 0
    for size in sizes:
        parts.append(plugin(audio[:, at : at + size], RATE, buffer_size, reset=False))
        at += size
    return np.concatenate([p for p in parts if p.size], axis=1)


@pytest.mark.parametrize("kind", [GraphPlugin, GraphEffect])
def test_several_threads_play_the_same_bits(kind: Any) -> None:
    graph, x = ng.Graph(), noise(1, 3000)
    source, sink = graph.input("in", channels=1), graph.output("out", channels=1)
    for side in "ab":
        source >> graph.add(side, ng.Drive()) >> graph.add(f"{side} eq", ng.ParametricEq()) >> sink
    plugin = kind(graph, threads=2)
    np.testing.assert_array_equal(play(plugin, x), rendered(graph, x))
    copied = copy.copy(plugin)
    np.testing.assert_array_equal(play(copied, x), rendered(graph, x))
    assert plugin.stats().threads.threads == copied.stats().threads.threads == 2
    with pytest.raises(ng.ParamError, match="threads is 0"):
        kind(graph, threads=0)


def test_it_is_a_vst3_plugin() -> None:
    plugin = GraphPlugin(echo_graph())
    assert isinstance(plugin, pb.VST3Plugin)
    assert isinstance(plugin, pb.Plugin)
    board = pb.Pedalboard([plugin])
    assert board[0] is plugin


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("lag", [0, LAG])
def test_alone_it_equals_render(size: int, channels: int, lag: int) -> None:
    x = noise(channels, 3000)
    found = GraphPlugin(echo_graph(channels, lag))(x, RATE, size)
    np.testing.assert_array_equal(found, rendered(echo_graph(channels, lag), x))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_chain_is_the_chain_made_by_hand(size: int, channels: int) -> None:
    x = noise(channels, 3000)
    board = pb.Pedalboard(
        [pb.Compressor(-20, 4), GraphPlugin(echo_graph(channels)), pb.Reverb(0.3)]
    )
    squeezed = pb.Compressor(-20, 4)(x, RATE, size)
    wanted = pb.Reverb(0.3)(rendered(echo_graph(channels), squeezed), RATE, size)
    np.testing.assert_array_equal(board(x, RATE, size), wanted)
    if size < 3000:
        sizes = [3, *[size] * (2900 // size)]  # a first array of 2 x 1 would count as mono
        found = streamed(board, x, sizes)
        np.testing.assert_array_equal(found, wanted[:, : sum(sizes)])


def test_a_wrong_chain_is_detected() -> None:
    x = noise(2, 3000)
    board = pb.Pedalboard([pb.Compressor(-20, 4), GraphPlugin(echo_graph(gain_db=-5.999))])
    wanted = rendered(echo_graph(), pb.Compressor(-20, 4)(x, RATE))
    assert not np.array_equal(board(x, RATE), wanted)


def test_mix_and_chain() -> None:
    x = noise(2)
    mix = pb.Mix(
        [pb.Chain([GraphPlugin(echo_graph(lag=LAG)), pb.Gain(-3)]), GraphPlugin(echo_graph())]
    )
    wanted = pb.Gain(-3)(rendered(echo_graph(lag=LAG), x), RATE) + rendered(echo_graph(), x)
    np.testing.assert_allclose(pb.Pedalboard([mix])(x, RATE), wanted, atol=1e-6)


@pytest.mark.parametrize("channels", range(1, 9))
def test_channel_layouts(channels: int) -> None:
    x = noise(channels, 500)
    np.testing.assert_array_equal(
        GraphPlugin(echo_graph(channels))(x, RATE), rendered(echo_graph(channels), x)
    )
    each = GraphPlugin(echo_graph(1), fit="each")(x, RATE)
    for row, given in zip(each, x, strict=True):
        np.testing.assert_array_equal(row, rendered(echo_graph(1), given))
    with pytest.raises(ValueError, match=f"{channels % 8 + 1}-channel"):
        GraphPlugin(echo_graph(channels), fit="exact")(noise(channels % 8 + 1, 500), RATE)


def test_interleaved_and_one_dimension() -> None:
    x = noise(2)
    plugin = GraphPlugin(echo_graph())
    np.testing.assert_array_equal(plugin(x.T.astype("f8"), RATE).T, rendered(echo_graph(), x))
    np.testing.assert_array_equal(
        GraphPlugin(echo_graph(1))(x[0], RATE), rendered(echo_graph(1), x[0])
    )


def test_first_feeds_a_mono_graph_of_stereo_output() -> None:
    graph = ng.Graph()
    graph.input("in", channels=1) >> graph.add("pan", ng.Pan(position=0.5))
    graph.handle("pan") >> graph.output("out", channels=2)
    x = noise(2)
    with pytest.raises(ng.PortError, match="needs as many out as in; fit='auto' joins"):
        GraphPlugin(graph, fit="exact")
    np.testing.assert_array_equal(GraphPlugin(graph, fit="first")(x, RATE), rendered(graph, x[0]))


def test_graphs_that_cannot_be_a_plugin_are_refused() -> None:
    two = ng.Graph()
    for name in "ab":
        two.input(name, channels=1) >> two.output(f"{name}_out", channels=1)
    for bad, match in [(two, "inputs"), (echo_graph(9), "9 channels")]:
        with pytest.raises(ng.PortError, match=match):
            GraphPlugin(bad)
    with pytest.raises(ng.PresetError, match=r"rack\.json"):
        GraphPlugin("rack.json")
    with pytest.raises(ng.ParamError, match="fit is 'wide'"):
        GraphPlugin(echo_graph(), fit="wide")
    with pytest.raises(ng.PortError, match="each"):
        GraphPlugin(echo_graph(2), fit="each")


def test_latency_is_reported_and_taken_out() -> None:
    x = noise(2, 1000)
    late = around(Late(time_ms=LAG * 1e3 / RATE, feedback=0.0, mix=1.0))
    plugin = GraphPlugin(late)
    np.testing.assert_allclose(plugin(x, RATE), x, atol=1e-6)
    assert plugin.latency == plugin.reported_latency_samples == LAG
    plugin.reset()
    lengths = [plugin(x[:, i : i + 64], RATE, reset=False).shape[1] for i in range(0, 256, 64)]
    assert lengths == [0, 28, 64, 64]
    both = pb.Mix([GraphPlugin(late), pb.Gain(0)])
    np.testing.assert_allclose(both(x, RATE), 2 * x, atol=1e-6)


def test_reset_clears_the_state_and_a_longer_block_does_not() -> None:
    x = noise(2, 4000)
    plugin = GraphPlugin(echo_graph())
    first = plugin(x, RATE)
    np.testing.assert_array_equal(plugin(x, RATE), first)
    carried = plugin(x, RATE, reset=False)
    assert not np.array_equal(carried, first)
    growing = streamed(plugin, x, [16, 64, 500, 1, 3000])
    np.testing.assert_array_equal(growing, first[:, : growing.shape[1]])


def test_rates_come_and_go() -> None:
    x, plugin = noise(2), GraphPlugin(echo_graph())
    for rate in (44_100, 48_000, 96_000, 44_100):
        np.testing.assert_array_equal(plugin(x, rate), rendered(echo_graph(), x, rate))


def test_what_prepare_raises_is_raised_where_the_chain_was_called() -> None:
    x, plugin = noise(2, 500), GraphPlugin(around(Only48k(gain_db=-6.0)))
    board = pb.Pedalboard([pb.Gain(0), plugin])
    wanted = board(x, RATE)
    for call in (board, plugin):
        with pytest.raises(ng.EngineError, match="rate is 44100: must be 48000"):
            call(x, 44_100)
    np.testing.assert_array_equal(board(x, RATE), wanted)
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            board(x, 44_100)
        except ng.EngineError as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(caught) == 1
    assert isinstance(caught[0].__cause__, ng.EngineError)


def test_parameters_are_attributes_and_exact() -> None:
    plugin = GraphPlugin(around(ng.Gain()))
    x = np.ones((2, 64), np.float32)
    for value in np.random.default_rng(0).uniform(-80, 36, 200):
        plugin.fx_gain_db = value
        assert plugin.fx_gain_db == value
        np.testing.assert_array_equal(plugin(x, RATE), rendered(around(ng.Gain(gain_db=value)), x))
    shown = plugin.parameters["fx_gain_db"]
    assert (shown.name, shown.units, shown.range) == ("fx.gain_db", "dB", (-80, 36, None))
    assert "fx_gain_db" in dir(plugin)


def test_a_timed_parameter_changes_at_its_frame() -> None:
    x = noise(2, 1000)
    plugin = GraphPlugin(echo_graph())
    plugin(x, RATE)
    plugin.reset()
    plugin.set("amp.gain_db", -20.0, at=321)
    changes = [(321, "amp.gain_db", -20.0)]
    wanted = ng.render(echo_graph(), x, RATE, tail=False, changes=changes)
    np.testing.assert_array_equal(plugin(x, RATE, reset=False), wanted)


def test_mistyped_names_and_values_out_of_range_are_refused() -> None:
    plugin = GraphPlugin(echo_graph())
    with pytest.raises(AttributeError, match="amp_gain_db"):
        plugin.amp_gian_db = 3.0
    with pytest.raises(AttributeError, match="amp_gain_db"):
        _ = plugin.amp_gian_db
    with pytest.raises(ng.ParamError, match=r"amp.gain_db is 99.0: must be .* dB"):
        plugin.amp_gain_db = 99.0
    with pytest.raises(ng.UnknownNameError, match=r"amp\.gain_db"):
        plugin.set("amp.gain", 0.0)
    with pytest.raises(ng.EngineError, match="no window"):
        plugin.show_editor()
    assert plugin.amp_gain_db == -6.0


def test_ambiguous_names_are_no_attributes() -> None:
    graph = ng.Graph()
    end = graph.input("in", channels=1)
    for name in ("a b", "a_b", "latency"):
        end = end >> graph.add(name, ng.Gain())
    end >> graph.output("out", channels=1)
    plugin = GraphPlugin(graph)
    assert set(plugin.parameters) == {"latency_gain_db", "mix", "bypass"}
    plugin.set("a b.gain_db", -3.0)
    assert (plugin.get("a b.gain_db"), plugin.get("a_b.gain_db")) == (-3.0, 0.0)


def test_many_parameter_changes_without_processing() -> None:
    plugin = GraphPlugin(echo_graph(), sample_rate=RATE)
    for k in range(20_000):
        plugin.amp_gain_db = -(k % 60)
    x = noise(2, 500)
    np.testing.assert_array_equal(plugin(x, RATE), rendered(echo_graph(gain_db=-(19_999 % 60)), x))


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))]
)
def test_copies_have_the_same_preset_and_output(again: Any) -> None:
    x, plugin = noise(2, 2000), GraphPlugin(echo_graph())
    plugin.amp_gain_db = -12.3456789
    twin = again(plugin)
    assert dumps(twin.graph) == dumps(plugin.graph)
    np.testing.assert_array_equal(twin(x, RATE), plugin(x, RATE))
    twin.amp_gain_db = 0.0
    assert plugin.amp_gain_db == -12.3456789


def test_state_as_bytes() -> None:
    plugin = GraphPlugin(echo_graph())
    plugin.amp_gain_db = -12.3456789
    state = plugin.raw_state
    plugin.amp_gain_db, plugin.echo_mix = 0.0, 1.0
    plugin.raw_state = state
    assert plugin.raw_state == state
    for bad in (b"x", b"[]", b'{"amp.gain_db": 99}', b'{"amp.loudness": 1}'):
        with pytest.raises(ng.NamgraphError):
            plugin.raw_state = bad
    assert plugin.raw_state == state


def test_repr_shows_the_graph() -> None:
    shown = repr(pb.Pedalboard([GraphPlugin(echo_graph(lag=LAG), sample_rate=RATE)]))
    assert "<GraphPlugin in -> amp (gain) -> echo (delay) -> late" in shown
    assert f"-> out (1 or 2 channels, latency {LAG})>" in shown


def test_an_empty_graph_passes_audio_through() -> None:
    x = noise(2)
    np.testing.assert_array_equal(GraphPlugin(wire())(x, RATE), x)
