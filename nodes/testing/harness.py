"""NodeHarness: one node in its own graph, played by an engine or called as a bare kernel.

For the checks of this folder, and for tests specific to a node.  Everything runs on the calling
thread; signals are float32 arrays ``(channels, frames)``.
"""

import ctypes
import dataclasses
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import Graph, Kind, Node, Port, Spec
from ...runtime import Engine

__all__ = ["CANARY", "LENGTH", "SPEC", "Audio", "Changes", "NodeHarness", "changed", "graph_of"]

Audio = NDArray[np.float32]
Changes = Sequence[tuple[int, str, float]]
"""Parameter changes: frame, counted from the first frame of the call, name, value."""

SPEC = Spec(rate=48_000, max_frames=64)
ROOM = SPEC.max_frames + 16
"""Float32 in each channel buffer, including the padding after ``max_frames``."""
LENGTH = 1024
"""Length in frames of the signals in most checks."""
CANARY = np.float32(-77.25)
"""Written to output memory before each kernel call, to detect which samples it writes."""

_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32)


def graph_of(node: Node, channels: int = 2) -> Graph:
    """Return a graph with ``node`` alone, each port connected to an input or output of the graph.

    Ports that follow their input get ``channels`` channels.
    """
    graph = Graph()
    graph.add("node", node)
    for port in node.inputs:
        end = graph.input(f"in_{port.name}", channels=_width(port, channels))
        graph.connect(end, f"node.{port.name}")
    for port in node.outputs:
        graph.connect(
            f"node.{port.name}",
            graph.output(f"out_{port.name}", channels=_width(port, channels)),
        )
    return graph


def _width(port: Port, channels: int) -> int:
    return 1 if port.kind is Kind.CONTROL else port.channels or channels


def changed(node: Node, **values: object) -> Node:
    """Return a copy of the node with other values of some fields."""
    own = {f.name for f in dataclasses.fields(node)}  # type: ignore[arg-type]
    turned: Any = {name: value for name, value in values.items() if name not in own}
    fixed = {name: value for name, value in values.items() if name in own}
    made = dataclasses.replace(node, **fixed)  # type: ignore[type-var]
    return made.with_params(turned) if turned else made


def _blocks(cuts: Sequence[int], frames: int) -> Iterator[int]:
    """Yield the lengths of blocks: ``cuts``, the last one repeated; those of the end may be cut."""
    lengths, n = iter(cuts), 1
    while frames > 0:
        n = min(next(lengths, n), frames)
        frames -= n
        yield n


class NodeHarness:
    """One node in an engine at 48 kHz (or ``rate``), its kernel and its buffers.

    ``play`` takes signals of any length in blocks of any size; the engine plays a block of more
    than 64 frames (``max_frames``) in pieces.
    """

    def __init__(self, node: Node, channels: int = 2, rate: float = SPEC.rate) -> None:
        self.node = node
        self.graph = graph_of(node, channels)
        self.engine = Engine(self.graph, sample_rate=rate, max_frames=SPEC.max_frames, fade_s=0.0)
        plan = self.plan = self.engine.plan
        self.number = plan.names.index("node")
        self.row = plan.rows[self.number]
        self.ins = self._channels(int(self.row["ins"]), sum(self.graph.inputs.values()))
        self.outs = self._channels(int(self.row["outs"]), sum(self.graph.outputs.values()))

    def __repr__(self) -> str:
        return f"<NodeHarness of {self.node!r}>"

    def _channels(self, address: int, count: int) -> list[Audio]:
        pointers = self.plan.arena.bytes_at(address, 8 * count).view(np.int64)
        return [self.plan.arena.bytes_at(int(p), 4 * ROOM).view(np.float32) for p in pointers]

    def noise(self, frames: int = LENGTH, seed: int = 0) -> Audio:
        """Return white noise between -1 and 1 for all inputs, ``(channels, frames)``."""
        shape = (len(self.ins), frames)
        return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)

    def play(self, signal: Audio, cuts: Sequence[int] = (64,), changes: Changes = ()) -> Audio:
        """Play ``signal`` in blocks of ``cuts`` frames, the last size repeated; return all outputs.

        Frames of ``changes`` are counted from the first frame of this call.
        """
        for at, name, value in changes:
            self.engine.set(f"node.{name}", value, at=self.engine.frame + at)
        signal = np.ascontiguousarray(signal, np.float32)  # the engine takes addresses
        frames, start = signal.shape[1], 0
        out = np.full((len(self.outs), frames), CANARY, np.float32)
        for length, many in groupby(_blocks(cuts, frames)):
            n = length * len(list(many))  # frames of one native call, which plays them in blocks
            now = slice(start, start + n)
            self.engine.play([x[now] for x in signal], [y[now] for y in out], n, length or None)
            start += n
        return out

    def call(self, block: Audio, beyond: float = 0.0) -> Audio:
        """Call the bare kernel with one block, followed by ``beyond`` in every input buffer."""
        frames = block.shape[1]
        for x, given in zip(self.ins, block, strict=True):
            x[:frames] = given
            x[frames:] = beyond
        for y in self.outs:
            y[...] = CANARY
        _KERNEL(int(self.row["kernel"]))(
            int(self.row["state"]), int(self.row["ins"]), int(self.row["outs"]), frames
        )
        return np.array([y[:frames] for y in self.outs])

    def readings(self) -> dict[str, float]:
        """Return the node's readings (the fields that its class lists in ``reports``)."""
        return dict(self.engine.stats().readings)

    def turn(self, name: str, value: float) -> None:
        """Set a parameter of the node, effective from the next block."""
        self.engine.set(f"node.{name}", value)

    def renew(self) -> None:
        """Reset the engine and all parameters to their initial values."""
        for name in self.node.params():
            self.turn(name, getattr(self.node, name))
        self.engine.reset()
        none = np.zeros(0, np.float32)  # a call, so that ``engine.frame`` is 0 for the next changes
        self.engine.play([none] * len(self.ins), [none] * len(self.outs), 0)
