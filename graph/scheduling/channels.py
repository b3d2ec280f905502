"""How many channels every port has, once all connections are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..connection import PortRef
from ..errors import PortError
from ..graph import Graph
from ..port import Kind, Port

__all__ = ["Channels", "resolve_channels"]


@dataclass(frozen=True)
class Channels:
    """Settled channel counts; apart, because an input and an output may have the same name."""

    inputs: dict[PortRef, int] = field(default_factory=dict)
    outputs: dict[PortRef, int] = field(default_factory=dict)


def resolve_channels(
    graph: Graph, order: Sequence[str], sources: Mapping[PortRef, Sequence[PortRef]]
) -> Channels:
    """Settle every port's channels, or raise ``PortError`` saying what both sides have.

    The ports of a node that follow take what enters the first of its following inputs that is
    connected, and 1 if none is.  Nothing is ever spread or mixed down silently: only the user
    knows whether a mono guitar in a stereo rack belongs left, or in the middle, and how loud.
    """
    channels = Channels()
    for name in order:
        entering = [(PortRef(name, p.name), p) for p in graph.ports(name, "input")]
        leader = next(
            (sources[ref][0] for ref, port in entering if _follows(port) and sources[ref]), None
        )
        common = 1 if leader is None else channels.outputs[leader]
        for ref, port in entering:
            wanted = _count(port, common)
            channels.inputs[ref] = wanted
            for source in sources[ref]:
                found = channels.outputs[source]
                if found != wanted:
                    why = f", following {leader}" if _follows(port) else ""
                    raise PortError(
                        f"{source} has {found} channel{'s' * (found > 1)}, "
                        f"{ref} takes {wanted}{why}: {_advice(graph, ref, found, wanted)}"
                    )
        for port in graph.ports(name, "output"):
            channels.outputs[PortRef(name, port.name)] = _count(port, common)
    return channels


def _advice(graph: Graph, target: PortRef, found: int, wanted: int) -> str:
    """Say which node joins ports of these widths, if there is one."""
    here = f", or declare the output with channels={found}" if target.node in graph.outputs else ""
    if (found, wanted) == (1, 2):
        return f"put Pan() between them, which places a mono signal in stereo{here}"
    if (found, wanted) == (2, 1):
        return (
            f"put Split(mode='channels') between them and take its left or its right, "
            f"or both by way of Mix(){here}"
        )
    return f"must be equal{here}"


def _follows(port: Port) -> bool:
    return port.channels is None and port.kind is Kind.AUDIO


def _count(port: Port, common: int) -> int:
    if port.kind is Kind.CONTROL:
        return 1
    return common if port.channels is None else port.channels
