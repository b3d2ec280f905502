"""Two LSTMs of one layer and at most a vector of units, side by side in every frame.

A frame needs the result of the frame before, so that a single small LSTM waits much of the time,
and the other computes meanwhile.  Beside one alone, two take (Zen 4, whose vectors of 16 run at
half rate, blocks of 64) 1.3 times as long with 8 units, 1.6 with 12, 1.75 with 16; more units or
layers leave no gap to fill, and took twice as long either way.
"""

from functools import cache
from typing import Any

import numpy as np

from .....graph.prepare import Memory
from .....runtime.native.abi import Native, kernel
from .....runtime.native.host import host_lanes
from .....runtime.native.pointers import load
from .....runtime.simd.embed import embed
from .....runtime.simd.lanes import Lanes, Value
from ...model.networks import Lstm
from .prepare import lstm_grid
from .unrolled import Grid, emit_unrolled

__all__ = ["prepare_lstm_pair"]

PAIR = np.dtype([("first", np.int64), ("second", np.int64)])
"""Addresses of the records of two networks."""
ARGUMENTS = 5
"""Of each network: its weights, state and biases, its input and output."""


def prepare_lstm_pair(
    memory: Memory, networks: tuple[Lstm, Lstm], made: tuple[Any, Any], width: int | None = None
) -> tuple[Native, Any] | None:
    """Return the kernel of two mono networks and its record; ``None`` for other shapes.

    ``made`` are the records that ``prepare_lstm`` returned without knobs.  ``ins`` and ``outs`` of
    the kernel are lists of two channels.  Each network has the bits that it has alone.
    """
    shapes = {(net.hidden_size, len(net.layers), net.inputs, net.outputs) for net in networks}
    hidden, depth, inputs, outputs = shapes.pop()
    if shapes or not depth == inputs == outputs == 1:
        return None
    grid = lstm_grid(hidden, depth, width or host_lanes())
    if grid is None or grid.units > 1:
        return None
    record = memory.record(PAIR, first=made[0], second=made[1])
    return _pair_kernel(hidden, depth, grid.width), record


@cache
def _pair_kernel(hidden: int, depth: int, width: int) -> Native:
    def emit(lanes: Lanes, *args: Value) -> None:
        first, second = args[:ARGUMENTS], args[ARGUMENTS : 2 * ARGUMENTS]
        emit_unrolled(Grid(hidden, width), depth, lanes, first, second, args[2 * ARGUMENTS :])

    run = embed(f"nam.lstm.pair.h{hidden}.d{depth}", 2 * ARGUMENTS + 1, emit, width)

    @kernel
    def play(state: int, ins: int, outs: int, frames: int) -> None:
        a, b, x, y = load(state, 0), load(state, 1), load(ins, 0), load(ins, 1)
        run(
            load(a, 0), load(a, 1), load(a, 2), x, load(outs, 0),
            load(b, 0), load(b, 1), load(b, 2), y, load(outs, 1),
            frames,
        )  # fmt: skip

    return play
