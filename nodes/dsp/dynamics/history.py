"""The last samples of each channel, readable as one run of memory: for delays of fixed length.

A ring of ``size`` samples is stored twice, one copy after the other.  A chunk of at most ``CHUNK``
samples written at place ``at`` is written to both copies, so that the ``size - CHUNK`` samples
before it are adjacent to it in the second copy.  All of it is float32.
"""

import math
from typing import Any

from ....graph import Memory
from ....runtime import authoring as ng

__all__ = ["CHUNK", "allocate_history", "keep", "longest_chunk"]

CHUNK = 64
"""Most frames that are written at once."""


def allocate_history(memory: Memory, channels: int, frames: int) -> dict[str, Any]:
    """Allocate rings that keep ``frames`` samples before a chunk; return the fields of the record.

    ``size`` is a ring's length, a power of two, ``bytes`` what a channel takes, ``history`` the
    address of the first channel.  With 0 frames there are no rings.
    """
    size = 1 << math.ceil(math.log2(frames + CHUNK))
    history = memory.state((channels, 2 * size) if frames else 1)
    return {"size": size, "bytes": 8 * size, "history": history}


@ng.helper
def longest_chunk(left: int, at: int, size: int) -> int:
    """Return how many of ``left`` frames can be written at place ``at`` in one piece."""
    room = size - at
    room = room if room < CHUNK else CHUNK
    return left if left < room else room


def _emit_keep(
    lanes: ng.Lanes, channel: ng.Value, source: ng.Value, at: ng.Value, size: ng.Value, n: ng.Value
) -> None:
    count = lanes.times(n, 4)
    for place in (at, lanes.plus(at, size)):
        target = lanes.plus(channel, lanes.times(place, 4))
        lanes.move(lanes.pointer(target), lanes.pointer(source), count)


keep = ng.embed("history.keep", 5, _emit_keep)
"""``keep(channel, source, at, size, frames)``: write a chunk at place ``at`` of a channel.

The signal ``delay`` frames ago then is at the address ``channel + 4 * (at + size - delay)``.
``source`` may be the address of place ``at`` itself.
"""
