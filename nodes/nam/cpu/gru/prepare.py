"""A GRU in memory, and its kernel: unrolled if the network is small, looped otherwise."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .....graph.prepare import Memory
from .....runtime.native.abi import Native, kernel
from .....runtime.native.host import WIDTHS, host_lanes
from .....runtime.native.pointers import load
from .....runtime.simd.embed import embed
from .....runtime.simd.lanes import Lanes, Value
from ...model.captures import Gru, GruLayer
from ..knob_columns import KnobColumns, bias_block, state_block
from ..lstm.few_layers import FRAMES
from ..lstm.sizes import MAX_FLOATS, MAX_UNROLLED, fewest_lanes
from .blockwise import emit_blockwise, layers_at_a_time
from .looped import LAYER, NETWORK, emit_looped
from .unrolled import GATES, emit_unrolled

__all__ = ["gru_kernel", "prepare_gru", "unrolled_width"]

Floats = NDArray[np.float32]
MAX_IN_CACHE = 7600
"""Most weights of a layer that stay in a first cache of 32 KiB from frame to frame."""
RECORD = np.dtype([(name, np.int64) for name in ("weights", "state", "bias", "between")])
"""``bias`` is that of the first layer; ``between`` has a layer's hidden state in several frames."""


def prepare_gru(
    memory: Memory,
    network: Gru,
    width: int | None = None,
    row: int = 0,
    knobs: KnobColumns | None = None,
) -> tuple[Native, Any]:
    """Allocate the memory of a network; return its kernel and the record to call it with.

    The kernel takes channels as that of ``prepare_lstm`` does.  With ``knobs`` the biases of the
    first layer are state.
    """
    width = width or host_lanes()
    hidden, depth = network.hidden_size, len(network.layers)
    small = unrolled_width(hidden, depth, width)
    if small and network.inputs == network.outputs == 1:
        made = _unrolled_record(memory, network, small, knobs)
        return _unrolled_kernel(hidden, depth, small), made
    lanes = fewest_lanes(hidden, width)
    return _looped_kernel(lanes), _looped_record(memory, network, lanes, row, knobs)


def gru_kernel(hidden: int, depth: int, width: int) -> Native:
    """Return the kernel for mono networks of this size."""
    small = unrolled_width(hidden, depth, width)
    if small:
        return _unrolled_kernel(hidden, depth, small)
    return _looped_kernel(fewest_lanes(hidden, width))


def unrolled_width(hidden: int, depth: int, width: int) -> int:
    """Return the lanes of the unrolled kernel; 0 if the looped one is to be taken."""
    width = fewest_lanes(hidden, min([w for w in WIDTHS if hidden <= w <= width], default=width))
    whole = _is_whole(hidden, depth, width)
    return width if whole or layers_at_a_time(hidden, depth, width) is not None else 0


