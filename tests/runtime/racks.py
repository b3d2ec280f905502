"""Small graphs and nodes that the tests of the runtime share."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from namgraph.graph import Graph, Io, Node, Processor, node_types, param
from namgraph.graph.node import node
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime.native.abi import kernel
from namgraph.runtime.native.pointers import channel, record

Audio = NDArray[np.float32]

ONE_POLE = np.dtype(
    [("share", np.float64), ("y", np.float64), ("frames", np.int64), ("channels", np.int64)]
)


@kernel
def _one_pole(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, ONE_POLE)
    x, y = channel(ins, 0, frames), channel(outs, 0, frames)
    last = s.y
    for i in range(frames):
        last += s.share * (x[i] - last)
        y[i] = last
    s.y = last
    s.frames += frames


@kernel
def _divide(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, ONE_POLE)
    x, y = channel(ins, 0, frames), channel(outs, 0, frames)
    for i in range(frames):
        s.y += np.float32(1.0) / x[i]  # infinite at 0, and stays so: this node cannot heal itself
        y[i] = s.y


@cache
def types() -> tuple[type[Node], type[Node]]:
    """Make the test nodes once, however often this file is imported."""
    if "test_one_pole" in node_types():
        return node_types()["test_one_pole"], node_types()["test_divide"]

    @node("test_one_pole")
    class OnePole(Node):
        """A low-pass with memory, to be kept or lost."""

        share: float = param(default=0.1, low=0.0, high=1.0)

        def prepare(self, io: Io) -> Processor:
            made = io.memory.record(ONE_POLE, share=io.params["share"])
            return Processor(_one_pole, made, prewarm=5)

    @node("test_divide")
    class Divide(Node):
        """Adds up 1/x: not finite for ever once the input has been 0."""

        def prepare(self, io: Io) -> Processor:
            return Processor(_divide, io.memory.record(ONE_POLE))

    return OnePole, Divide


def one_pole(**values: Any) -> Node:
    return types()[0](**values)


def divide() -> Node:
    return types()[1]()


def chain(*nodes: tuple[str, Node], channels: int = 1) -> Graph:
    """Join nodes one after another between "in" and "out"."""
    graph = Graph()
    last = graph.input("in", channels=channels)
    for name, made in nodes:
        last = last >> graph.add(name, made)
    last >> graph.output("out", channels=channels)
    return graph


def diamond(channels: int = 2) -> Graph:
    """One input, two gains, one sum."""
    graph = Graph()
    source, sink = graph.input("in", channels=channels), graph.output("out", channels=channels)
    source >> graph.add("left", Gain(gain_db=6.0)) >> sink
    source >> graph.add("right", Gain(gain_db=-6.0)) >> sink
    return graph


def noise(frames: int, channels: int | None = None, seed: int = 0) -> Audio:
    shape = (frames,) if channels is None else (channels, frames)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)
