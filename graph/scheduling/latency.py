"""Latency compensation, and the tail of a graph.  All numbers are frames."""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..connection import Connectable, PortRef
from ..errors import GraphError
from ..port import Space
from ..prepare import Spec

__all__ = ["Latencies", "compute_latencies", "longest_tail", "modulators", "transfer_latency"]


@dataclass
class Latencies:
    """Latency of each node's signals, counted from the inputs of the graph."""

    arriving: dict[str, int] = field(default_factory=dict)
    """At all input ports of the node; signals with less latency are delayed to match."""
    leaving: dict[str, int] = field(default_factory=dict)
    """At all output ports of the node."""
    total: int = 0
    """At all outputs of the graph."""


def compute_latencies(
    graph: Connectable,
    spec: Spec,
    order: Sequence[str],
    sources: Mapping[PortRef, Sequence[PortRef]],
) -> Latencies:
    """Return all latencies, with the inputs of each node and the outputs of the graph aligned."""
    latencies, controls = Latencies(), modulators(graph)
    for name in order:
        latency = _arrival(graph, spec, name, sources, latencies)
        for source in controls.get(name, ()):
            latency = max(latency, latencies.leaving[source.node])
        latencies.arriving[name] = latency
        if name in graph.nodes:
            latency += _frames(name, "latency", graph.nodes[name].latency(spec))
        latencies.leaving[name] = latency
    # Outputs are aligned with each other: they are often recorded or mixed together outside.
    latencies.total = max((latencies.arriving[name] for name in graph.outputs), default=0)
    for name in graph.outputs:
        latencies.arriving[name] = latencies.leaving[name] = latencies.total
    return latencies


def modulators(graph: Connectable) -> dict[str, list[PortRef]]:
    """Return the control outputs that move parameters of each node, in the order connected."""
    found: dict[str, list[PortRef]] = {}
    for source, target, *_ in graph.modulations:
        found.setdefault(target.node, []).append(source)
    return found


def _arrival(
    graph: Connectable,
    spec: Spec,
    name: str,
    sources: Mapping[PortRef, Sequence[PortRef]],
    latencies: Latencies,
) -> int:
    """Return the latency at which all input signals of a node are aligned."""
    latency, staying = 0, list[tuple[int, int]]()
    for port in graph.ports(name, "input"):
        for source in sources[PortRef(name, port.name)]:
            late, cost = latencies.leaving[source.node], transfer_latency(graph, spec, source)
            if port.space is Space.DEVICE and cost:
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


def longest_tail(
    graph: Connectable,
    spec: Spec,
    order: Sequence[str],
    sources: Mapping[PortRef, Sequence[PortRef]],
) -> int:
    """Return the greatest sum of tails along any path to an output of the graph."""
    tails: dict[str, int] = {}
    for name in order:
        tail = max(
            (
                tails[source.node]
                for port in graph.ports(name, "input")
                for source in sources[PortRef(name, port.name)]
            ),
            default=0,
        )
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
