"""The order, ports and connections of a graph, looked up once for all passes of a schedule."""

from typing import NamedTuple

from ..connection import Connectable, PortRef
from ..port import Port
from .order import topological_order

__all__ = ["Ends", "Entering", "find_ends"]

Entering = list[tuple[PortRef, Port, list[PortRef]]]
"""Input ports, each with the output ports connected to it, in the order connected."""


class Ends(NamedTuple):
    """The ports of each node and of each end of a graph; both mappings are in topological order."""

    entering: dict[str, Entering]
    leaving: dict[str, list[tuple[PortRef, Port]]]
    """Output ports."""
    moving: dict[str, list[PortRef]]
    """The control outputs that move parameters of a node, in the order connected."""


def find_ends(graph: Connectable) -> Ends:
    """Return the ports of a graph in topological order; ``CycleError`` if there is none."""
    names = (*graph.inputs, *graph.nodes, *graph.outputs)
    successors: dict[str, list[str]] = {name: [] for name in names}
    for source, target in graph.connections:
        successors[source.node].append(target.node)
    moving: dict[str, list[PortRef]] = {}
    for source, target, *_ in graph.modulations:
        successors[source.node].append(target.node)
        moving.setdefault(target.node, []).append(source)
    order, sources = topological_order(successors), graph.sources()
    ends, ports = Ends({}, {}, moving), graph.ports
    for name in order:
        ends.entering[name] = [
            (ref := PortRef(name, port.name), port, sources[ref]) for port in ports(name, "input")
        ]
        ends.leaving[name] = [(PortRef(name, port.name), port) for port in ports(name, "output")]
    return ends
