"""Graphs and nodes for tests of streams: counters, checkers, slow nodes, failing nodes."""

from functools import cache
from typing import Any

import numpy as np

from namgraph.graph import Graph, Io, Node, Processor, Spec, node_types, option, param
from namgraph.graph.node import node
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime.adapters.live.null import NullStream
from namgraph.runtime.native.abi import kernel
from namgraph.runtime.native.cpu import cycles, nanoseconds_per_cycle
from namgraph.runtime.native.pointers import channel, floats, record

COUNT = np.dtype([("frame", np.int64)])
CHECK = np.dtype([(name, np.float64) for name in ("seen", "wrong", "breaks", "next", "fine")])
LATE = np.dtype([("frames", np.int64), ("at", np.int64), ("ring", np.int64)])
SPIN = np.dtype([("us", np.float64), ("unit", np.float64)])
TURN = 1 << 23
"""Counters start again before float32 cannot count any further."""


@kernel
def _count(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, COUNT)
    y = channel(outs, 0, frames)
    for i in range(frames):
        y[i] = np.float32(1 + (s.frame + i) % TURN)
    s.frame += frames


@kernel
def _check(state: int, ins: int, outs: int, frames: int) -> None:
    """Count samples that were not rendered (silence, or repeated), and breaks in the count."""
    s = record(state, CHECK)
    x = channel(ins, 0, frames)
    for i in range(frames):
        value = np.float64(x[i])
        if s.next == 0:  # not begun
            if value > 0:
                s.next = value + 1
        else:
            s.seen += 1
            if value == s.next:
                s.next += 1
            elif value > s.next:  # some were rendered and never came here
                s.breaks += 1
                s.next = value + 1
            else:
                s.breaks += s.fine
                s.wrong += 1
            s.fine = 1.0 if value == s.next - 1 else 0.0


@kernel
def _spin(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, SPIN)
    x, y = channel(ins, 0, frames), channel(outs, 0, frames)
    begun = cycles()
    for i in range(frames):
        y[i] = x[i]
    while s.us > 0 and cycles() - begun < s.us * s.unit:
        pass


@kernel
def _late(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, LATE)
    x, y, ring = channel(ins, 0, frames), channel(outs, 0, frames), floats(s.ring, s.frames)
    at = s.at
    for i in range(frames):
        y[i] = ring[at]
        ring[at] = x[i]
        at = at + 1 if at + 1 < s.frames else 0
    s.at = at


@kernel
def _break(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, SPIN)
    x, y = channel(ins, 0, frames), channel(outs, 0, frames)
    for i in range(frames):
        y[i] = x[i] / np.float32(s.us)


@cache
def types() -> dict[str, type[Node]]:
    """Make the nodes once, however often this file is imported."""
    if "test_count" not in node_types():

        @node("test_count")
        class Count(Node):
            """Says 1, 2, 3 and so on, whatever comes in."""

            def prepare(self, io: Io) -> Processor:
                return Processor(_count, io.memory.record(COUNT))

        @node("test_check")
        class Check(Node):
            """Counts what does not follow."""

            reports = ("seen", "wrong", "breaks")
            outputs = ()

            def prepare(self, io: Io) -> Processor:
                return Processor(_check, io.memory.record(CHECK))

        @node("test_spin")
        class Spin(Node):
            """Passes sound on, and takes ``us`` microseconds for every block of it."""

            us: float = param(default=0.0, low=0.0, high=1e6, smoothing_s=0.0)

            def prepare(self, io: Io) -> Processor:
                unit = 1e3 / nanoseconds_per_cycle()
                return Processor(_spin, io.memory.record(SPIN, us=io.params["us"], unit=unit))

        @node("test_late")
        class Late(Node):
            """Passes sound on, some frames late, as an oversampler or a limiter has to."""

            frames: int = option(default=37)

            def latency(self, spec: Spec) -> int:
                return self.frames

            def prepare(self, io: Io) -> Processor:
                ring = io.memory.state(self.frames)
                return Processor(_late, io.memory.record(LATE, frames=self.frames, ring=ring))

        @node("test_break")
        class Break(Node):
            """Divides by ``us``: no number at 0."""

            us: float = param(default=1.0, low=0.0, high=1e6, smoothing_s=0.0)

            def prepare(self, io: Io) -> Processor:
                return Processor(_break, io.memory.record(SPIN, us=io.params["us"]))

    return {k: v for k, v in node_types().items() if k.startswith("test_")}


def make(kind: str, **values: Any) -> Node:
    return types()[f"test_{kind}"](**values)


def quickened(stream: NullStream, block_us: float = 20.0) -> NullStream:
    """Play blocks faster than real time, yet no faster than a recording can hold; lose none."""
    stream.clock["block_ns"], stream.clock["slack"] = 1e3 * block_us, 1 << 40
    return stream


def chain(*nodes: tuple[str, Node]) -> Graph:
    graph = Graph()
    last = graph.input("in", channels=1)
    for name, made in nodes:
        last = last >> graph.add(name, made)
    last >> graph.output("out", channels=1)
    return graph


def branches(**nodes: Node) -> Graph:
    """One input, and an output for each node."""
    graph = Graph()
    source = graph.input("in", channels=1)
    for name, made in nodes.items():
        source >> graph.add(name, made) >> graph.output(f"{name}_out", channels=1)
    return graph


def counting() -> Graph:
    """The player's graph: a count on the first output, an amplified input on the second."""
    return branches(count=make("count"), amp=Gain(gain_db=3.0))


def checking() -> Graph:
    """The recorder's graph: it has no output."""
    graph = Graph()
    graph.input("in", channels=1) >> graph.add("check", make("check"))
    return graph