def _is_whole(hidden: int, depth: int, width: int) -> bool:
    """Return whether all layers of an unrolled network play a frame before the next frame."""
    columns = depth * (hidden + 1) + (depth - 1) * hidden
    multiplies = GATES * columns * -(-hidden // width)
    return multiplies <= MAX_UNROLLED and multiplies * width <= MAX_FLOATS


@cache
def _unrolled_kernel(hidden: int, depth: int, width: int) -> Native:
    if not _is_whole(hidden, depth, width):
        return _blockwise_kernel(hidden, depth, width)

    def emit(lanes: Lanes, *args: Value) -> None:
        emit_unrolled(hidden, depth, lanes, args[:5], args[5:])

    run = embed(f"nam.gru.h{hidden}.d{depth}", 6, emit, width)

    @kernel
    def play(state: int, ins: int, outs: int, frames: int) -> None:
        run(load(state, 0), load(state, 1), load(state, 2), ins, outs, frames)

    return play


def _blockwise_kernel(hidden: int, depth: int, width: int) -> Native:
    def emit(lanes: Lanes, *args: Value) -> None:
        emit_blockwise(hidden, depth, lanes, *args)

    run = embed(f"nam.gru.blockwise.h{hidden}.d{depth}", 7, emit, width)

    @kernel
    def play(state: int, ins: int, outs: int, frames: int) -> None:
        run(load(state, 0), load(state, 1), load(state, 2), load(state, 3), ins, outs, frames)

    return play


@cache
def _looped_kernel(width: int) -> Native:
    run = embed("nam.gru.any", 4, emit_looped, width)

    @kernel
    def play(state: int, ins: int, outs: int, frames: int) -> None:
        run(state, ins, outs, frames)

    return play


def _columns(weight: Floats, padded: int) -> Floats:
    """Return weights ``[3 H][columns]`` as ``[column][gate][padded unit]``."""
    gates = weight.reshape(3, -1, weight.shape[1])
    made = np.zeros((weight.shape[1], 3, padded), np.float32)
    made[:, :, : gates.shape[1]] = gates.transpose(2, 0, 1)
    return made


def _input_rows(bias: Floats, padded: int) -> Floats:
    """Return biases of the input as ``[z, r, n, n of the hidden state][padded unit]``."""
    rows = bias.reshape(3, -1)
    made = np.zeros((4, padded), np.float32)
    made[:3, : rows.shape[1]] = rows
    return made


def _own_rows(layer: GruLayer, padded: int) -> Floats:
    """Return the biases of the hidden state in the same order; z and r add to the input's."""
    rows = layer.recurrent_bias.reshape(3, -1)
    made = np.zeros((4, padded), np.float32)
    made[[0, 1, 3], : rows.shape[1]] = rows
    return made


def _unrolled_record(memory: Memory, network: Gru, width: int, knobs: KnobColumns | None) -> Any:
    hidden = network.hidden_size
    padded = -(-hidden // width) * width
    rows, first = [], network.layers[0]
    for layer in network.layers:
        bias = _input_rows(layer.bias, padded) + _own_rows(layer, padded)
        fed = _columns(layer.weight, padded)
        own = _columns(layer.recurrent, padded)
        rows += [part.ravel() for part in (bias, fed, own)]
    head = np.zeros(padded + 1, np.float32)
    head[:hidden], head[-1] = network.head[0], network.head_bias[0]
    weights = memory.constant(np.concatenate([*rows, head]))
    state = np.zeros((len(network.layers), padded), np.float32)
    bias = weights
    if knobs is not None:
        bias = knobs.add(
            memory, first.bias, lambda b: _input_rows(b, padded), _own_rows(first, padded)
        )
    whole = _is_whole(hidden, len(network.layers), width)
    return memory.record(
        RECORD,
        weights=weights,
        state=state_block(memory, state),
        bias=bias,
        between=0 if whole else memory.scratch(FRAMES * padded),
    )


def _looped_record(
    memory: Memory, network: Gru, width: int, row: int, knobs: KnobColumns | None
) -> Any:
    hidden, depth = network.hidden_size, len(network.layers)
    units = -(-hidden // width) * width
    fed = network.inputs + network.inputs % 2  # the kernel takes columns in pairs
    given = memory.scratch(fed)
    states = [state_block(memory, np.zeros(units, np.float32)) for _ in range(depth)]

    def by_vector(rows: Floats) -> Floats:
        """Return ``[...][unit]`` as ``[vector of units][...][lane]``."""
        parts = rows.reshape(*rows.shape[:-1], units // width, width)
        return np.ascontiguousarray(np.moveaxis(parts, -2, 0))

    table, own = [], hidden + hidden % 2
    for number, layer in enumerate(network.layers):
        inputs = units if number else fed
        columns = np.zeros((inputs + own, 3, units), np.float32)
        columns[: layer.weight.shape[1]] = _columns(layer.weight, units)
        columns[inputs : inputs + hidden] = _columns(layer.recurrent, units)
        beside = by_vector(_own_rows(layer, units))
        bias = bias_block(
            memory,
            layer.bias,
            lambda b: by_vector(_input_rows(b, units)),
            None if number else knobs,
            beside,
        )
        table.append(
            {
                "weights": memory.constant(by_vector(columns)),
                "given": states[number - 1] if number else given,
                "inputs": inputs,
                "hidden": states[number],
                "own": own,
                "bias": bias,
                "turns": int(columns.size > MAX_IN_CACHE),
            }
        )
    head = np.zeros((network.outputs, units), np.float32)
    head[:, :hidden] = network.head
    return memory.record(
        NETWORK,
        layers=memory.table(LAYER, table),
        depth=depth,
        units=units,
        aside=memory.scratch(units),
        hidden=states[-1],
        head=memory.constant(head),
        bias=memory.constant(network.head_bias),
        inputs=network.inputs,
        outputs=network.outputs,
        step=row,
        given=given,
    )
