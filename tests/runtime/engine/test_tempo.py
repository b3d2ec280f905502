"""One tempo for all nodes that follow it, at exact frames."""

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits


def rack() -> ng.Graph:
    graph = ng.Graph()
    gain = graph.add("gain", ng.Gain())
    graph.input("in", channels=1) >> gain >> graph.output("out", channels=1)
    for name, sync in (("slow", "1/4"), ("fast", "1/8t")):
        graph.add(name, ng.Lfo(sync=sync))
        graph.connect(name, "gain.gain_db", 0.1)
    return graph


def test_the_tempo_is_that_of_all_nodes_that_follow_it() -> None:
    engine = ng.Engine(rack(), sample_rate=48_000, max_frames=64)
    engine.set("tempo_bpm", 90.0)
    engine.process(np.zeros((1, 64), np.float32))
    assert engine.get("slow.tempo_bpm") == engine.get("fast.tempo_bpm") == 90.0
    assert engine.get("tempo_bpm") == 90.0
    assert engine.graph.nodes["fast"] == ng.Lfo(sync="1/8t", tempo_bpm=90.0)


def test_it_changes_at_an_exact_frame_in_every_cut() -> None:
    x, changes = np.ones(9600, np.float32), [(4801, "tempo_bpm", 60.0)]
    reference = ng.render(rack(), x, 48_000, block=64, changes=changes)
    each = [(4801, "slow.tempo_bpm", 60.0), (4801, "fast.tempo_bpm", 60.0)]
    same_bits(ng.render(rack(), x, 48_000, block=7, changes=each), reference)
    assert (ng.render(rack(), x, 48_000) != reference).any()


def test_values_out_of_range_are_refused() -> None:
    engine = ng.Engine(ng.Graph.chain(ng.Gain()), sample_rate=48_000, max_frames=64)
    engine.set("tempo_bpm", 90.0)
    assert engine.get("tempo_bpm") == 90.0
    for bad in (9.0, 401.0, float("nan"), "fast"):
        with pytest.raises(ng.ParamError, match="tempo_bpm is"):
            ng.Engine(rack(), sample_rate=48_000, max_frames=64).set("tempo_bpm", bad)  # type: ignore[arg-type]


def test_a_plugin_has_the_tempo_too() -> None:
    pytest.importorskip("pedalboard")
    plugin = ng.GraphPlugin(rack())
    plugin.set("tempo_bpm", 90.0)
    assert plugin.get("tempo_bpm") == plugin.get("fast.tempo_bpm") == 90.0
    x = np.ones((1, 4800), np.float32)
    graph = rack().with_params({"slow.tempo_bpm": 90.0, "fast.tempo_bpm": 90.0})
    same_bits(plugin(x, 48_000), ng.render(graph, x, 48_000, tail=False))
