"""LSTMs of several layers whose weights exceed the first cache: a few layers at a time.

Within them the code is that of ``unrolled.py``, with the same bits (``few_layers.py`` says more).
"""

from .....runtime.simd.lanes import Lanes, Value
from .few_layers import few_layers, in_blocks
from .unrolled import Grid, NetworkEmitter, emit_frames, emit_output

__all__ = ["emit_blockwise", "layers_at_a_time"]

MOST_UNITS = 40
"""Most units of layers that play together: with more, one waits little for another."""


def layers_at_a_time(grid: Grid, depth: int) -> tuple[int, int] | None:
    """Return ``few_layers`` of an LSTM."""
    first, later = grid.layer_floats(1), grid.layer_floats(grid.hidden)
    return few_layers(depth, MOST_UNITS // grid.hidden, first, later, grid.width)


def emit_blockwise(grid: Grid, depth: int, lanes: Lanes, *places: Value) -> None:
    """Emit the loop over a block.

    The arguments are the addresses of the weights, the state, the biases of the first layer, room
    for the hidden state of a layer in ``few_layers.FRAMES`` frames, the input and the output, and
    the number of frames.
    """
    *given, frames = places
    weights, state, bias, between, x, y = map(lanes.pointer, given)
    parts = layers_at_a_time(grid, depth)
    assert parts is not None
    first, later = parts
    layer = grid.layer_floats(grid.hidden)
    begin = grid.layer_floats(1) + (first - 1) * layer
    with in_blocks(lanes, frames) as (at, count):
        ends = lanes.at(x, at), between
        part = NetworkEmitter(grid, first, lanes, weights, state, bias, *ends, head=False)
        emit_frames(lanes, [part], count)
        with lanes.loop(depth, first, later) as number:
            done = lanes.minus(number, first)
            here = lanes.at(weights, lanes.plus(lanes.times(done, layer), begin))
            own = lanes.at(state, lanes.times(number, 2 * grid.lanes))
            places = here, own, here, between, between
            part = NetworkEmitter(grid, later, lanes, *places, fed=True, head=False)
            emit_frames(lanes, [part], count)
        out, place = lanes.at(y, at), begin + (depth - first) * layer
        with lanes.loop(count) as t:
            row = lanes.at(between, lanes.times(t, grid.lanes))
            hidden = [lanes.load(row, v * lanes.width) for v in range(grid.units)]
            lanes.store_number(emit_output(grid, lanes, weights, place, hidden), out, t)
