"""Which channel of a device is which channel of a graph."""

from collections.abc import Iterable, Sequence

from ....graph import Graph, PortError
from ....graph.arguments import as_whole, said

__all__ = ["channel_names", "graph_rate", "input_map", "output_map"]

MOST = 256


def input_map(graph: Graph, wanted: Sequence[int] | None) -> list[int]:
    """Return, for each channel of the graph's inputs, a channel of the device, from 0.

    ``wanted`` counts from 1, as cards do; ``None`` takes them in order, ``()`` none: silence.
    """
    count = sum(graph.inputs.values())
    channels = _checked("inputs", range(1, count + 1) if wanted is None else wanted)
    if channels and len(channels) != count:
        raise PortError(
            f"inputs is {tuple(channels)}: must name {count} channels of the device, one for each "
            f"of {dict(graph.inputs)}, or none"
        )
    return [c - 1 for c in channels]


def output_map(graph: Graph, wanted: Sequence[int] | None, available: int) -> list[int]:
    """Return, for each channel of the device, a channel of the graph's outputs, or -1: silence.

    ``wanted`` names channels of the device from 1, for the graph's channels in order, and around
    again: ``(1, 2)`` puts a mono graph on both.  That is also what ``None`` does where the device
    has two; else it takes them in order.
    """
    count = sum(graph.outputs.values())
    if wanted is None:
        wanted = range(1, (2 if count == 1 and available >= 2 else count) + 1)
    channels = _checked("outputs", wanted)
    if channels and (count == 0 or len(channels) % count or len(set(channels)) < len(channels)):
        raise PortError(
            f"outputs is {tuple(channels)}: must name different channels of the device, {count} "
            f"(or a multiple) for {dict(graph.outputs)}, or none"
        )
    found = [-1] * max(channels, default=0)
    for k, c in enumerate(channels):
        found[c - 1] = k % count
    return found


def graph_rate(graph: Graph) -> float | None:
    """Return the one rate in Hz at which nodes of the graph can run; ``None`` if any or several."""
    rates = {rate for node in graph.nodes.values() if (rate := node.own_rate()) is not None}
    return rates.pop() if len(rates) == 1 else None


def channel_names(ends: dict[str, int]) -> list[str]:
    """Name every channel of a graph's ends: ``guitar``, or ``out.1`` and ``out.2``."""
    return [n if c == 1 else f"{n}.{k + 1}" for n, c in ends.items() for k in range(c)]


def _checked(name: str, channels: Sequence[int]) -> list[int]:
    found = [as_whole(c) for c in channels] if isinstance(channels, Iterable) else [None]
    counts = [c for c in found if c is not None and 1 <= c <= MOST]
    if len(counts) < len(found):
        raise PortError(
            f"{name} is {said(channels)}: must be channels of the device, counted from 1"
        )
    return counts
