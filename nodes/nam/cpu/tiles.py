"""What a WaveNet's kernels are made of: tiles of sums that stay in registers.

Vectors run over time, so that two channels waste no more than sixteen.  A tile is R output channels
by T vectors; while all taps and input channels go by, one load of input feeds R multiply-adds and
one weight feeds T.  Lanes past the last frame of a block compute nonsense; as every network here is
causal it stays in their own columns, which the next block overwrites, so nothing is masked.

Every sum is taken in one order (bias, condition, taps from the oldest, channels from the first),
whatever the tile: that is what makes the output the same bits for every cut of the input.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ....runtime.native.abi import Native, kernel
from ....runtime.simd.embed import embed
from ....runtime.simd.fields import Words
from ....runtime.simd.lanes import Cell, Lanes, Value

__all__ = [
    "VECTORS",
    "Tile",
    "accumulate",
    "by_length",
    "finish",
    "new_tile",
    "place",
    "record_of",
    "step",
    "tap",
]

VECTORS = (1, 2, 4)
"""Vectors in a tile: short blocks get short tiles; longer ones are cut into pieces of the last."""

Tile = list[list[Cell]]
"""Sums, as ``tile[channel][vector]``."""


def record_of(*names: str) -> np.dtype[np.void]:
    """Return a record of int64 fields.

    A name with a star stands for a place, where a signal of several channels lies: the address of
    its first row, float32 from row to row, and the address of the column to begin at.
    """
    parts = ("address", "row", "position")
    whole = [[f"{n[1:]}_{part}" for part in parts] if n[0] == "*" else [n] for n in names]
    return np.dtype([(name, np.int64) for group in whole for name in group])


def place(lanes: Lanes, words: Words, name: str) -> tuple[Value, Value]:
    """Return a pointer to the current column of a place, and the step from row to row."""
    column = lanes.word(words.pointer(f"{name}_position"), 0)
    return lanes.at(words.pointer(f"{name}_address"), column), words[f"{name}_row"]


def tap(lanes: Lanes, words: Words, here: Value, number: Value) -> Value:
    """Return where the tap of this number finds its input: the last one at the current frame."""
    back = lanes.minus(number, lanes.minus(words["taps"], 1))
    return lanes.at(here, lanes.times(back, words["dilation"]))


def new_tile(lanes: Lanes, rows: int, vectors: int) -> Tile:
    """Return sums to be started."""
    zero = lanes.constant(0.0)
    return [[lanes.cell(zero) for _ in range(vectors)] for _ in range(rows)]


def step(lanes: Lanes, tile: Tile, vectors: Sequence[Value], weights: Value) -> None:
    """Emit one input channel's share: ``tile[r][v] += weights[r] * vectors[v]``."""
    for r, sums in enumerate(tile):
        weight = lanes.broadcast(weights, r)
        for total, vector in zip(sums, vectors, strict=True):
            total.value = lanes.fma(weight, vector, total.value)


def accumulate(
    lanes: Lanes, tile: Tile, x: Value, row: Value, weights: Value, inputs: Value, outputs: Value
) -> None:
    """Emit ``tile[r][v] += weights[i][r] * x[i][v]`` for all input channels ``i``."""
    with lanes.loop(inputs) as i:
        source = lanes.at(x, lanes.times(i, row))
        vectors = [lanes.load(source, v * lanes.width) for v in range(len(tile[0]))]
        step(lanes, tile, vectors, lanes.at(weights, lanes.times(i, outputs)))


def finish(lanes: Lanes, sums: Sequence[Value], target: Value) -> None:
    """Emit the storing of one channel's vectors."""
    for v, total in enumerate(sums):
        lanes.store(total, target, v * lanes.width)


def by_length(name: str, emit: Callable[[int, Lanes, Value], None], width: int) -> Native:
    """Return a kernel ``(record, _, _, frames)`` made of ``emit(vectors, lanes, record)``.

    It chooses by ``frames`` among tiles of 1, 2 and 4 vectors, all compiled together, so that a
    short block costs little and no block has to compile.
    """
    few, some, many = (embed(f"{name}.t{v}", 1, partial(emit, v), width) for v in VECTORS)
    few_frames, some_frames = VECTORS[0] * width, VECTORS[1] * width

    @kernel
    def stage(state: int, ins: int, outs: int, frames: int) -> None:
        if frames <= few_frames:
            few(state)
        elif frames <= some_frames:
            some(state)
        else:
            many(state)

    return stage
