"""GRUs of several layers whose weights exceed the first cache: a few layers at a time.

Within them the code is that of ``unrolled.py``, with the same bits (``few_layers.py`` says more).
"""

from collections.abc import Sequence
from functools import partial

from .....runtime.simd.lanes import Lanes, Value
from ..lstm.few_layers import Parts, emit_parts, few_layers
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
    """Emit the loop over a block; ``places`` are those of ``emit_parts``."""
    found = layers_at_a_time(hidden, depth, lanes.width)
    assert found is not None
    padded = -(-hidden // lanes.width) * lanes.width
    floats = layer_floats(1, hidden, padded), layer_floats(hidden, hidden, padded)

    def play(layers: int, ends: Sequence[Value], frames: Value, fed: bool) -> None:
        part = NetworkEmitter(hidden, layers, lanes, *ends, fed=fed, head=False)
        emit_frames(lanes, [part], frames)

    parts = Parts(depth, *found, *floats, state_floats=padded, hidden_floats=padded)
    emit_parts(lanes, parts, places, play, partial(emit_output, hidden, lanes))
