"""LSTMs of several layers whose weights exceed the first cache: a few layers at a time.

Within them the code is that of ``unrolled.py``, with the same bits (``few_layers.py`` says more).
"""

from collections.abc import Sequence
from functools import partial

from .....runtime.simd.lanes import Lanes, Value
from .few_layers import Parts, emit_parts, few_layers
from .unrolled import Grid, NetworkEmitter, emit_frames, emit_output

__all__ = ["emit_blockwise", "layers_at_a_time"]

MOST_UNITS = 40
"""Most units of layers that play together: with more, one waits little for another."""


def layers_at_a_time(grid: Grid, depth: int) -> tuple[int, int] | None:
    """Return ``few_layers`` of an LSTM."""
    first, later = grid.layer_floats(1), grid.layer_floats(grid.hidden)
    return few_layers(depth, MOST_UNITS // grid.hidden, first, later, grid.width)


def emit_blockwise(grid: Grid, depth: int, lanes: Lanes, *places: Value) -> None:
    """Emit the loop over a block; ``places`` are those of ``emit_parts``."""
    found = layers_at_a_time(grid, depth)
    assert found is not None
    floats = grid.layer_floats(1), grid.layer_floats(grid.hidden)

    def play(layers: int, ends: Sequence[Value], frames: Value, fed: bool) -> None:
        part = NetworkEmitter(grid, layers, lanes, *ends, fed=fed, head=False)
        emit_frames(lanes, [part], frames)

    parts = Parts(depth, *found, *floats, state_floats=2 * grid.lanes, hidden_floats=grid.lanes)
    emit_parts(lanes, parts, places, play, partial(emit_output, grid, lanes))
