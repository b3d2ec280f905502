"""GRUs of any size: loops over layers, units and columns, with sizes as data.

The weights of a layer are, per vector of units, a row of four biases (z, r, n of the input, n of
the hidden state), three columns per input, three per unit of hidden state.  New hidden states are
stored aside until all units of the layer are done.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from .....runtime.simd.fields import Words
from .....runtime.simd.lanes import Cell, Lanes, Value
from ..recurrent_head import emit_looped_head
from .unrolled import GATES, gru_cell

__all__ = ["LAYER", "NETWORK", "emit_looped"]

NETWORK = np.dtype(
    [
        *((n, np.int64) for n in ("layers", "depth", "units", "aside", "hidden", "head", "bias")),
        *((n, np.int64) for n in ("inputs", "outputs", "step", "given")),
    ]
)
"""A network; ``units`` is the padded hidden size, ``hidden`` the last layer's hidden state.

Channels begin ``step`` float32 apart; those of a frame are copied to ``given``.
"""
LAYER = np.dtype(
    [
        *((n, np.int64) for n in ("weights", "given", "inputs", "hidden", "own")),
        *((n, np.int64) for n in ("bias", "turns")),
    ]
)
"""A layer: ``inputs`` columns at ``given``, ``own`` columns of its state at ``hidden``.

If ``turns`` is 1, every other frame takes its units from the last to the first; it is 1 or 0.
"""


def emit_looped(lanes: Lanes, state: Value, ins: Value, outs: Value, frames: Value) -> None:
    """Emit the loop over the frames of a block."""
    net = Words(lanes, NETWORK, lanes.pointer(state))
    x, y, width = lanes.pointer(ins), lanes.pointer(outs), lanes.width
    with lanes.loop(frames) as t:
        with lanes.loop(net["inputs"]) as c:
            fed = lanes.load_number(x, lanes.plus(lanes.times(c, net["step"]), t))
            lanes.store_number(fed, net.pointer("given"), c)
        with lanes.loop(net["depth"]) as number:
            at = lanes.words(net.pointer("layers"), lanes.times(number, LAYER.itemsize // 8))
            layer = Words(lanes, LAYER, at)
            _emit_units(lanes, net, layer, lanes.builder.and_(t, layer["turns"]))
            with lanes.loop(net["units"], step=width) as unit:
                lanes.store(lanes.load(net.pointer("aside"), unit), layer.pointer("hidden"), unit)
        with lanes.loop(net["outputs"]) as c:
            at = lanes.plus(lanes.times(c, net["step"]), t)
            lanes.store_number(_head(lanes, net, c), y, at)


def _emit_units(lanes: Lanes, net: Words, layer: Words, backward: Value) -> None:
    """Emit the loop over the units of a layer, from the last to the first if ``backward`` is 1.

    Turning round from frame to frame finds the weights used last still in the first cache.
    """
    turned = lanes.builder.icmp_signed("!=", backward, lanes.index(0))
    last = lanes.minus(net["units"], lanes.width)
    width, zero = lanes.width, lanes.constant(0.0)
    columns = lanes.plus(layer["inputs"], layer["own"])
    block = lanes.times(GATES * width, columns)
    both, fed, own = (
        [[lanes.cell(zero) for _ in range(count)] for _ in range(2)] for count in (2, 1, 1)
    )
    with lanes.loop(net["units"], step=width) as step:
        unit = lanes.builder.select(turned, lanes.minus(last, step), step)
        part = lanes.builder.sdiv(unit, lanes.index(width))
        bias = lanes.at(layer.pointer("bias"), lanes.times(part, 4 * width))
        weights = lanes.at(layer.pointer("weights"), lanes.times(part, block))
        for n, cells in enumerate(zip(both, fed, own, strict=True)):
            for gate, cell in enumerate(itertools.chain(*cells)):
                cell.value = zero if n else lanes.load(bias, gate * width)
        sums = [[*a, *b] for a, b in zip(both, fed, strict=True)]
        _emit_columns(lanes, weights, layer.pointer("given"), layer["inputs"], sums)
        weights = lanes.at(weights, lanes.times(layer["inputs"], GATES * width))
        sums = [[*a, *b] for a, b in zip(both, own, strict=True)]
        _emit_columns(lanes, weights, layer.pointer("hidden"), layer["own"], sums)
        even, odd = ([*itertools.chain(*cells)] for cells in zip(both, fed, own, strict=True))
        gates = [lanes.add(a.value, b.value) for a, b in zip(even, odd, strict=True)]
        made = gru_cell(lanes, gates, lanes.load(layer.pointer("hidden"), unit))
        lanes.store(made, net.pointer("aside"), unit)


def _emit_columns(
    lanes: Lanes, weights: Value, row: Value, count: Value, sums: Sequence[Sequence[Cell]]
) -> None:
    """Emit the multiply-adds of an even number of columns, to two partial sums in turn."""
    width = lanes.width
    with lanes.loop(count, step=2) as column:
        for n, gates in enumerate(sums):
            number = lanes.plus(column, n)
            spread = lanes.broadcast(row, number)
            here = lanes.at(weights, lanes.times(number, GATES * width))
            for gate, total in enumerate(gates):
                total.value = lanes.fma(lanes.load(here, gate * width), spread, total.value)


def _head(lanes: Lanes, net: Words, channel: Value) -> Value:
    head = lanes.at(net.pointer("head"), lanes.times(channel, net["units"]))
    total = emit_looped_head(lanes, head, net.pointer("hidden"), net["units"])
    return lanes.builder.fadd(total, lanes.load_number(net.pointer("bias"), channel))
