"""Recurrent networks whose weights exceed the first cache: a few layers at a time.

Those layers play up to ``FRAMES`` frames, then the next ones play the same frames: their weights
are loaded from the second cache once in that time, not once a frame.  All layers after the first
ones run the same code.  Between them a hidden state is kept for each of these frames.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from .....runtime.simd.lanes import Lanes, Value

__all__ = ["FRAMES", "few_layers", "in_blocks"]

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


@contextmanager
def in_blocks(lanes: Lanes, frames: Value) -> Iterator[tuple[Value, Value]]:
    """Emit a loop over blocks of at most ``FRAMES``: the first frame, and the number of frames."""
    with lanes.loop(frames, step=FRAMES) as at:
        left = lanes.minus(frames, at)
        few = lanes.builder.icmp_signed("<", left, lanes.index(FRAMES))
        yield at, lanes.builder.select(few, left, lanes.index(FRAMES))
