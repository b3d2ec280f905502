"""An LSTM in memory, and its kernel: unrolled if the network is small, looped otherwise."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .....graph.prepare import Memory
from .....runtime.native.abi import Native, kernel
from .....runtime.native.host import host_lanes
from .....runtime.native.pointers import copy_bytes, load, record
from .....runtime.plan.arena import Block, offset
from .....runtime.simd.embed import embed
from .....runtime.simd.lanes import Lanes, Value
from ...model.networks import Lstm, LstmLayer
from ..knob_columns import KnobColumns, state_block
from ..recurrent_head import head_weights
from .blockwise import emit_blockwise
from .cell import GATE_SCALES
from .few_layers import FRAMES
from .looped import LAYER, NETWORK, emit_looped
from .sizes import fewest_lanes, is_whole, lstm_grid
from .unrolled import Grid, emit_unrolled

__all__ = [
    "lstm_kernel",
    "prepare_lstm",
    "scaled_gates",
    "state_places",
]

Floats = NDArray[np.float32]
RECORD = np.dtype([(name, np.int64) for name in ("weights", "state", "bias", "between")])
"""``bias`` is that of the first layer, which begins ``weights`` too, unless there are knobs.

``between`` has a layer's hidden state in several frames, if layers are played a few at a time.
"""
PASS = np.dtype([("channels", np.int64), ("row", np.int64)])


def prepare_lstm(
    memory: Memory,
    network: Lstm,
    width: int | None = None,
    row: int = 0,
    knobs: KnobColumns | None = None,
) -> tuple[Native, Any]:
    """Allocate the memory of a network; return its kernel and the record to call it with.

    The kernel takes the address of the first input and output channel; further channels begin
    ``row`` float32 after the one before.  With ``knobs`` the biases of the first layer are state.
    """
    width = width or host_lanes()
    depth, hidden = len(network.layers), network.hidden_size
    grid = lstm_grid(hidden, depth, width)
    if depth == 0:
        fields = {"channels": network.inputs, "row": row}
        return _pass, memory.table(PASS, [fields])
    if grid is not None and network.inputs == network.outputs == 1:
        return lstm_kernel(hidden, depth, width), _unrolled_record(memory, network, grid, knobs)
    lanes = fewest_lanes(hidden, width)
    return _looped_kernel(lanes), _looped_record(memory, network, lanes, row, knobs)


def lstm_kernel(hidden: int, depth: int, width: int) -> Native:
    """Return the kernel for networks of this size."""
    if depth == 0:
        return _pass
    grid = lstm_grid(hidden, depth, width)
    if grid is None:
        return _looped_kernel(fewest_lanes(hidden, width))
    return _unrolled_kernel(hidden, depth, grid.width)


@kernel
def _pass(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, PASS)
    for c in range(s.channels):
        copy_bytes(outs + 4 * c * s.row, ins + 4 * c * s.row, 4 * frames)


@cache
def _unrolled_kernel(hidden: int, depth: int, width: int) -> Native:
    if not is_whole(Grid(hidden, width), depth):
        return _blockwise_kernel(hidden, depth, width)

    def emit(lanes: Lanes, *args: Value) -> None:
        emit_unrolled(Grid(hidden, width), depth, lanes, args[:5], args[5:])

    run = embed(f"nam.lstm.h{hidden}.d{depth}", 6, emit, width)

    @kernel
    def play(state: int, ins: int, outs: int, frames: int) -> None:
        run(load(state, 0), load(state, 1), load(state, 2), ins, outs, frames)

    return play


def _blockwise_kernel(hidden: int, depth: int, width: int) -> Native:
    def emit(lanes: Lanes, *args: Value) -> None:
        emit_blockwise(Grid(hidden, width), depth, lanes, *args)

    run = embed(f"nam.lstm.blockwise.h{hidden}.d{depth}", 7, emit, width)

    @kernel
    def play(state: int, ins: int, outs: int, frames: int) -> None:
        run(load(state, 0), load(state, 1), load(state, 2), load(state, 3), ins, outs, frames)

    return play


@cache
def _looped_kernel(width: int) -> Native:
    run = embed("nam.lstm.any", 4, emit_looped, width)

    @kernel
    def play(state: int, ins: int, outs: int, frames: int) -> None:
        run(state, ins, outs, frames)

    return play


def _unit_lanes(network: Lstm, width: int) -> tuple[bool, int, int, list[int]]:
    """Return where the kernel of a mono network keeps its units.

    Whether it is unrolled, its vectors of units, the lanes of each, and, of each unit, its lane,
    counted over all vectors.
    """
    hidden = network.hidden_size
    grid = lstm_grid(hidden, len(network.layers), width)
    if grid is None:
        lanes = fewest_lanes(hidden, width)
        return False, -(-hidden // lanes), lanes, list(range(hidden))
    return True, grid.units, grid.width, [grid.unit(n) for n in range(hidden)]


def state_places(network: Lstm, made: Block, width: int | None = None) -> list[tuple[Block, int]]:
    """Return where the kernel of a mono network keeps its state: ``(block, byte offset)``.

    Of each layer all units' hidden state, then all units' cell state.  ``made`` is the record that
    ``prepare_lstm`` returned.
    """
    unrolled, vectors, lanes, units = _unit_lanes(network, width or host_lanes())
    depth = len(network.layers)
    places: list[tuple[Block, int]] = []
    if unrolled:
        state, _ = _linked(made, "state")
        for row in range(2 * depth):
            places += [(state, 4 * (row * vectors * lanes + unit)) for unit in units]
        return places
    layers, _ = _linked(made, "layers")
    for number in range(depth):
        for name in ("hidden", "cells"):
            block, begin = _linked(layers, name, number)
            places += [(block, begin + 4 * unit) for unit in units]
    return places


def _linked(block: Block, name: str, number: int = 0) -> tuple[Block, int]:
    """Return the block, and the byte offset in it, that a field of a record refers to."""
    dtype = block.content.dtype
    place = number * dtype.itemsize + offset(dtype, name)
    return next((target, inside) for at, target, inside in block.links if at == place)


def scaled_gates(layer: LstmLayer) -> tuple[Floats, Floats]:
    """Return weights ``[gate][unit][column]`` and biases ``[gate][unit]``, scaled for the cell."""
    hidden = layer.hidden.size
    weight = layer.weight.reshape(4, hidden, -1) * GATE_SCALES[:, None, None]
    return weight, _scaled(layer.bias)


def _scaled(bias: Floats) -> Floats:
    """Return biases ``[gate][unit]``, scaled for the cell."""
    return bias.reshape(4, -1) * GATE_SCALES[:, None]


def _unrolled_record(memory: Memory, network: Lstm, grid: Grid, knobs: KnobColumns | None) -> Any:
    hidden, width, depth = grid.hidden, grid.width, len(network.layers)
    gate = [[grid.gate(which, n) for n in range(hidden)] for which in range(4)]
    unit = [grid.unit(n) for n in range(hidden)]
    rows = []
    for layer in network.layers:
        weight, bias = scaled_gates(layer)
        part = np.zeros((1 + weight.shape[2], grid.gates * width), np.float32)
        part[0, gate] = bias
        part[1:, gate] = weight.transpose(2, 0, 1)
        rows.append(part.ravel())
    head = np.append(head_weights(network.head[0]), network.head_bias[:1])
    state = np.zeros((2 * len(network.layers), grid.units * width), np.float32)
    state[0::2, unit] = [layer.hidden for layer in network.layers]
    state[1::2, unit] = [layer.cell for layer in network.layers]

    def layout(bias: Floats) -> Floats:
        made = np.zeros(grid.gates * width, np.float32)
        made[gate] = _scaled(bias)
        return made

    weights = memory.constant(np.concatenate([*rows, head]))
    return memory.record(
        RECORD,
        weights=weights,
        state=state_block(memory, state),
        bias=weights if knobs is None else knobs.add(memory, network.layers[0].bias, layout),
        between=0 if is_whole(grid, depth) else memory.scratch(FRAMES * grid.lanes),
    )


def _looped_record(
    memory: Memory, network: Lstm, width: int, row: int, knobs: KnobColumns | None
) -> Any:
    hidden, depth = network.hidden_size, len(network.layers)
    units = -(-hidden // width) * width
    fed = -(-network.inputs // 2) * 2  # the kernel takes columns in pairs
    inputs = [units if number else fed for number in range(depth)]
    rows = []
    for number, layer in enumerate(network.layers):
        above = network.layers[number - 1].hidden if number else np.zeros(0, np.float32)
        first = np.concatenate([_padded(above, inputs[number]), _padded(layer.hidden, units)])
        rows.append(state_block(memory, first))
    aside = memory.scratch(units)
    table = []

    def layout(bias: Floats) -> Floats:
        made = np.zeros((4, units), np.float32)
        made[:, :hidden] = _scaled(bias)
        return np.ascontiguousarray(made.reshape(4, -1, width).transpose(1, 0, 2))

    own = hidden + hidden % 2
    for number, layer in enumerate(network.layers):
        last = number == depth - 1
        weights = memory.constant(_looped_weights(layer, inputs[number], width))
        bias, bias_step = weights, 4 * width * (1 + inputs[number] + own)
        if knobs is not None and number == 0:
            bias, bias_step = knobs.add(memory, layer.bias, layout), 4 * width
        table.append(
            {
                "weights": weights,
                "bias": bias,
                "bias_step": bias_step,
                "row": rows[number],
                "columns": inputs[number] + own,
                "hidden": rows[number][4 * inputs[number]],
                "next_inputs": aside if last else rows[number + 1],
                "cells": state_block(memory, _padded(layer.cell, units)),
            }
        )
    return memory.record(
        NETWORK,
        layers=memory.table(LAYER, table),
        depth=depth,
        units=units,
        aside=aside,
        hidden=table[-1]["hidden"],
        head=memory.constant(np.stack([_padded(weights, units) for weights in network.head])),
        bias=memory.constant(network.head_bias),
        inputs=network.inputs,
        outputs=network.outputs,
        step=row,
    )


def _looped_weights(layer: LstmLayer, inputs: int, width: int) -> Floats:
    """Return ``[vector of units][bias and columns][gate][lane]``, padded with zeros."""
    weight, bias = scaled_gates(layer)
    hidden = layer.hidden.size
    real = weight.shape[2] - hidden
    units = -(-hidden // width) * width
    made = np.zeros((1 + inputs + hidden + hidden % 2, 4, units), np.float32)
    made[0, :, :hidden] = bias
    made[1 : 1 + real, :, :hidden] = weight[:, :, :real].transpose(2, 0, 1)
    made[1 + inputs : 1 + inputs + hidden, :, :hidden] = weight[:, :, real:].transpose(2, 0, 1)
    return np.ascontiguousarray(made.reshape(-1, 4, units // width, width).transpose(2, 0, 1, 3))


def _padded(values: Floats, size: int) -> Floats:
    return np.concatenate([values, np.zeros(size - values.size, np.float32)])
