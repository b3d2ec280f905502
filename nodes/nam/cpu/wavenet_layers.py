"""Fused kernels of a WaveNet: a run of plain layers, and the plain convolution around them.

A layer is dilated convolution, condition, activation, head sum, layer1x1 and residual.  Two forms
compute the same sums in the same order, hence the same bits.  Layers of any width go tile by tile,
once for the activations and once for layer1x1.  Layers of few channels keep all channels in one
tile, and the activations in registers.
"""

from contextlib import AbstractContextManager
from functools import cache, partial

from ....runtime.native.abi import Native
from ....runtime.native.host import registers
from ....runtime.simd.activations import ACTIVATIONS
from ....runtime.simd.fields import Words
from ....runtime.simd.lanes import Lanes, Value
from .tiles import (
    ALL_VECTORS,
    Tile,
    accumulate,
    by_length,
    finish,
    new_tile,
    place,
    record_of,
    step,
    tap,
)

__all__ = ["DENSE", "LAYER", "LAYERS", "dense", "layers"]

LAYERS = record_of("channels", "count", "layers", "condition", "activated", "*head")
"""A run of ``count`` layers; their activations are added to the matrix ``head``."""
LAYER = record_of(
    *("*source", "*target", "taps", "dilation", "conv", "bias", "mixin"),
    *("parameters", "out", "out_bias", "has_out"),
)
"""One layer, from its history to that of the next; weights as ``[tap][in][out]``."""

DENSE = record_of("*source", "*target", "taps", "dilation", "inputs", "outputs", "weight", "bias")
"""A convolution of one matrix into another, with weights as ``[tap][in][out]``.

Without inputs it fills the target with its bias.
"""
ROWS = {32: (4, (4, 3, 5, 2, 1)), 16: (3, (3, 2, 1))}
"""By SIMD registers: most channels of a fused layer, and rows of a tile in order of preference.

With 16 registers a tile of four rows would spill.
"""
MAX_HEAD_CHANNELS = 3
"""Most channels whose head sums stay in registers from layer to layer."""

DENSE_ROWS = 4
"""Rows of a tile of the plain convolution."""


def layers(channels: int, activation: str, width: int) -> Native:
    """Return the kernel for a run of plain layers with this many channels and activation."""
    most, tiled = ROWS[registers(width)]
    fused = channels <= most
    rows = channels if fused else next(r for r in tiled if channels % r == 0)
    return _kernel(activation, rows, fused, width)


@cache
def _kernel(activation: str, rows: int, fused: bool, width: int) -> Native:
    name = f"nam.layers.{'fused' if fused else 'rows'}{rows}.{activation}"
    return by_length(name, partial(_emit, activation, rows, fused), width, ALL_VECTORS)


def _emit(
    activation: str, rows: int, fused: bool, vectors: int, lanes: Lanes, state: Value
) -> None:
    run = Words(lanes, LAYERS, lanes.pointer(state))
    first = run.pointer("layers")
    tile = new_tile(lanes, rows, vectors)
    held = new_tile(lanes, rows, vectors) if fused and rows <= MAX_HEAD_CHANNELS else []
    head, head_row = place(lanes, run, "head")
    for r, sums in enumerate(held):
        for v, total in enumerate(sums):
            total.value = lanes.load(lanes.at(head, lanes.times(r, head_row)), v * lanes.width)
    with lanes.loop(run["count"]) as number:
        at = lanes.words(first, lanes.times(number, LAYER.itemsize // 8))
        layer = _LayerEmitter(lanes, run, Words(lanes, LAYER, at), activation, held)
        (layer.fused if fused else layer.tiled)(tile)
    for r, sums in enumerate(held):
        finish(lanes, [total.value for total in sums], lanes.at(head, lanes.times(r, head_row)))


class _LayerEmitter:
    """Emits the code of one layer."""

    def __init__(self, lanes: Lanes, run: Words, words: Words, activation: str, held: Tile) -> None:
        self.lanes, self.words, self.held = lanes, words, held
        self.channels = run["channels"]
        self.x, self.x_row = place(lanes, words, "source")
        self.y, self.y_row = place(lanes, words, "target")
        self.head, self.head_row = place(lanes, run, "head")
        self.condition, self.kept = run.pointer("condition"), run.pointer("activated")
        self.activation = ACTIVATIONS[activation]

    def tiled(self, tile: Tile) -> None:
        """Emit a layer of any width."""
        lanes, words, channels = self.lanes, self.words, self.channels
        piece, rows = len(tile[0]) * lanes.width, len(tile)
        with lanes.loop(channels, step=rows) as first:
            self._begin(tile, first)
            conv = lanes.at(words.pointer("conv"), first)
            with lanes.loop(words["taps"]) as k:
                part = lanes.at(conv, lanes.times(k, lanes.times(channels, channels)))
                source = tap(lanes, words, self.x, k)
                accumulate(lanes, tile, source, self.x_row, part, channels, channels)
            for r, row in enumerate(self._activated(tile, first)):
                finish(lanes, row, self._row(self.kept, piece, first, r))
        with self._unless_last(), lanes.loop(channels, step=rows) as first:
            self._residual(tile, first)
            out = lanes.at(words.pointer("out"), first)
            accumulate(lanes, tile, self.kept, lanes.index(piece), out, channels, channels)
            self._store_output(tile, first)

    def fused(self, tile: Tile) -> None:
        """Emit a layer whose channels are the rows of one tile."""
        lanes, words, rows = self.lanes, self.words, len(tile)
        self._begin(tile, 0)
        with lanes.loop(words["taps"]) as k:
            source = tap(lanes, words, self.x, k)
            part = lanes.at(words.pointer("conv"), lanes.times(k, rows * rows))
            for i in range(rows):
                row = self._row(source, self.x_row, 0, i)
                vectors = [lanes.load(row, v * lanes.width) for v in range(len(tile[0]))]
                step(lanes, tile, vectors, lanes.at(part, i * rows))
        activated = self._activated(tile, 0)
        with self._unless_last():
            self._residual(tile, 0)
            for i, vectors in enumerate(activated):
                step(lanes, tile, vectors, lanes.at(words.pointer("out"), i * rows))
            self._store_output(tile, 0)

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


@cache
def dense(width: int) -> Native:
    """Return the kernel for plain convolutions (no groups) of any shape."""
    return by_length("nam.dense", _emit_dense, width)


def _emit_dense(vectors: int, lanes: Lanes, state: Value) -> None:
    words = Words(lanes, DENSE, lanes.pointer(state))
    outputs = words["outputs"]
    tiled = lanes.builder.and_(outputs, lanes.index(-DENSE_ROWS))
    _emit_dense_rows(lanes, words, (DENSE_ROWS, vectors), 0, tiled)
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
