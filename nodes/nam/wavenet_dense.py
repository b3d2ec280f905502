"""The plain convolution of a WaveNet: the way into an array, and the head."""

from functools import cache

from ...runtime.native.abi import Native
from ...runtime.simd.fields import Words
from ...runtime.simd.lanes import Lanes, Value
from .cpu.tiles import (
    accumulate,
    by_length,
    finish,
    new_tile,
    place,
    record_of,
    tap,
)

__all__ = ["DENSE", "dense"]

DENSE = record_of("*source", "*target", "taps", "dilation", "inputs", "outputs", "weight", "bias")
"""A convolution from one place to another, with weights as ``[tap][in][out]``.

With no inputs at all it fills a place with its bias.
"""
ROWS = 4


@cache
def dense(width: int) -> Native:
    """Return the kernel for convolutions of any shape."""
    return by_length("nam.dense", _emit, width)


def _emit(vectors: int, lanes: Lanes, state: Value) -> None:
    words = Words(lanes, DENSE, lanes.pointer(state))
    outputs = words["outputs"]
    tiled = lanes.builder.and_(outputs, lanes.index(-ROWS))
    _emit_rows(lanes, words, (ROWS, vectors), 0, tiled)
    _emit_rows(lanes, words, (1, vectors), tiled, outputs)


def _emit_rows(
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
