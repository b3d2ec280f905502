"""Recurrent networks whose weights exceed the first cache: a few layers at a time.

Those layers play up to ``FRAMES`` frames, then the next ones play the same frames: their weights
are loaded from the second cache once in that time, not once a frame.  All layers after the first
ones run the same code.  Between them a hidden state is kept for each of these frames.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from .....runtime.simd.lanes import Lanes, Value

__all__ = ["FRAMES", "Parts", "emit_parts", "few_layers"]

FRAMES = 64
MAX_FLOATS = 8700
"""Most weights of layers that play together: more exceed a first cache of 32 KiB."""
MAX_UNROLLED = 1100
"""Most vector multiply-adds in the code (some tenths of a second to compile)."""


def few_layers(
    depth: int, most: int, first_floats: int, layer_floats: int, width: int
) -> tuple[int, int] | None:
    """Return how many layers play together at first, and how many each time after that.

    At most ``most`` (at least one), as few times as possible, and about equally many; ``None`` if a
    layer is too large.  The first layer has ``first_floats`` weights, each other ``layer_floats``.
    """
    found = []
    for later in range(1, min(depth, max(1, most) + 1)):
        for first in range(depth - later, 0, -later):
            floats = [first_floats + (first - 1) * layer_floats, later * layer_floats]
            small = sum(floats) <= MAX_UNROLLED * width and max(floats) <= MAX_FLOATS
            if small and first <= max(1, most):
                found.append((first, later))

    def cost(parts: tuple[int, int]) -> tuple[int, int, int]:
        first, later = parts
        return (depth - first) // later, -min(parts), later

    return min(found, key=cost, default=None)


@dataclass(frozen=True)
class Parts:
    """Layers that play together, at first and each time after that, and sizes in float32."""

    depth: int
    first: int
    later: int
    first_floats: int
    """Weights of the first layer."""
    layer_floats: int
    """Weights of each other layer."""
    state_floats: int
    """State of a layer."""
    hidden_floats: int
    """Hidden state of a layer, whole vectors."""


def emit_parts(
    lanes: Lanes,
    parts: Parts,
    places: Sequence[Value],
    play: Callable[[int, Sequence[Value], Value, bool], None],
    output: Callable[[Value, int, Sequence[Value]], Value],
) -> None:
    """Emit the loop over a block.

    ``places`` are the addresses of the weights, the state, the biases of the first layer, room for
    the hidden state of a layer in ``FRAMES`` frames, the input and the output, and the number of
    frames.  ``play(layers, places, frames, fed)`` emits some layers without the output, with their
    weights, state, first biases, input and output; ``fed`` are those after the first ones.
    ``output(weights, place, hidden)`` emits an output sample from weights that many float32 on.
    """
    *given, frames = places
    weights, state, bias, between, x, y = map(lanes.pointer, given)
    begin = parts.first_floats + (parts.first - 1) * parts.layer_floats
    head = begin + (parts.depth - parts.first) * parts.layer_floats
    with _in_blocks(lanes, frames) as (at, count):
        play(parts.first, (weights, state, bias, lanes.at(x, at), between), count, False)
        with lanes.loop(parts.depth, parts.first, parts.later) as number:
            done = lanes.minus(number, parts.first)
            here = lanes.at(weights, lanes.plus(lanes.times(done, parts.layer_floats), begin))
            own = lanes.at(state, lanes.times(number, parts.state_floats))
            play(parts.later, (here, own, here, between, between), count, True)
        out = lanes.at(y, at)
        with lanes.loop(count) as t:
            row = lanes.at(between, lanes.times(t, parts.hidden_floats))
            hidden = [lanes.load(row, n) for n in range(0, parts.hidden_floats, lanes.width)]
            lanes.store_number(output(weights, head, hidden), out, t)


@contextmanager
def _in_blocks(lanes: Lanes, frames: Value) -> Iterator[tuple[Value, Value]]:
    """Emit a loop over blocks of at most ``FRAMES``: the first frame, and the number of frames."""
    with lanes.loop(frames, step=FRAMES) as at:
        left = lanes.minus(frames, at)
        few = lanes.builder.icmp_signed("<", left, lanes.index(FRAMES))
        yield at, lanes.builder.select(few, left, lanes.index(FRAMES))
