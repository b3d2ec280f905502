"""A graph with a node of every type that ships, made from the registry of node types.

A new type is added automatically, with its first example of tests/nodes/examples.py.  All nodes are
in parallel: each has the guitar as input, and all outputs are summed.
"""

from collections.abc import Iterator

import namgraph as ng
from namgraph import nodes
from namgraph.graph import Kind, Node, Port, node_types

from ..nodes.examples import examples

__all__ = ["every_node", "shipped_types"]


def shipped_types() -> Iterator[str]:
    """Yield the types of the package that can play live, by name."""
    for name, cls in sorted(node_types().items()):
        ours = cls.__module__.startswith(f"{nodes.__name__}.")
        if ours and not getattr(cls, "offline_only", ""):
            yield name


def every_node() -> ng.Graph:
    """Return the graph: mono in, stereo out."""
    graph = ng.Graph()
    graph.name = "Every node"
    graph.input("guitar", channels=1)
    graph.add("both sides", ng.Pan(position=0.1))
    graph.connect("guitar", "both sides")
    graph.add("middle", ng.Pan(position=-0.2))
    graph.add("level", ng.Gain(gain_db=-20.0))
    graph.add("wave", ng.Lfo(rate_hz=7.0))
    for name in shipped_types():
        _join(graph, name, examples(name)[0])
    graph.connect("middle", "level")
    graph.connect("level", graph.output("out", channels=2))
    return graph


def _join(graph: ng.Graph, name: str, node: Node) -> None:
    """Connect every input of a node to the guitar, and every output towards the end."""
    graph.add(name, node)
    for port in node.inputs:
        graph.connect(_source(port), f"{name}.{port.name}")
    for port in node.outputs:
        if port.kind is Kind.CONTROL:
            moved = f"{name} {port.name} moves"
            graph.add(moved, ng.Gain(gain_db=-6.0))
            graph.connect("guitar", moved)
            graph.connect(f"{name}.{port.name}", f"{moved}.gain_db", 0.1)
            graph.connect(moved, "middle")
            continue
        width = port.channels or (2 if any(p.channels == 2 for p in node.inputs) else 1)
        assert width in (1, 2), f"{name}.{port.name} has {width} channels: say here how to add it"
        graph.connect(f"{name}.{port.name}", "middle" if width == 1 else "level")


def _source(port: Port) -> str:
    if port.kind is Kind.CONTROL:
        return "wave"
    return "both sides" if port.channels == 2 else "guitar"
