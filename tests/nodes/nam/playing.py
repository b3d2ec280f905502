"""Networks played alone: laid out in an arena of their own and called block by block."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from namgraph.nodes.nam.lstm import prepare_lstm
from namgraph.nodes.nam.model import Lstm, Model, WaveNet
from namgraph.nodes.nam.wavenet import prepare_wavenet
from namgraph.runtime.abi import native
from namgraph.runtime.arena import Arena, Memory
from namgraph.runtime.pointers import call_node

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


class Playing:
    """A model's network, as it is when it starts; ``primed`` runs it over silence first."""

    def __init__(self, model: Model, width: int | None = None, primed: bool = False) -> None:
        memory, network = Memory(), model.select().network
        if isinstance(network, WaveNet):
            self.kernel, self.record = prepare_wavenet(memory, network, width)
        else:
            assert isinstance(network, Lstm)
            self.kernel, self.record = prepare_lstm(memory, network, width)
        self.memory = memory
        self.arena: Any = Arena([memory])
        if primed:
            self(np.zeros(model.prewarm, np.float32))

    def __call__(self, signal: Signal, cuts: int | Sequence[int] = 64) -> Signal:
        """Play in blocks as long as ``cuts`` say; the last goes on."""
        lengths = [cuts] if isinstance(cuts, int) else list(cuts)
        x, y = np.ascontiguousarray(signal, np.float32), np.full(signal.size, 77, np.float32)
        done = 0
        while done < x.size:
            block = lengths.pop(0) if len(lengths) > 1 else lengths[0]
            part = x.size - done if len(lengths) == 1 else min(block, x.size - done)
            at = (x.ctypes.data + 4 * done, y.ctypes.data + 4 * done)
            _play.ctypes(self.kernel.address, self.record.address, *at, part, block)
            done += part
        return y


def same(found: Signal, wanted: Signal) -> None:
    """Compare bits."""
    np.testing.assert_array_equal(found.view(np.int32), wanted.view(np.int32))
