"""Tiles of sums held in SIMD registers: the inner loops of all WaveNet kernels.

Vectors run over time, so that two channels use as much of them as sixteen do.  A tile is R output
channels by T vectors; over all taps and input channels, one load of input serves R multiply-adds
and one weight serves T.  Lanes past the last frame of a block compute unused values; all networks
are causal, so these stay in columns that the next block overwrites, and no masks are needed.

Every sum is taken in one order (bias, condition, taps from the oldest, channels from the first),
whatever the tile: the output has the same bits however the input is split into blocks.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ....runtime.native.abi import Native, kernel
from ....runtime.simd.embed import embed
from ....runtime.simd.fields import Words
from ....runtime.simd.lanes import Cell, Lanes, Value

__all__ = [
    "ALL_VECTORS",
    "VECTORS",
    "Ahead",
    "Tile",
    "accumulate",
    "by_length",
    "by_pairs",
    "finish",
    "new_tile",
    "place",
    "record_of",
    "step",
    "tap",
]

VECTORS = (1, 2, 4)
"""Vectors per tile, chosen by the frames of a call, at most ``VECTORS[-1]`` vectors of frames."""
ALL_VECTORS = (1, 2, 3, 4)
"""Those of the kernels that take most of the time of a network."""

LINE_FLOATS = 16
"""Float32 of a cache line."""

Tile = list[list[Cell]]
"""Sums, as ``tile[channel][vector]``."""
Lines = tuple[Value, Value | int]
"""Cache lines to prefetch: a pointer to the first, and the floats from one to the next."""


def record_of(*names: str) -> np.dtype[np.void]:
    """Return a record of int64 fields.

    A name with a star is a matrix, with three fields: the address of its first row, the floats per
    row, and the address of its current column.
    """
    parts = ("address", "row", "position")
    whole = [[f"{n[1:]}_{part}" for part in parts] if n[0] == "*" else [n] for n in names]
    return np.dtype([(name, np.int64) for group in whole for name in group])


def place(lanes: Lanes, words: Words, name: str) -> tuple[Value, Value]:
    """Return a pointer to the current column of a matrix, and the floats per row."""
    column = lanes.word(words.pointer(f"{name}_position"), 0)
    return lanes.at(words.pointer(f"{name}_address"), column), words[f"{name}_row"]


def tap(lanes: Lanes, words: Words, here: Value, number: Value) -> Value:
    """Return a pointer to the input of a tap; that of the last tap is the current frame.

    Columns before the left end of the rows are read in the lap before (``program.py``).
    """
    position, builder = words.pointer("source_position"), lanes.builder
    back = lanes.times(lanes.minus(number, lanes.minus(words["taps"], 1)), words["dilation"])
    left_end = lanes.minus(0, lanes.word(position, 0))
    earlier = lanes.at(here, lanes.word(position, 1))
    return lanes.at(builder.select(builder.icmp_signed("<", back, left_end), earlier, here), back)


def new_tile(lanes: Lanes, rows: int, vectors: int) -> Tile:
    """Return a tile of zeros."""
    zero = lanes.constant(0.0)
    return [[lanes.cell(zero) for _ in range(vectors)] for _ in range(rows)]


def step(lanes: Lanes, tile: Tile, vectors: Sequence[Value], weights: Value) -> None:
    """Emit ``tile[r][v] += weights[r] * vectors[v]`` for one input channel."""
    for r, sums in enumerate(tile):
        weight = lanes.broadcast(weights, r)
        for total, vector in zip(sums, vectors, strict=True):
            total.value = lanes.fma(weight, vector, total.value)


def accumulate(
    lanes: Lanes,
    tile: Tile,
    x: Value,
    row: Value,
    weights: Value,
    inputs: Value | int,
    outputs: Value | int,
    ahead: Sequence[Lines] = (),
) -> None:
    """Emit ``tile[r][v] += weights[i][r] * x[i][v]`` for all input channels ``i``.

    Of each of ``ahead`` one cache line is prefetched for each input channel.
    """
    with lanes.loop(inputs) as i:
        for line, apart in ahead:
            lanes.prefetch(lanes.at(line, lanes.times(i, apart)))
        source = lanes.at(x, lanes.times(i, row))
        vectors = [lanes.load(source, v * lanes.width) for v in range(len(tile[0]))]
        step(lanes, tile, vectors, lanes.at(weights, lanes.times(i, outputs)))


class Ahead:
    """What to prefetch of a later layer: lines that are shared out among the tiles of this one.

    ``words`` is the record of that layer.  Vectors must be of one cache line each; with shorter
    ones nothing is prefetched, because all of them would prefetch the same lines.
    """

    def __init__(self, lanes: Lanes, words: Words, channels: Value, start: Value | int) -> None:
        self._lanes, self._words, self._channels = lanes, words, channels
        column, self._row = place(lanes, words, "source")
        self._x, self._whole = lanes.at(column, start), lanes.width == LINE_FLOATS

    def history(self, tile: Tile, k: Value) -> list[Lines]:
        """Return lines at tap ``k``, one per vector of a tile; those of the last are written."""
        lanes, there = self._lanes, self._tap(k)
        vectors = range(len(tile[0]) if self._whole else 0)
        return [(lanes.at(there, v * lanes.width), self._row) for v in vectors]

    def share_of_history(self, tile: Tile, k: Value, first: Value) -> list[Lines]:
        """Return one of these lines, another for each tile that begins with row ``first``."""
        lanes, frames = self._lanes, len(tile[0]) * self._lanes.width
        share = lanes.builder.udiv(lanes.times(first, frames), self._channels)
        return [(lanes.at(self._tap(k), share), self._row)] if self._whole else []

    def weights(self, number: Value) -> list[Lines]:
        """Return as many lines of the weights as there are channels, the first of them for 0.

        The weights of a layer lie one after another, from those of the convolution on.
        """
        lanes, first = self._lanes, self._words.pointer("conv")
        line = lanes.times(number, lanes.times(self._channels, LINE_FLOATS))
        return [(lanes.at(first, line), LINE_FLOATS)] if self._whole else []

    def _tap(self, k: Value) -> Value:
        return tap(self._lanes, self._words, self._x, k)


def finish(lanes: Lanes, sums: Sequence[Value], target: Value) -> None:
    """Emit the stores of one channel's vectors."""
    for v, total in enumerate(sums):
        lanes.store(total, target, v * lanes.width)


