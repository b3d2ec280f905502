"""GRUs of several layers whose weights exceed the first cache: a few layers at a time.

Within them the code is that of ``unrolled.py``, with the same bits (``few_layers.py`` says more).
"""

from .....runtime.simd.lanes import Lanes, Value
from ..lstm.few_layers import few_layers, in_blocks
from .unrolled import NetworkEmitter, emit_frames, emit_output, layer_floats

__all__ = ["emit_blockwise", "layers_at_a_time"]

MOST_UNITS = 64
"""Most units of layers that play together."""


def layers_at_a_time(hidden: int, depth: int, width: int) -> tuple[int, int] | None:
    """Return ``few_layers`` of a GRU in vectors of ``width``."""
    padded = -(-hidden // width) * width
    first, later = (layer_floats(inputs, hidden, padded) for inputs in (1, hidden))
    return few_layers(depth, MOST_UNITS // hidden, first, later, width)


def emit_blockwise(hidden: int, depth: int, lanes: Lanes, *places: Value) -> None:
    """Emit the loop over a block.

    The arguments are the addresses of the weights, the state, the biases of the first layer, room
    for the hidden state of a layer in ``few_layers.FRAMES`` frames, the input and the output, and
    the number of frames.
    """
    *given, frames = places
    weights, state, bias, between, x, y = map(lanes.pointer, given)
    parts = layers_at_a_time(hidden, depth, lanes.width)
    assert parts is not None
    first, later = parts
    units = -(-hidden // lanes.width)
    padded = units * lanes.width
    layer = layer_floats(hidden, hidden, padded)
    begin = layer_floats(1, hidden, padded) + (first - 1) * layer
    with in_blocks(lanes, frames) as (at, count):
        ends = lanes.at(x, at), between
        part = NetworkEmitter(hidden, first, lanes, weights, state, bias, *ends, head=False)
        emit_frames(lanes, [part], count)
        with lanes.loop(depth, first, later) as number:
            done = lanes.minus(number, first)
            here = lanes.at(weights, lanes.plus(lanes.times(done, layer), begin))
            own = lanes.at(state, lanes.times(number, padded))
            places = here, own, here, between, between
            part = NetworkEmitter(hidden, later, lanes, *places, fed=True, head=False)
            emit_frames(lanes, [part], count)
        out, place = lanes.at(y, at), begin + (depth - first) * layer
        with lanes.loop(count) as t:
            row = lanes.at(between, lanes.times(t, padded))
            vectors = [lanes.load(row, v * lanes.width) for v in range(units)]
            lanes.store_number(emit_output(hidden, lanes, weights, place, vectors), out, t)
