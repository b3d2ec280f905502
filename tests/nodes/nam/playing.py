"""Run a network without an engine: in an arena of its own, called block by block."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from namgraph.nodes.nam.cpu.prepare import prepare_network
from namgraph.nodes.nam.model.model import Model
from namgraph.runtime.native.abi import native
from namgraph.runtime.native.pointers import call_node, load, store
from namgraph.runtime.plan.arena import Arena, Memory

__all__ = ["Playing", "same"]

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

    def __init__(self, model: Model, width: int | None = None, primed: bool = False) -> None:
        memory = Memory()
        self.inputs, self.outputs = model.channels
        self.kernel, self.record = prepare_network(memory, model.running, width)
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


def same(found: Signal, wanted: Signal) -> None:
    """Assert that two arrays have the same bits."""
    np.testing.assert_array_equal(found.view(np.int32), wanted.view(np.int32))
