"""When signals arrive: latency, and how long a graph rings on."""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..connection import PortRef
from ..errors import GraphError
from ..graph import Graph
from ..port import Space
from ..prepare import Spec

__all__ = ["Lags", "balance", "crossing", "longest_tail"]


@dataclass
class Lags:
    """By how many frames the signals of each node are late, counted from the graph's inputs."""

    arriving: dict[str, int] = field(default_factory=dict)
    """At every input port of the node: earlier signals are delayed to meet the latest."""
    leaving: dict[str, int] = field(default_factory=dict)
    """At every output port of the node."""
    total: int = 0
    """At every output of the graph."""


def balance(
    graph: Graph, spec: Spec, order: Sequence[str], sources: Mapping[PortRef, Sequence[PortRef]]
) -> Lags:
    """Compute how late everything is when all that meets, in a node or at the ends, is aligned."""
    lags = Lags()
    for name in order:
        lag = lags.arriving[name] = _meeting(graph, spec, name, sources, lags)
        if name in graph.nodes:
            lag += _frames(name, "latency", graph.nodes[name].latency(spec))
        lags.leaving[name] = lag
    # Outputs are often recorded or mixed together outside: they stay aligned with each other.
    lags.total = max((lags.arriving[name] for name in graph.outputs), default=0)
    for name in graph.outputs:
        lags.arriving[name] = lags.leaving[name] = lags.total
    return lags


def _meeting(
    graph: Graph,
    spec: Spec,
    name: str,
    sources: Mapping[PortRef, Sequence[PortRef]],
    lags: Lags,
) -> int:
    """Return how late the signals of a node meet."""
    lag, staying = 0, list[tuple[int, int]]()
    for port in graph.ports(name, "input"):
        for source in sources[PortRef(name, port.name)]:
            late, cost = lags.leaving[source.node], crossing(graph, spec, source)
            if port.space is Space.DEVICE and cost:
                staying.append((late, late + cost))
                lag = max(lag, late)
            else:
                lag = max(lag, late + cost)
    # From device to device nothing crosses, unless the signal must wait for another: it does so on
    # the host, and to get there takes its time.
    for late, around in sorted(staying):
        if lag > late:
            lag = max(lag, around)
    return lag


def crossing(graph: Graph, spec: Spec, source: PortRef) -> int:
    """Return by how many frames a signal is late on the host, having come from this port."""
    if not spec.pipelined or source.node not in graph.nodes:
        return 0
    spaces = {port.name: port.space for port in graph.ports(source.node, "output")}
    return spec.max_frames if spaces[source.port] is Space.DEVICE else 0


def longest_tail(
    graph: Graph, spec: Spec, order: Sequence[str], sources: Mapping[PortRef, Sequence[PortRef]]
) -> int:
    """Return the greatest sum of tails along any way to an output of the graph."""
    rings: dict[str, int] = {}
    for name in order:
        ring = max(
            (
                rings[source.node]
                for port in graph.ports(name, "input")
                for source in sources[PortRef(name, port.name)]
            ),
            default=0,
        )
        if name in graph.nodes:
            ring += _frames(name, "tail", graph.nodes[name].tail(spec))
        rings[name] = ring
    return max((rings[name] for name in graph.outputs), default=0)


def _frames(name: str, what: str, frames: int) -> int:
    try:
        count = operator.index(frames)
    except TypeError:
        count = -1
    if count < 0:
        raise GraphError(f"{name} has a {what} of {frames!r} frames: must be an int, 0 or more")
    return count
