"""Convolutions as operations, in tiles held in registers: of any shape and groups, or plain."""

from functools import cache

from ....runtime.native.abi import Native
from ....runtime.native.host import registers
from ....runtime.simd.fields import Words
from ....runtime.simd.lanes import Lanes, Value
from .program_ops import Rows, Start
from .tiles import Tile, accumulate, by_length, finish, new_tile, place, record_of, step, tap

__all__ = ["CONV", "DENSE", "conv", "dense"]

CONV = record_of(
    *("*source", "*target", "*start", "started", "taps", "dilation"),
    *("groups", "inputs", "outputs", "weight", "bias"),
)
"""A convolution; ``inputs`` and ``outputs`` per group, weights as ``[group][tap][in][out]``."""
ROWS = {32: (4, 2, 1), 16: (2, 1)}
"""By SIMD registers: rows of the tiles, largest first; the last takes the remaining rows."""

DENSE = record_of("*source", "*target", "taps", "dilation", "inputs", "outputs", "weight", "bias")
"""A convolution of one matrix into another, with weights as ``[tap][in][out]``.

Without inputs it fills the target with its bias.
"""
DENSE_ROWS = {32: 4, 16: 2}
"""Rows of a tile of the plain convolution, by SIMD registers."""


@cache
def conv(width: int) -> Native:
    """Return the kernel for convolutions of any shape."""
    return by_length("nam.conv", _emit_conv, width)


class _ConvEmitter:
    """Emits the code of a convolution."""

    def __init__(self, vectors: int, lanes: Lanes, state: Value) -> None:
        self.lanes, self.vectors = lanes, vectors
        self.words = words = Words(lanes, CONV, lanes.pointer(state))
        self.source, self.target = (Rows(lanes, words, n) for n in ("source", "target"))
        self.start = Start(lanes, words)
        self.area = lanes.times(words["inputs"], words["outputs"])

    def emit(self) -> None:
        """Emit two forms: one for depthwise convolutions, one for all others."""
        lanes, words = self.lanes, self.words
        single = lanes.builder.icmp_signed("==", self.area, lanes.index(1))
        with lanes.builder.if_else(single) as (then, otherwise):
            with then, lanes.loop(words["groups"]) as channel:
                self._channel(channel)
            with otherwise, lanes.loop(words["groups"]) as group:
                begin: Value | int = 0
                for rows in ROWS[registers(lanes.width)]:
                    rest = lanes.minus(words["outputs"], begin)
                    whole = lanes.builder.sdiv(rest, lanes.index(rows))
                    end = lanes.plus(begin, lanes.times(whole, rows))
                    self._rows(group, rows, begin, end)
                    begin = end

    def _channel(self, channel: Value) -> None:
        lanes, taps = self.lanes, self.words["taps"]
        tile = new_tile(lanes, 1, self.vectors)
        self._begin(tile, channel)
        x = self.source.row(channel)
        weights = lanes.at(self.words.pointer("weight"), lanes.times(channel, taps))
        with lanes.loop(taps) as k:
            here = tap(lanes, self.words, x, k)
            loaded = [lanes.load(here, v * lanes.width) for v in range(self.vectors)]
            step(lanes, tile, loaded, lanes.at(weights, k))
        self._finish(tile, channel)

    def _rows(self, group: Value, rows: int, begin: Value | int, end: Value) -> None:
        """Emit the outputs ``begin`` to ``end`` of a group, ``rows`` at a time."""
        lanes, words = self.lanes, self.words
        inputs, outputs, taps = words["inputs"], words["outputs"], words["taps"]
        x = self.source.row(lanes.times(group, inputs))
        skipped = lanes.times(group, lanes.times(taps, self.area))
        weights = lanes.at(words.pointer("weight"), skipped)
        tile = new_tile(lanes, rows, self.vectors)
        with lanes.loop(end, begin, rows) as first:
            row = lanes.plus(lanes.times(group, outputs), first)
            self._begin(tile, row)
            with lanes.loop(taps) as k:
                here = tap(lanes, words, x, k)
                part = lanes.at(weights, lanes.plus(lanes.times(k, self.area), first))
                accumulate(lanes, tile, here, self.source.step, part, inputs, outputs)
            self._finish(tile, row)

    def _begin(self, tile: Tile, row: Value) -> None:
        for r, sums in enumerate(tile):
            place = self.lanes.plus(row, r)
            bias = self.lanes.broadcast(self.words.pointer("bias"), place)
            for total in sums:
                total.value = bias
        self.start.add(tile, row)

    def _finish(self, tile: Tile, row: Value) -> None:
        for r, sums in enumerate(tile):
            target = self.target.row(self.lanes.plus(row, r))
            finish(self.lanes, [total.value for total in sums], target)


def _emit_conv(vectors: int, lanes: Lanes, state: Value) -> None:
    _ConvEmitter(vectors, lanes, state).emit()


@cache
def dense(width: int) -> Native:
    """Return the kernel for plain convolutions (no groups) of any shape."""
    return by_length("nam.dense", _emit_dense, width)


def _emit_dense(vectors: int, lanes: Lanes, state: Value) -> None:
    words = Words(lanes, DENSE, lanes.pointer(state))
    outputs = words["outputs"]
    rows = DENSE_ROWS[lanes.registers]
    tiled = lanes.builder.and_(outputs, lanes.index(-rows))
    _emit_dense_rows(lanes, words, (rows, vectors), 0, tiled)
    _emit_dense_rows(lanes, words, (1, vectors), tiled, outputs)


def _emit_dense_rows(
    lanes: Lanes, words: Words, shape: tuple[int, int], start: Value | int, stop: Value
) -> None:
    x, x_row = place(lanes, words, "source")
    y, y_row = place(lanes, words, "target")
    inputs, outputs = words["inputs"], words["outputs"]
    tile = new_tile(lanes, *shape)
    with lanes.loop(stop, start, shape[0]) as first:
        for r, sums in enumerate(tile):
            bias = lanes.broadcast(words.pointer("bias"), lanes.plus(first, r))
            for total in sums:
                total.value = bias
        with lanes.loop(words["taps"]) as k:
            part = lanes.plus(lanes.times(k, lanes.times(inputs, outputs)), first)
            weights = lanes.at(words.pointer("weight"), part)
            accumulate(lanes, tile, tap(lanes, words, x, k), x_row, weights, inputs, outputs)
        for r, sums in enumerate(tile):
            target = lanes.at(y, lanes.times(lanes.plus(first, r), y_row))
            finish(lanes, [total.value for total in sums], target)
