"""Resolves the channel count of every port, after all connections are made."""

from dataclasses import dataclass, field

from ..connection import Connectable, PortRef
from ..errors import ParamError, PortError
from ..port import Kind, Port
from ..text import counted
from .ends import Ends

__all__ = ["Channels", "check_mixes", "resolve_channels"]


@dataclass(frozen=True)
class Channels:
    """Channel counts by port; separate, because an input and an output may have the same name."""

    inputs: dict[PortRef, int] = field(default_factory=dict)
    outputs: dict[PortRef, int] = field(default_factory=dict)


def resolve_channels(graph: Connectable, ends: Ends) -> Channels:
    """Return the channel count of every port; ``PortError`` if two connected ports differ.

    Following ports of a node take the count of the source of its first connected following input,
    or 1 if none is connected.  Mono and stereo are never converted implicitly: which side, and at
    which level, is the user's choice.
    """
    channels = Channels()
    inputs, outputs = channels.inputs, channels.outputs
    for name, entering in ends.entering.items():
        leader, common = None, 1
        for _, port, sources in entering:
            if sources and _follows(port):
                leader, common = sources[0], outputs[sources[0]]
                break
        for ref, port, sources in entering:
            needed = inputs[ref] = _count(port, common)
            for source in sources:
                found = outputs[source]
                if found != needed:
                    why = f", following {leader}" if _follows(port) else ""
                    raise PortError(
                        f"{source} has {found} channel{'s' * (found > 1)}, "
                        f"{ref} takes {needed}{why}: {_advice(graph, ref, found, needed)}"
                    )
        for ref, port in ends.leaving[name]:
            outputs[ref] = _count(port, common)
    return channels


def check_mixes(graph: Connectable, channels: Channels) -> None:
    """Raise ``ParamError`` for a mix or bypass of a node whose channel counts do not allow it."""
    for name in graph.mixes:
        (first, *_), (out,) = graph.ports(name, "input"), graph.ports(name, "output")
        dry = channels.inputs[PortRef(name, first.name)]
        wet = channels.outputs[PortRef(name, out.name)]
        if dry not in (1, wet):
            raise ParamError(
                f"{name} cannot be mixed or bypassed: it has {counted(wet, 'channel')} out and "
                f"{dry} in: must be as many, or 1 in"
            )


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
