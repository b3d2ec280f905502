"""Fused kernels of a WaveNet: a run of plain layers.

A layer is dilated convolution, condition, activation, head sum, layer1x1 and residual.  Two forms
compute the same sums in the same order, hence the same bits.  Layers of any width go tile by tile,
once for the activations and once for layer1x1.  Layers of few channels keep all channels in one
tile, and the activations in registers: the fewest by four vectors of frames, others by two, which
are taken through all layers before the next two.

While a layer computes, the memory that a later one needs is prefetched, a cache line or a few for
each input channel: the histories of a graph of many networks do not fit the L2 cache.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cache, partial

from ....runtime.native.abi import Native
from ....runtime.native.host import registers
from ....runtime.simd.activations import ACTIVATIONS
from ....runtime.simd.fields import Words
from ....runtime.simd.lanes import Cell, Lanes, Value
from .tiles import (
    ALL_VECTORS,
    Ahead,
    Tile,
    accumulate,
    by_length,
    by_pairs,
    finish,
    new_tile,
    place,
    record_of,
    step,
    tap,
)

__all__ = ["LAYER", "LAYERS", "layers"]

LAYERS = record_of("channels", "count", "layers", "condition", "activated", "*head")
"""A run of ``count`` layers; their activations are added to the matrix ``head``."""
LAYER = record_of(
    *("*source", "*target", "taps", "dilation", "conv", "bias", "mixin"),
    *("parameters", "out", "out_bias", "has_out"),
)
"""One layer, from its history to that of the next; weights as ``[tap][in][out]``."""

MAX_FUSED = {32: 4, 16: 2}
"""Most channels of a fused layer with four vectors to a tile, by SIMD registers."""
MAX_PAIRED = {32: 8, 16: 6}
"""Most channels of a fused layer with two vectors to a tile, by SIMD registers."""
ROWS = {32: (4, 3, 5), 16: (2,)}
"""Rows of a tile of layers with more channels, in order of preference, by SIMD registers.

