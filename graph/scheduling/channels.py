"""Resolves the channel count of every port, after all connections are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..connection import Connectable, PortRef
from ..errors import PortError
from ..port import Kind, Port

__all__ = ["Channels", "resolve_channels"]


@dataclass(frozen=True)
class Channels:
    """Channel counts by port; separate, because an input and an output may have the same name."""

    inputs: dict[PortRef, int] = field(default_factory=dict)
    outputs: dict[PortRef, int] = field(default_factory=dict)


def resolve_channels(
    graph: Connectable, order: Sequence[str], sources: Mapping[PortRef, Sequence[PortRef]]
) -> Channels:
    """Return the channel count of every port; ``PortError`` if two connected ports differ.

    Following ports of a node take the count of the source of its first connected following input,
    or 1 if none is connected.  Mono and stereo are never converted implicitly: which side, and at
    which level, is the user's choice.
    """
    channels = Channels()
    for name in order:
        entering = [(PortRef(name, p.name), p) for p in graph.ports(name, "input")]
        leader = next(
            (sources[ref][0] for ref, port in entering if _follows(port) and sources[ref]), None
        )
        common = 1 if leader is None else channels.outputs[leader]
        for ref, port in entering:
            needed = _count(port, common)
            channels.inputs[ref] = needed
            for source in sources[ref]:
                found = channels.outputs[source]
                if found != needed:
                    why = f", following {leader}" if _follows(port) else ""
                    raise PortError(
                        f"{source} has {found} channel{'s' * (found > 1)}, "
                        f"{ref} takes {needed}{why}: {_advice(graph, ref, found, needed)}"
                    )
        for port in graph.ports(name, "output"):
            channels.outputs[PortRef(name, port.name)] = _count(port, common)
    return channels


def _advice(graph: Connectable, target: PortRef, found: int, needed: int) -> str:
    """Return the next step: which node converts between these channel counts, if there is one."""
    here = f", or declare the output with channels={found}" if target.node in graph.outputs else ""
    if (found, needed) == (1, 2):
        return f"put Pan() between them, which places a mono signal in stereo{here}"
    if (found, needed) == (2, 1):
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
