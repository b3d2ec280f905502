"""Play a network without an engine, in an arena of its own, or a node in one; compare outputs."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from namgraph.graph import Graph, Node
from namgraph.graph.prepare import LONGEST_BLOCK
from namgraph.nodes.nam.cpu.prepare import prepare_network
from namgraph.nodes.nam.format.load import parse_nam
from namgraph.nodes.nam.model.model import Model
from namgraph.runtime import Engine
from namgraph.runtime.native.abi import native
from namgraph.runtime.native.pointers import call_node, load, store
from namgraph.runtime.plan.arena import Arena, Memory

__all__ = ["Playing", "check_close", "engine", "error", "parse", "play_blocks"]

Signal = NDArray[np.float32]
i64 = types.int64


@native(types.void(i64, i64, i64, i64, i64, i64))
def _play(function: int, state: int, x: int, y: int, frames: int, block: int) -> None:
    done = 0
    while done < frames:
        count = min(block, frames - done)
        call_node(function, state, x + 4 * done, y + 4 * done, np.int32(count))
        done += count


@native(types.void(i64, i64, i64, i64, i64, i64, i64, i64))
def _play_lists(
    function: int, state: int, x: int, wide: int, y: int, high: int, frames: int, block: int
) -> None:
    done = 0
    while done < frames:
        count = min(block, frames - done)
        call_node(function, state, x, y, np.int32(count))
        for c in range(wide):
            store(x, c, load(x, c) + 4 * count)
        for c in range(high):
            store(y, c, load(y, c) + 4 * count)
        done += count


class Playing:
    """The network of a model in its initial state; ``primed`` prewarms it with silence."""

    def __init__(
        self,
        model: Model,
        width: int | None = None,
        primed: bool = False,
        frames: int = LONGEST_BLOCK,
    ) -> None:
        memory = Memory()
        self.inputs, self.outputs = model.channels
        self.kernel, self.record = prepare_network(memory, model.running, width, None, frames)
        self.memory = memory
        self.arena: Any = Arena([memory])
        if primed:
            shape = (self.inputs, model.prewarm) if self._listed else (model.prewarm,)
            self(np.zeros(shape, np.float32))

    @property
    def _listed(self) -> bool:
        return (self.inputs, self.outputs) != (1, 1)

    def __call__(self, signal: Signal, cuts: int | Sequence[int] = 64) -> Signal:
        """Play in blocks as long as ``cuts`` say; the last goes on.

        A signal of one dimension comes back as one; several channels are the first axis.
        """
        lengths = [cuts] if isinstance(cuts, int) else list(cuts)
        x = np.ascontiguousarray(np.atleast_2d(signal), np.float32)
        y = np.full((self.outputs, x.shape[1]), 77, np.float32)
        assert len(x) == self.inputs
        done, frames = 0, x.shape[1]
        while done < frames:
            block = lengths.pop(0) if len(lengths) > 1 else lengths[0]
            part = frames - done if len(lengths) == 1 else min(block, frames - done)
            self._call(x, y, done, part, block)
            done += part
        return y[0] if signal.ndim == 1 and self.outputs == 1 else y

    def _call(self, x: Signal, y: Signal, done: int, part: int, block: int) -> None:
        start = (self.kernel.address, self.record.address)
        if not self._listed:
            at = (x.ctypes.data + 4 * done, y.ctypes.data + 4 * done)
            _play.ctypes(*start, *at, part, block)
            return
        lists = [np.array([row[done:].ctypes.data for row in a], np.int64) for a in (x, y)]
        ins, outs = (a.ctypes.data for a in lists)
        _play_lists.ctypes(*start, ins, self.inputs, outs, self.outputs, part, block)


def parse(file: Any) -> Model:
    """Return the model of a file that is given as a dictionary."""
    return parse_nam(json.dumps(file).encode())


def error(found: Any, wanted: Any) -> float:
    """Return the largest error, as a share of the peak."""
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def check_close(found: Any, wanted: Any, tolerance: float, quietest: float) -> None:
    """Assert an error within a share of the peak, which must be above ``quietest``."""
    peak = np.abs(wanted).max()
    assert peak > quietest
    assert np.abs(found - wanted).max() <= tolerance * peak


def engine(node: Node, rate: float = 48_000, max_frames: int = 128) -> Engine:
    """Return an engine with one mono node, without fades."""
    graph = Graph()
    graph.add("amp", node)
    graph.connect(graph.input("in", channels=1), "amp.in")
    graph.connect("amp.out", graph.output("out", channels=1))
    return Engine(graph, sample_rate=rate, max_frames=max_frames, fade_s=0.0)


def play_blocks(made: Engine, signal: Signal, block: int = 64) -> Signal:
    """Play a mono signal through an engine in blocks of one size."""
    out = np.zeros_like(signal)
    for start in range(0, signal.size, block):
        now = slice(start, start + block)
        made.play([signal[now]], [out[now]], signal[now].size)
    return out
