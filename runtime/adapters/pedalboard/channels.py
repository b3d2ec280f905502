"""How the channels of a host's stream and of a graph are joined: ``fit``.  Control threads."""

import warnings
from dataclasses import dataclass
from typing import Literal

from ....graph import ChannelsWarning, Graph, PortError
from ....graph.arguments import check_choice
from ....graph.silent import stack_level
from .stream_nodes import StreamInput, StreamOutput

__all__ = [
    "MAX_STREAM_CHANNELS",
    "Fit",
    "Layout",
    "WidthError",
    "as_many_channels",
    "find_layouts",
    "wrap",
]

Fit = Literal["auto", "exact", "each", "sum", "first"]
FITS = ("auto", "exact", "each", "sum", "first")
MAX_STREAM_CHANNELS = 8
"""Channels of a stream: pedalboard's plugin hosting knows layouts of up to 8."""


class WidthError(PortError, ValueError):
    """The stream's channel count does not fit the graph; a ``ValueError``, as pedalboard raises."""


@dataclass(frozen=True)
class Layout:
    """How a graph plays a stream of ``stream`` channels."""

    stream: int
    engines: int = 1
    """Copies of the graph: 1, or one for each channel."""
    mean: bool = False
    """Whether a mono input gets the mean of the channels, not the first of them."""
    said: str = ""
    """For ``fit="auto"``: how channel counts that differ are joined."""

    def warn(self, graph: Graph) -> None:
        """Emit a ``ChannelsWarning`` if the channel counts differ and ``fit`` did not say how."""
        if self.said:
            ins, outs = _widths(graph)
            warnings.warn(
                f"the graph takes {ins} and gives {outs} channels, the stream has "
                f"{self.stream}: {self.said}",
                ChannelsWarning,
                stacklevel=stack_level(),
            )


def as_many_channels(count: int) -> str:
    """Return advice for a mono signal: a host has as many channels out as it is given."""
    copies = ", ".join(["x"] * count) if count <= 2 else f"*[x] * {count}"
    return f"give it {count} channels, np.vstack([{copies}])"


def find_layouts(graph: Graph, fit: Fit) -> dict[int, Layout]:
    """Return the layout for each channel count that the graph can play; ``PortError`` if none."""
    fit = check_choice("fit", fit, FITS)
    if len(graph.inputs) > 1 or len(graph.outputs) != 1:
        raise PortError(
            f"the graph has inputs {list(graph.inputs)} and outputs {list(graph.outputs)}: "
            "a pedalboard plugin has at most one input and exactly one output"
        )
    ins, outs = _widths(graph)
    if outs > MAX_STREAM_CHANNELS:
        raise PortError(
            f"the graph's output has {outs} channels: must be 1 to {MAX_STREAM_CHANNELS}"
        )
    counts = range(1, MAX_STREAM_CHANNELS + 1)
    if fit == "each" and (ins, outs) == (1, 1):
        return {n: Layout(n, n) for n in counts}
    if fit == "sum" and ins == 1:
        return {n: Layout(n, mean=n > 1) for n in counts if outs in (1, n)}
    if fit == "auto":
        return {n: layout for n in counts if (layout := _auto(n, ins, outs)) is not None}
    if fit in ("exact", "first") and (ins in (0, outs) or (fit == "first" and ins < outs)):
        return {outs: Layout(outs)}
    raise PortError(f"the graph takes {ins} and gives {outs} channels: {_NEEDS[fit]}")


_NEEDS = {
    "exact": "fit='exact' needs as many out as in; fit='auto' joins channels as needed",
    "each": "fit='each' plays a copy on each channel, and needs 1 and 1",
    "sum": "fit='sum' plays the mean of a stream's channels, and needs one input channel",
    "first": "fit='first' plays the first channels of a stream, and needs no more in than out",
}


def _auto(stream: int, ins: int, outs: int) -> Layout | None:
    """Return the layout that ``fit="auto"`` selects for a stream; ``None`` if there is none."""
    if ins in (0, stream) and outs == stream:
        return Layout(stream)
    if ins == outs == 1:
        each = "a copy of it plays each channel (as fit='each'; fit='sum' plays their mean once)"
        return Layout(stream, stream, said=each)
    if ins not in (0, 1, stream) and stream != 1:
        return None
    if outs not in (1, stream) and stream != 1:
        return None
    said = list[str]()
    if ins == 1 and stream > 1:
        said.append("it plays their mean (as fit='sum'; fit='first' plays the first)")
    elif ins > stream:
        said.append("each of its inputs gets that one")
    if outs > stream:
        said.append("that one gets the mean of its outputs" + _advice(ins, outs))
    elif outs < stream:
        said.append("each gets its output")
    return Layout(stream, mean=ins == 1 and stream > 1, said=", and ".join(said))


def _advice(ins: int, outs: int) -> str:
    """Return how to hear every output of a graph that was given a mono signal; "" if no way."""
    if ins not in (0, 1, outs):
        return ""
    fit = ", with fit='first'" if ins == 1 else ""
    return f"; to hear each of them {as_many_channels(outs)}{fit}"


def wrap(graph: Graph, layout: Layout, mix: float, bypass: float) -> tuple[Graph, str]:
    """Return ``graph`` between nodes that join it with a stream, and the name of the last of them.

    The stream's input goes to the graph and, delayed by the graph's latency, to the mix.
    """
    ins, outs = _widths(graph)
    stream = layout.stream if layout.engines == 1 else 1
    used = {*graph.nodes, *graph.inputs, *graph.outputs}
    suffix = ""
    names = ("stream in", "stream input", "stream output", "stream out")
    while used & {name + suffix for name in names}:
        suffix += "'"
    begin, entry, exit_, end = (name + suffix for name in names)
    made = graph.copy()
    made._tables.connections.clear()  # connected anew in the same order: sums keep their order
    for name in (*graph.inputs, *graph.outputs):
        made.remove(name)
    source = made.input(begin, channels=stream)
    made.add(exit_, StreamOutput(stream, outs, mix=mix, bypass=bypass))
    made.connect(source, f"{exit_}.dry")
    if ins not in (0, stream):
        source = source >> made.add(entry, StreamInput(stream, ins, layout.mean))
    for c in graph.connections:
        left = source if c.source.node in graph.inputs else str(c.source)
        right = f"{exit_}.wet" if c.target.node in graph.outputs else str(c.target)
        made.connect(left, right)
    made.connect(f"{exit_}.out", made.output(end, channels=stream))
    return made, exit_


def _widths(graph: Graph) -> tuple[int, int]:
    return sum(graph.inputs.values()), sum(graph.outputs.values())
