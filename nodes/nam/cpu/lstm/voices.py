"""Many signals ("voices") through one LSTM: the lanes of a vector are voices instead of units.

A *tile* is as many voices as a vector has lanes.  Its state is float32,
``[layer][hidden | cell][unit][lane]``; a weight is broadcast to all lanes.  Each lane has the bits
that the kernels of one signal (``lstm.py``) give, because it adds in their order: a gate is the sum
of two partial sums, of the columns at even and at odd places, and the head is that of
``recurrent_head.py``.  One kernel runs every size; sizes are data.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from .....graph.prepare import Memory
from .....runtime.native.abi import Native, kernel
from .....runtime.native.host import host_lanes
from .....runtime.simd.embed import embed
from .....runtime.simd.fields import Words
from .....runtime.simd.lanes import Cell, Lanes, Value
from ...model.networks import Lstm
from ..recurrent_head import HEAD_LANES
from .cell import full_cell
from .prepare import scaled_gates

__all__ = ["TILE", "lstm_voices_kernel", "prepare_lstm_voices"]

TILE = "tile"
"""Field of the record that the caller sets to the address of a tile's state before each call."""
NETWORK = np.dtype(
    [
        (TILE, np.int64),
        *((n, np.int64) for n in ("layers", "depth", "units", "head", "hidden", "bias", "aside")),
    ]
)
"""A network; its last layer is in the state from row ``hidden`` on.  ``aside`` is scratch."""
LAYER = np.dtype([(n, np.int64) for n in ("weights", "inputs", "given", "hidden", "cells")])
"""A layer.  Its ``inputs`` columns are rows of the state from ``given`` on, or, if that is
negative, the signal; its own columns are from row ``hidden`` on.  Of each unit the weights are
those of gates i, f, g and o, for the bias and for each column."""
SIGNAL = -1
GATES = 4


def prepare_lstm_voices(
    memory: Memory, network: Lstm, width: int | None = None
) -> tuple[Native, Any]:
    """Allocate the constants of a mono network with layers; return kernel and record for a tile.

    ``kernel(record, ins, outs, frames)`` plays ``[frame][lane]`` float32 at two addresses, on the
    tile whose address is in the record's field ``tile``.
    """
    width = width or host_lanes()
    depth, hidden = len(network.layers), network.hidden_size
    layers = []
    for number, layer in enumerate(network.layers):
        weight, bias = scaled_gates(layer)
        inputs = hidden if number else 1
        layers.append(
            {
                "weights": memory.constant(
                    np.concatenate([bias[..., None], weight], axis=2).transpose(1, 2, 0)
                ),
                "inputs": inputs,
                "given": 2 * (number - 1) * hidden if number else SIGNAL,
                "hidden": 2 * number * hidden,
                "cells": (2 * number + 1) * hidden,
            }
        )
    return lstm_voices_kernel(width), memory.record(
        NETWORK,
        layers=memory.table(LAYER, layers),
        depth=depth,
        units=hidden,
        head=memory.constant(network.head[0]),
        hidden=2 * (depth - 1) * hidden,
        bias=memory.constant(network.head_bias),
        aside=memory.scratch((hidden, width)),
    )


@cache
def lstm_voices_kernel(width: int) -> Native:
    """Return the kernel for tiles of ``width`` voices."""
    run = embed("nam.lstm.voices", 4, _emit, width)

    @kernel
    def play(state: int, ins: int, outs: int, frames: int) -> None:
        run(state, ins, outs, frames)

    return play


