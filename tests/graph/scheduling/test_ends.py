"""The ports of a graph in topological order, each with what is connected to it."""

import pytest

from namgraph.graph import CycleError, Graph, Port
from namgraph.graph.scheduling.ends import find_ends

from ..racks import Box, chain


def test_ports_are_found_in_topological_order_with_their_sources() -> None:
    graph = Graph()
    last = graph.add("last", Box(ins=(Port("a"), Port("b")), outs=(Port("y"), Port("z"))))
    first = graph.add("first", Box())
    source, out = graph.input("in", channels=1), graph.output("out", channels=1)
    source >> first >> last["b"]
    source >> last["b"]
    last["z"] >> out
    ends = find_ends(graph)
    assert list(ends.entering) == list(ends.leaving) == ["in", "first", "last", "out"]
    read = {
        str(ref): (port.name, [str(source) for source in sources])
        for entering in ends.entering.values()
        for ref, port, sources in entering
    }
    assert read == {
        f"first.{first_port(graph, 'first')}": (first_port(graph, "first"), ["in.out"]),
        "last.a": ("a", []),
        "last.b": ("b", [f"first.{graph.ports('first', 'output')[0].name}", "in.out"]),
        "out.in": ("in", ["last.z"]),
    }
    written = [str(ref) for leaving in ends.leaving.values() for ref, _ in leaving]
    assert written[0] == "in.out"
    assert written[-2:] == ["last.y", "last.z"]


def first_port(graph: Graph, name: str) -> str:
    return graph.ports(name, "input")[0].name


def test_a_graph_without_anything_has_no_ends() -> None:
    assert find_ends(Graph()) == ({}, {}, {})


def test_a_loop_is_refused() -> None:
    graph = chain(3)
    names = list(graph.nodes)
    graph.connect(names[2], names[0])
    with pytest.raises(CycleError, match=f"{names[0]} -> {names[1]}"):
        find_ends(graph)
