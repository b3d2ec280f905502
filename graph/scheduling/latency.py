"""Latency compensation, and the tail of a graph.  All numbers are frames."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..connection import Connectable, PortRef
from ..errors import GraphError
from ..port import Space
from ..prepare import Spec
from .ends import Ends, Entering

__all__ = ["Latencies", "compute_latencies", "longest_tail", "transfer_latency"]


@dataclass
class Latencies:
    """Latency of each node's signals, counted from the inputs of the graph."""

    arriving: dict[str, int] = field(default_factory=dict)
    """At all input ports of the node; signals with less latency are delayed to match."""
    leaving: dict[str, int] = field(default_factory=dict)
    """At all output ports of the node."""
    total: int = 0
    """At all outputs of the graph."""


def compute_latencies(graph: Connectable, spec: Spec, ends: Ends) -> Latencies:
    """Return all latencies, with the inputs of each node and the outputs of the graph aligned."""
    latencies, nodes, outputs = Latencies(), graph.nodes, graph.outputs
    arriving, leaving = latencies.arriving, latencies.leaving
    for name, entering in ends.entering.items():
        latency = _arrival(graph, spec, entering, leaving)
        for source in ends.moving.get(name, ()):
            latency = max(latency, leaving[source.node])
        arriving[name] = latency
        if name in nodes:
            latency += _frames(name, "latency", nodes[name].latency(spec))
        leaving[name] = latency
    # Outputs are aligned with each other: they are often recorded or mixed together outside.
    latencies.total = max((arriving[name] for name in outputs), default=0)
    for name in outputs:
        arriving[name] = leaving[name] = latencies.total
    return latencies


def _arrival(graph: Connectable, spec: Spec, entering: Entering, leaving: Mapping[str, int]) -> int:
    """Return the latency at which all input signals of a node are aligned."""
    latency, staying = 0, list[tuple[int, int]]()
    for _, port, sources in entering:
        for source in sources:
            late = leaving[source.node]
            cost = transfer_latency(graph, spec, source) if spec.pipelined else 0
            if cost and port.space is Space.DEVICE:
                staying.append((late, late + cost))
                latency = max(latency, late)
            else:
                latency = max(latency, late + cost)
    # From device to device there is no transfer, unless the signal must be delayed: delays are on
    # the host, and the transfer to the host adds its own latency.
    for late, around in sorted(staying):
        if latency > late:
            latency = max(latency, around)
    return latency


def transfer_latency(graph: Connectable, spec: Spec, source: PortRef) -> int:
    """Return the latency added to a signal of this output port by its transfer to the host."""
    if not spec.pipelined or source.node not in graph.nodes:
        return 0
    spaces = {port.name: port.space for port in graph.ports(source.node, "output")}
    return spec.max_frames if spaces[source.port] is Space.DEVICE else 0


def longest_tail(graph: Connectable, spec: Spec, ends: Ends) -> int:
    """Return the greatest sum of tails along any path to an output of the graph."""
    tails: dict[str, int] = {}
    for name, entering in ends.entering.items():
        before = (tails[source.node] for _, _, sources in entering for source in sources)
        tail = max(before, default=0)
        if name in graph.nodes:
            tail += _frames(name, "tail", graph.nodes[name].tail(spec))
        tails[name] = tail
    return max((tails[name] for name in graph.outputs), default=0)


def _frames(name: str, what: str, frames: int) -> int:
    try:
        count = operator.index(frames)
    except TypeError:
        count = -1
    if count < 0:
        raise GraphError(f"{name} has a {what} of {frames!r} frames: must be an int, 0 or more")
    return count