def by_length(
    name: str,
    emit: Callable[[int, Lanes, Value], None],
    width: int,
    vectors: Sequence[int] = VECTORS,
) -> Native:
    """Return a kernel ``(record, _, _, frames)`` made of ``emit(vectors, lanes, record)``.

    By ``frames`` it uses the smallest tile of ``vectors``, so that short blocks cost less.  All are
    compiled together, ahead of the audio thread.
    """
    sizes = [next(v for v in vectors if v >= most) for most in range(1, VECTORS[-1] + 1)]
    one, two, three, four = (embed(f"{name}.t{v}", 1, partial(emit, v), width) for v in sizes)
    one_frames, two_frames, three_frames = (number * width for number in (1, 2, 3))

    @kernel
    def stage(state: int, ins: int, outs: int, frames: int) -> None:
        if frames <= one_frames:
            one(state)
        elif frames <= two_frames:
            two(state)
        elif frames <= three_frames:
            three(state)
        else:
            four(state)

    return stage


def by_pairs(name: str, emit: Callable[[int, Lanes, Value, Value], None], width: int) -> Native:
    """Return a kernel ``(record, _, _, frames)`` made of ``emit(vectors, lanes, record, first)``.

    It plays two vectors of frames from ``first`` on after another, and one at the end if that holds
    the rest.
    """
    one, two = (embed(f"{name}.p{v}", 2, partial(emit, v), width) for v in (1, 2))
    one_frames, two_frames = width, 2 * width

    @kernel
    def pairs(state: int, ins: int, outs: int, frames: int) -> None:
        for first in range(0, frames, two_frames):
            if frames - first <= one_frames:
                one(state, first)
            else:
                two(state, first)

    return pairs
