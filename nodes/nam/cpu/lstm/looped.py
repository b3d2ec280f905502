"""LSTMs of any size: loops over layers, units and columns, with sizes as data.

The weights of a layer multiply a row of columns, ``[inputs | hidden state]``.  New hidden states
are stored aside until all units of the layer are done, then copied to the layer's own row and to
that of the next layer.
"""

import numpy as np

from .....runtime.simd.fields import Words
from .....runtime.simd.lanes import Lanes, Value
from ..recurrent_head import emit_looped_head
from .cell import full_cell

__all__ = ["LAYER", "NETWORK", "emit_looped"]

NETWORK = np.dtype(
    [
        *((n, np.int64) for n in ("layers", "depth", "units", "aside", "hidden", "head", "bias")),
        *((n, np.int64) for n in ("inputs", "outputs", "step")),
    ]
)
"""A network; ``units`` is the padded hidden size, ``hidden`` the last layer's hidden state.

Channels begin ``step`` float32 apart.
"""
LAYER = np.dtype(
    [
        *((n, np.int64) for n in ("weights", "row", "columns", "hidden", "next_inputs", "cells")),
        *((n, np.int64) for n in ("bias", "bias_step")),
    ]
)
"""A layer; its weights are, per vector of units, the bias and the columns of four gates.

The biases that count are those at ``bias``, the next vector's ``bias_step`` float32 after: among
the weights, or, if knobs are part of them, apart.
"""


def emit_looped(lanes: Lanes, state: Value, ins: Value, outs: Value, frames: Value) -> None:
    """Emit the loop over the frames of a block."""
    net = Words(lanes, NETWORK, lanes.pointer(state))
    x, y = lanes.pointer(ins), lanes.pointer(outs)
    first = Words(lanes, LAYER, net.pointer("layers"))
    with lanes.loop(frames) as t:
        with lanes.loop(net["inputs"]) as c:
            fed = lanes.load_number(x, lanes.plus(lanes.times(c, net["step"]), t))
            lanes.store_number(fed, first.pointer("row"), c)
        with lanes.loop(net["depth"]) as number:
            at = lanes.words(net.pointer("layers"), lanes.times(number, LAYER.itemsize // 8))
            layer = Words(lanes, LAYER, at)
            _emit_units(lanes, net, layer, lanes.builder.and_(t, lanes.index(1)))
            _emit_copy(lanes, net, layer)
        with lanes.loop(net["outputs"]) as c:
            at = lanes.plus(lanes.times(c, net["step"]), t)
            lanes.store_number(_head(lanes, net, c), y, at)


def _emit_units(lanes: Lanes, net: Words, layer: Words, backward: Value) -> None:
    """Emit the loop over the units of a layer, from the last to the first if ``backward`` is 1.

    Turning round from frame to frame finds the weights used last still in the first cache; those of
    more than 40 units do not fit.
    """
    builder = lanes.builder
    turned = builder.icmp_signed("!=", backward, lanes.index(0))
    last = lanes.minus(net["units"], lanes.width)
    width, zero = lanes.width, lanes.constant(0.0)
    row, columns, aside = layer.pointer("row"), layer["columns"], net.pointer("aside")
    block = lanes.times(4 * width, lanes.plus(columns, 1))
    sums = [[lanes.cell(zero) for _ in range(4)] for _ in range(2)]
    with lanes.loop(net["units"], step=width) as step:
        unit = builder.select(turned, lanes.minus(last, step), step)
        part = builder.sdiv(unit, lanes.index(width))
        weights = lanes.at(layer.pointer("weights"), lanes.times(part, block))
        bias = lanes.at(layer.pointer("bias"), lanes.times(part, layer["bias_step"]))
        for gate in range(4):
            sums[0][gate].value = lanes.load(bias, gate * width)
            sums[1][gate].value = zero
        weights = lanes.at(weights, 4 * width)
        with lanes.loop(columns, step=2) as column:
            for n, gates in enumerate(sums):
                number = lanes.plus(column, n)
                spread = lanes.broadcast(row, number)
                here = lanes.at(weights, lanes.times(number, 4 * width))
                for gate, total in enumerate(gates):
                    total.value = lanes.fma(lanes.load(here, gate * width), spread, total.value)
        gates = [lanes.add(a.value, b.value) for a, b in zip(*sums, strict=True)]
        cells = layer.pointer("cells")
        cell, hidden = full_cell(lanes, gates, lanes.load(cells, unit))
        lanes.store(cell, cells, unit)
        lanes.store(hidden, aside, unit)


def _emit_copy(lanes: Lanes, net: Words, layer: Words) -> None:
    with lanes.loop(net["units"], step=lanes.width) as unit:
        fresh = lanes.load(net.pointer("aside"), unit)
        lanes.store(fresh, layer.pointer("hidden"), unit)
        lanes.store(fresh, layer.pointer("next_inputs"), unit)


def _head(lanes: Lanes, net: Words, channel: Value) -> Value:
    head = lanes.at(net.pointer("head"), lanes.times(channel, net["units"]))
    total = emit_looped_head(lanes, head, net.pointer("hidden"), net["units"])
    return lanes.builder.fadd(total, lanes.load_number(net.pointer("bias"), channel))
