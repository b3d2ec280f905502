"""Automation and control signals in pedalboard's plugins."""

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits

pedalboard = pytest.importorskip("pedalboard")

LANES = {"gain.gain_db": [(0, 0.0), (0.1, -20.0)], "gain.mix": [(0.0, 1.0), (0.15, 0.0)]}
X = np.random.default_rng(1).uniform(-0.5, 0.5, 9600).astype(np.float32)


@pytest.mark.parametrize("kind", ["GraphPlugin", "GraphEffect"])
def test_a_plugin_follows_its_lanes_from_each_reset(kind: str) -> None:
    plugin = getattr(ng, kind)(ng.Gain(), automation=LANES)
    wanted = ng.render(ng.Gain(), X, 48_000, automation=LANES)
    if kind == "GraphEffect":
        played = ng.Board([plugin])(X[None], 48_000)[0]
    else:
        same_bits(plugin(X[None], 48_000)[0], wanted)
        played = plugin(X[None], 48_000, buffer_size=77)[0]
    same_bits(played, wanted)


def test_a_plugin_plays_a_modulated_rack() -> None:
    graph = ng.Graph.chain(ng.Gain())
    graph.add("lfo", ng.Lfo(rate_hz=7.0))
    graph.connect("lfo", "gain.gain_db", 0.1)
    plugin = ng.GraphPlugin(graph)
    same_bits(plugin(X[None], 48_000, buffer_size=100)[0], ng.render(graph, X, 48_000))
    assert plugin.lfo_rate_hz == 7.0
