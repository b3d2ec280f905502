"""Maps between the channels of a device and the channels of a graph."""

from collections.abc import Sequence

from ....graph import Graph, PortError
from ....graph.arguments import as_whole, format_value, is_iterable

__all__ = ["channel_names", "graph_rate", "input_map", "output_map"]

MAX_CHANNELS = 256


def input_map(graph: Graph, wanted: Sequence[int] | None) -> list[int]:
    """Return the device's channel, from 0, for each channel of the graph's inputs.

    ``wanted`` counts from 1, as cards do; ``None`` takes them in order, ``()`` plays silence.
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
    """Return the channel of the graph's outputs for each channel of the device; -1 is silence.

    ``wanted`` names channels of the device from 1, for the graph's channels in order, repeated:
    ``(1, 2)`` puts a mono graph on both.  ``None`` does so too where the device has two; else it
    takes them in order.
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


def channel_names(ports: dict[str, int]) -> list[str]:
    """Return a name for every channel of ``{port: channels}``: ``guitar``, ``out.1``, ``out.2``."""
    return [n if c == 1 else f"{n}.{k + 1}" for n, c in ports.items() for k in range(c)]


def _checked(name: str, channels: Sequence[int]) -> list[int]:
    found = [as_whole(c) for c in channels] if is_iterable(channels) else [None]
    counts = [c for c in found if c is not None and 1 <= c <= MAX_CHANNELS]
    if len(counts) < len(found):
        raise PortError(
            f"{name} is {format_value(channels)}: must be channels of the device, counted from 1"
        )
    return counts