def _emit(lanes: Lanes, state: Value, ins: Value, outs: Value, frames: Value) -> None:
    """Emit the loop over the frames of a block."""
    net = Words(lanes, NETWORK, lanes.pointer(state))
    tile, x, y = net.pointer(TILE), lanes.pointer(ins), lanes.pointer(outs)
    with lanes.loop(frames) as t:
        now = lanes.times(t, lanes.width)
        with lanes.loop(net["depth"]) as number:
            at = lanes.words(net.pointer("layers"), lanes.times(number, LAYER.itemsize // 8))
            layer = Words(lanes, LAYER, at)
            first = lanes.builder.icmp_signed("<", layer["given"], lanes.index(0))
            above = _row(lanes, tile, layer["given"])
            given = lanes.builder.select(first, lanes.at(x, now), above)
            hidden = _row(lanes, tile, layer["hidden"])
            _emit_units(lanes, net, layer, given, hidden, _row(lanes, tile, layer["cells"]))
            with lanes.loop(net["units"]) as unit:
                fresh = lanes.load(_row(lanes, net.pointer("aside"), unit))
                lanes.store(fresh, _row(lanes, hidden, unit))
        lanes.store(_head(lanes, net, tile), y, now)


def _row(lanes: Lanes, place: Value, number: Value) -> Value:
    """Return the address of vector ``number`` after ``place``."""
    return lanes.at(place, lanes.times(number, lanes.width))


def _emit_units(
    lanes: Lanes, net: Words, layer: Words, given: Value, hidden: Value, cells: Value
) -> None:
    """Emit the loop over the units of a layer; their new hidden state is stored aside."""
    zero, inputs = lanes.constant(0.0), layer["inputs"]
    columns = lanes.plus(1, lanes.plus(inputs, net["units"]))
    sums = [[lanes.cell(zero) for _ in range(GATES)] for _ in range(2)]
    with lanes.loop(net["units"]) as unit:
        place = lanes.times(lanes.times(unit, columns), GATES)
        weights = lanes.at(layer.pointer("weights"), place)
        for gate in range(GATES):
            sums[0][gate].value = lanes.broadcast(weights, gate)
            sums[1][gate].value = zero
        weights = lanes.at(weights, GATES)
        _emit_columns(lanes, weights, given, inputs, sums)
        weights = lanes.at(weights, lanes.times(GATES, inputs))
        _emit_columns(lanes, weights, hidden, net["units"], sums)
        gates = [lanes.add(a.value, b.value) for a, b in zip(*sums, strict=True)]
        here = _row(lanes, cells, unit)
        cell, out = full_cell(lanes, gates, lanes.load(here))
        lanes.store(cell, here)
        lanes.store(out, _row(lanes, net.pointer("aside"), unit))


def _emit_columns(
    lanes: Lanes, weights: Value, columns: Value, count: Value, sums: Sequence[Sequence[Cell]]
) -> None:
    """Emit the multiply-adds of ``count`` columns, to the two partial sums of each gate in turn."""

    def add(column: Value, totals: Sequence[Cell]) -> None:
        x = lanes.load(_row(lanes, columns, column))
        here = lanes.at(weights, lanes.times(GATES, column))
        for gate, total in enumerate(totals):
            total.value = lanes.fma(lanes.broadcast(here, gate), x, total.value)

    pairs = lanes.builder.and_(count, lanes.index(-2))
    with lanes.loop(pairs, step=2) as column:
        add(column, sums[0])
        add(lanes.plus(column, 1), sums[1])
    with lanes.when(lanes.builder.icmp_signed("<", pairs, count)):
        add(pairs, sums[0])


def _head(lanes: Lanes, net: Words, tile: Value) -> Value:
    """Return the output sample of each voice: the weighted hidden state and the bias."""
    zero, units, head = lanes.constant(0.0), net["units"], net.pointer("head")
    hidden = _row(lanes, tile, net["hidden"])
    totals = [lanes.cell(zero) for _ in range(HEAD_LANES)]

    def add(unit: Value, total: Cell) -> None:
        x = lanes.load(_row(lanes, hidden, unit))
        total.value = lanes.fma(lanes.broadcast(head, unit), x, total.value)

    whole = lanes.builder.and_(units, lanes.index(-HEAD_LANES))
    for total in totals:
        total.value = zero
    with lanes.loop(whole, step=HEAD_LANES) as unit:
        for n, total in enumerate(totals):
            add(lanes.plus(unit, n), total)
    for n, total in enumerate(totals[:-1]):
        last = lanes.plus(whole, n)
        with lanes.when(lanes.builder.icmp_signed("<", last, units)):
            add(last, total)
    a, b, c, d = (total.value for total in totals)
    sums = lanes.add(lanes.add(a, c), lanes.add(b, d))
    return lanes.add(sums, lanes.broadcast(net.pointer("bias")))
