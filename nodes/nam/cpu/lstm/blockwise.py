"""LSTMs of several layers whose weights exceed the first cache: a few layers at a time.

Those layers play up to ``FRAMES`` frames, then the next ones play the same frames: their weights
are loaded from the second cache once in that time, not once a frame.  Within them the code is that
of ``unrolled.py``, with the same bits.  All layers after the first ones run the same code.
"""

from .....runtime.simd.lanes import Lanes, Value
from .unrolled import Grid, NetworkEmitter, emit_frames, emit_output

__all__ = ["FRAMES", "emit_blockwise", "layers_at_a_time"]

FRAMES = 64
MAX_FLOATS = 8700
"""Most weights of layers that play together: more exceed a first cache of 32 KiB."""
MAX_UNROLLED = 1100
"""Most vector multiply-adds in the code."""
MOST_UNITS = 40
"""Most units of layers that play together: with more, one waits little for another."""


def layers_at_a_time(grid: Grid, depth: int) -> tuple[int, int] | None:
    """Return how many layers play together at first, and how many each time after that.

    As few times as possible; ``None`` if a layer is too large.
    """
    layer, most = grid.layer_floats(grid.hidden), max(1, MOST_UNITS // grid.hidden)
    found = []
    for later in range(1, depth):
        for first in range(depth - later, 0, -later):
            floats = [grid.layer_floats(1) + (first - 1) * layer, later * layer]
            small = sum(floats) <= MAX_UNROLLED * grid.width and max(floats) <= MAX_FLOATS
            if small and max(first, later) <= most:
                found.append((first, later))
    return min(found, key=lambda parts: ((depth - parts[0]) // parts[1], parts[1]), default=None)


def emit_blockwise(grid: Grid, depth: int, lanes: Lanes, *places: Value) -> None:
    """Emit the loop over a block.

    The arguments are the addresses of the weights, the state, the biases of the first layer, room
    for the hidden state of a layer in ``FRAMES`` frames, the input and the output, and the number
    of frames.
    """
    *given, frames = places
    weights, state, bias, between, x, y = map(lanes.pointer, given)
    parts = layers_at_a_time(grid, depth)
    assert parts is not None
    first, later = parts
    layer = grid.layer_floats(grid.hidden)
    begin = grid.layer_floats(1) + (first - 1) * layer
    with lanes.loop(frames, step=FRAMES) as at:
        left = lanes.minus(frames, at)
        few = lanes.builder.icmp_signed("<", left, lanes.index(FRAMES))
        count = lanes.builder.select(few, left, lanes.index(FRAMES))
        ends = lanes.at(x, at), between
        emit_frames(
            lanes, [NetworkEmitter(grid, first, lanes, weights, state, bias, *ends, head=False)], count
        )
        with lanes.loop(depth, first, later) as number:
            done = lanes.minus(number, first)
            here = lanes.at(weights, lanes.plus(lanes.times(done, layer), begin))
            own = lanes.at(state, lanes.times(number, 2 * grid.lanes))
            part = NetworkEmitter(
                grid, later, lanes, here, own, here, between, between, fed=True, head=False
            )
            emit_frames(lanes, [part], count)
        out = lanes.at(y, at)
        with lanes.loop(count) as t:
            row = lanes.at(between, lanes.times(t, grid.lanes))
            hidden = [lanes.load(row, v * lanes.width) for v in range(grid.units)]
            place = begin + (depth - first) * layer
            lanes.store_number(emit_output(grid, lanes, weights, place, hidden), out, t)
