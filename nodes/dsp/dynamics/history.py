"""The last samples of each channel, readable as one run of memory: for delays of fixed length.

A ring of ``size`` samples is stored twice, one copy after the other.  A chunk of at most ``CHUNK``
samples written at place ``at`` is written to both copies, so that the ``size - CHUNK`` samples
before it are adjacent to it in the second copy.  All of it is float32.
"""

import math

from ....runtime import authoring as ng

__all__ = ["CHUNK", "history_bytes", "history_size", "longest_chunk"]

CHUNK = 64
"""Most frames that are written at once."""


def history_size(frames: int) -> int:
    """Return the ring's length, a power of two, that keeps ``frames`` samples before a chunk."""
    return 1 << math.ceil(math.log2(frames + CHUNK))


def history_bytes(size: int) -> int:
    """Return the bytes that the history of one channel takes."""
    return 8 * size


@ng.helper
def longest_chunk(left: int, at: int, size: int) -> int:
    """Return how many of ``left`` frames can be written at place ``at`` in one piece."""
    room = size - at
    room = room if room < CHUNK else CHUNK
    return left if left < room else room