If none divides the channels, tiles of the first number and of one less are mixed.  With 16
registers a tile of three rows would spill, which takes up to 1.7 times as long.
"""
MAX_UNROLLED = 4
"""Most input channels of a fused layer whose convolution is not a loop over them."""
MAX_HEAD_CHANNELS = 3
"""Most channels whose head sums stay in registers from layer to layer."""
AHEAD = 2
"""How many layers further on the one is whose memory is prefetched."""


Part = tuple[Tile, Value | int, Value]
"""A tile, and the channels from one to another for which it serves in turn."""


def layers(channels: int, activation: str, width: int) -> Native:
    """Return the kernel for a run of plain layers with this many channels and activation."""
    count = registers(width)
    if channels <= MAX_FUSED[count]:
        return _fused(activation, channels, width)
    # In many registers of four lanes, each reading of the weights would serve eight frames only.
    if channels <= MAX_PAIRED[count] and (width, count) != (4, 32):
        return _paired(activation, channels, width)
    most = ROWS[count][0]
    whole = next((rows for rows in ROWS[count] if channels % rows == 0), None)
    return _tiled(activation, whole or most, 0 if whole else -channels % most, width)


@cache
def _fused(activation: str, rows: int, width: int) -> Native:
    name = f"nam.layers.fused{rows}.{activation}"
    return by_length(name, partial(_emit_fused, activation, rows), width, ALL_VECTORS)


@cache
def _paired(activation: str, rows: int, width: int) -> Native:
    name = f"nam.layers.fused{rows}.{activation}"
    return by_pairs(name, partial(_emit_fused, activation, rows), width)


@cache
def _tiled(activation: str, rows: int, narrow: int, width: int) -> Native:
    name = f"nam.layers.rows{rows}.{narrow}.{activation}"
    return by_length(name, partial(_emit_tiled, activation, rows, narrow), width, ALL_VECTORS)


def _emit_fused(
    activation: str, rows: int, vectors: int, lanes: Lanes, state: Value, start: Value | int = 0
) -> None:
    """Emit a run of layers for the frames from ``start`` on, all channels in one tile."""
    run = Words(lanes, LAYERS, lanes.pointer(state))
    tile = new_tile(lanes, rows, vectors)
    held = new_tile(lanes, rows, vectors) if rows <= MAX_HEAD_CHANNELS else []
    head, head_row = place(lanes, run, "head")
    head = lanes.at(head, start)
    for r, sums in enumerate(held):
        for v, total in enumerate(sums):
            total.value = lanes.load(lanes.at(head, lanes.times(r, head_row)), v * lanes.width)
    for words, later in _each(lanes, run):
        _LayerEmitter(lanes, run, words, later, activation, held, start).fused(tile)
    for r, sums in enumerate(held):
        finish(lanes, [total.value for total in sums], lanes.at(head, lanes.times(r, head_row)))


def _emit_tiled(
    activation: str, rows: int, narrow: int, vectors: int, lanes: Lanes, state: Value
) -> None:
    """Emit a run of layers in tiles of ``rows`` channels, the last ``narrow`` of one less."""
    run = Words(lanes, LAYERS, lanes.pointer(state))
    channels = run["channels"]
    middle = lanes.minus(channels, narrow * (rows - 1))
    parts: list[Part] = [(new_tile(lanes, rows, vectors), 0, middle)]
    if narrow:
        parts.append((new_tile(lanes, rows - 1, vectors), middle, channels))
    for words, later in _each(lanes, run):
        _LayerEmitter(lanes, run, words, later, activation).tiled(parts)


def _each(lanes: Lanes, run: Words) -> Iterator[tuple[Words, Words]]:
    """Emit a loop over the layers of a run: each, and that ``AHEAD`` further on or the last."""
    first, last = run.pointer("layers"), lanes.minus(run["count"], 1)
    with lanes.loop(run["count"]) as number:
        later = lanes.plus(number, AHEAD)
        later = lanes.builder.select(lanes.builder.icmp_signed("<", later, last), later, last)
        own, other = (lanes.times(n, LAYER.itemsize // 8) for n in (number, later))
        row = Words(lanes, LAYER, lanes.words(first, own))
        yield row, Words(lanes, LAYER, lanes.words(first, other))


class _LayerEmitter:
    """Emits the code of one layer."""

    def __init__(
        self,
        lanes: Lanes,
        run: Words,
        words: Words,
        later: Words,
        activation: str,
        held: Sequence[Sequence[Cell]] = (),
        start: Value | int = 0,
    ) -> None:
        self.lanes, self.words, self.held = lanes, words, held
        self.channels = run["channels"]
        self.ahead = Ahead(lanes, later, self.channels, start)
        self.x, self.x_row = place(lanes, words, "source")
        self.y, self.y_row = place(lanes, words, "target")
        self.head, self.head_row = place(lanes, run, "head")
        self.x, self.y, self.head = (lanes.at(p, start) for p in (self.x, self.y, self.head))
        self.condition = lanes.at(run.pointer("condition"), start)
        self.kept = run.pointer("activated")
        self.activation = ACTIVATIONS[activation]

    def tiled(self, parts: Sequence[Part]) -> None:
        """Emit a layer of any width."""
        for tile, start, stop in parts:
            with self.lanes.loop(stop, start, len(tile)) as first:
                self._activate_rows(tile, first)
        with self._unless_last():
            for tile, start, stop in parts:
                with self.lanes.loop(stop, start, len(tile)) as first:
                    self._project_rows(tile, first)

    def _activate_rows(self, tile: Tile, first: Value) -> None:
        """Emit the activations of the rows from ``first`` on, into memory."""
        lanes, words, channels = self.lanes, self.words, self.channels
        self._begin(tile, first)
        conv = lanes.at(words.pointer("conv"), first)
        with lanes.loop(words["taps"]) as k:
            part = lanes.at(conv, lanes.times(k, lanes.times(channels, channels)))
            source = tap(lanes, words, self.x, k)
            ahead = self.ahead.share_of_history(tile, k, first)
            accumulate(lanes, tile, source, self.x_row, part, channels, channels, ahead)
        for r, row in enumerate(self._activated(tile, first)):
            finish(lanes, row, self._row(self.kept, len(row) * lanes.width, first, r))

    def _project_rows(self, tile: Tile, first: Value) -> None:
        """Emit layer1x1 of the rows from ``first`` on."""
        lanes, channels, piece = self.lanes, self.channels, len(tile[0]) * self.lanes.width
        self._residual(tile, first)
        out = lanes.at(self.words.pointer("out"), first)
        ahead = self.ahead.weights(lanes.builder.udiv(first, lanes.index(len(tile))))
        accumulate(lanes, tile, self.kept, lanes.index(piece), out, channels, channels, ahead)
        self._store_output(tile, first)

    def fused(self, tile: Tile) -> None:
        """Emit a layer whose channels are the rows of one tile."""
        lanes, words, rows = self.lanes, self.words, len(tile)
        self._begin(tile, 0)
        with lanes.loop(words["taps"]) as k:
            source = tap(lanes, words, self.x, k)
            part = lanes.at(words.pointer("conv"), lanes.times(k, rows * rows))
            if rows > MAX_UNROLLED:
                ahead = [*self.ahead.history(tile, k), *self.ahead.weights(k)]
                accumulate(lanes, tile, source, self.x_row, part, rows, rows, ahead)
            for i in range(rows) if rows <= MAX_UNROLLED else ():
                row = self._row(source, self.x_row, 0, i)
                vectors = [lanes.load(row, v * lanes.width) for v in range(len(tile[0]))]
                step(lanes, tile, vectors, lanes.at(part, i * rows))
        activated = self._activated(tile, 0)
        with self._unless_last():
            # Half of the rows at a time: more sums beside the activations would spill.
            size = rows if rows <= MAX_UNROLLED else -(-rows // 2)
            for first in range(0, rows, size):
                part = tile[first : first + size]
                self._residual(part, first)
                for i, vectors in enumerate(activated):
                    step(lanes, part, vectors, lanes.at(words.pointer("out"), i * rows + first))
                self._store_output(part, first)

    def _row(self, base: Value, step: Value | int, first: Value | int, r: int) -> Value:
        return self.lanes.at(base, self.lanes.times(self.lanes.plus(first, r), step))

    def _unless_last(self) -> AbstractContextManager[None]:
        # The last layer of the last layer array has no next one.
        has_out = self.lanes.builder.icmp_signed("!=", self.words["has_out"], self.lanes.index(0))
        return self.lanes.when(has_out)

    def _begin(self, tile: Tile, first: Value | int) -> None:
        """Start the sums: bias and condition."""
        lanes, words = self.lanes, self.words
        condition = [lanes.load(self.condition, v * lanes.width) for v in range(len(tile[0]))]
        for r, sums in enumerate(tile):
            bias = lanes.broadcast(words.pointer("bias"), lanes.plus(first, r))
            mixin = lanes.broadcast(words.pointer("mixin"), lanes.plus(first, r))
            for total, vector in zip(sums, condition, strict=True):
                total.value = lanes.fma(mixin, vector, bias)

    def _activated(self, tile: Tile, first: Value | int) -> list[list[Value]]:
        """Activate the tile and add it to the head sums."""
        lanes, made = self.lanes, []
        for r, sums in enumerate(tile):
            parameters = self._parameters(lanes.plus(first, r))
            row = [self.activation.emit(lanes, total.value, parameters) for total in sums]
            if self.held:
                for total, a in zip(self.held[r], row, strict=True):
                    total.value = lanes.add(total.value, a)
            else:
                head = self._row(self.head, self.head_row, first, r)
                before = [lanes.load(head, v * lanes.width) for v in range(len(row))]
                finish(lanes, [lanes.add(h, a) for h, a in zip(before, row, strict=True)], head)
            made.append(row)
        return made

    def _parameters(self, channel: Value) -> list[Value]:
        lanes, table = self.lanes, self.words.pointer("parameters")
        rows = range(self.activation.parameters)
        places = [lanes.plus(lanes.times(row, self.channels), channel) for row in rows]
        return [lanes.broadcast(table, at) for at in places]

    def _residual(self, tile: Tile, first: Value | int) -> None:
        """Start the sums of layer1x1: the layer's input and the bias."""
        lanes = self.lanes
        for r, sums in enumerate(tile):
            bias = lanes.broadcast(self.words.pointer("out_bias"), lanes.plus(first, r))
            x = self._row(self.x, self.x_row, first, r)
            for v, total in enumerate(sums):
                total.value = lanes.add(lanes.load(x, v * lanes.width), bias)

    def _store_output(self, tile: Tile, first: Value | int) -> None:
        """Store the tile in the history of the next layer."""
        for r, sums in enumerate(tile):
            target = self._row(self.y, self.y_row, first, r)
            finish(self.lanes, [total.value for total in sums], target)
