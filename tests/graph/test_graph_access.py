"""Nodes of a graph by name, and its latency and tail at a sample rate."""

from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Node, Spec, schedule, tail

CAB = ng.asset("cab.wav")


class Late(Node):
    """Late by a tenth of a second."""

    type_name = "late"

    def latency(self, spec: Spec) -> int:
        return round(0.1 * spec.rate)

    def tail(self, spec: Spec) -> int:
        return 7


def rack(*nodes: Node) -> ng.Graph:
    graph = ng.Graph()
    end = graph.input("in", channels=1)
    for number, node in enumerate(nodes):
        end = end >> graph.add(f"node{number}", node)
    end >> graph.output("out", channels=1)
    return graph


def test_a_graph_is_asked_for_its_nodes_by_name() -> None:
    graph = rack(ng.Gain(gain_db=3.0), ng.Delay())
    assert graph["node0"] == ng.Gain(gain_db=3.0)
    assert graph["node1"] is graph.nodes["node1"]
    assert list(graph) == ["node0", "node1"] == list(graph.nodes)
    assert len(graph) == 2
    assert "node0" in graph
    assert "in" not in graph, "an input is no node"
    assert 3 not in graph
    assert [] not in graph
    graph.replace("node0", ng.Gain(gain_db=-3.0))
    assert graph["node0"] == ng.Gain(gain_db=-3.0)


def test_nodes_may_be_removed_while_names_are_iterated() -> None:
    graph = rack(ng.Gain(), ng.Delay())
    for name in graph:
        graph.remove(name)
    assert len(graph) == 0


def test_a_graph_without_nodes_is_true() -> None:
    assert ng.Graph()
    assert not len(ng.Graph())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("nod0", "no node 'nod0'; nearest: node0"),
        ("node0.gain_db", "no node 'node0.gain_db'; nearest: node0"),
        ("reverb", "no node 'reverb'; there is node0, node1"),
        ("in", "'in' is an input of the graph, no node: graph.handle..in.. connects it"),
        ("out", "'out' is an output of the graph"),
        (0, "no node 0; there is node0"),
        (None, "no node None"),
        ([], r"no node \[\]"),
        ("x" * 9_999, "no node 'xxx"),
    ],
)
def test_a_name_that_is_not_there_is_an_error_with_the_nearest(wrong: Any, says: str) -> None:
    with pytest.raises(ng.UnknownNameError, match=says) as caught:
        rack(ng.Gain(), ng.Delay())[wrong]
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


def test_of_many_names_some_are_listed() -> None:
    with pytest.raises(ng.UnknownNameError, match=r"node19, and 30 more$"):
        rack(*[ng.Gain()] * 50)["zz"]
    with pytest.raises(ng.UnknownNameError, match=r"there is none$"):
        ng.Graph()["zz"]


def test_latency_and_tail_are_those_of_the_schedule() -> None:
    graph = rack(Late(), ng.Cab(CAB), Late())
    for rate in (44_100, 96_000.0):
        spec = Spec(rate, 64)
        assert graph.latency(rate) == graph.latency(spec) == schedule(graph, spec).latency
        assert graph.latency(rate) == 2 * round(0.1 * rate)
        assert graph.tail(rate) == graph.tail(spec) == tail(graph, spec) > 14
    assert (ng.Graph().latency(48_000), ng.Graph().tail(48_000)) == (0, 0)


def test_a_render_is_longer_by_the_tail() -> None:
    graph, x = rack(ng.Cab(CAB)), np.zeros(100, np.float32)
    assert ng.render(graph, x, 48_000).shape[-1] == 100 + graph.tail(48_000)


@pytest.mark.parametrize("method", ["latency", "tail"])
@pytest.mark.parametrize("wrong", [None, "48000", 0, -1, float("nan"), True, 1e9, [48_000]])
def test_a_wrong_rate_is_named(method: str, wrong: Any) -> None:
    with pytest.raises(ng.ParamError, match=r"^sample_rate is .*must be a number in .* Hz$"):
        getattr(rack(ng.Gain()), method)(wrong)


def test_a_loop_is_named() -> None:
    graph = rack(ng.Gain(), ng.Delay())
    graph.connect("node1", "node0")
    with pytest.raises(ng.CycleError, match="node0"):
        graph.latency(48_000)
