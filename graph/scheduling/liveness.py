"""Buffer sharing: linear-scan allocation of buffers to values by their lifetimes."""

import heapq
from collections.abc import Hashable, Sequence
from typing import NamedTuple

__all__ = ["Life", "share"]


class Life(NamedTuple):
    """The lifetime of a value: written at step ``first``, last read at step ``last``.

    Only values of the same ``kind`` (channels and space) may share a buffer.
    """

    first: int
    last: int
    kind: Hashable


def share(lives: Sequence[Life]) -> list[int]:
    """Return a buffer number for each value; values alive at the same step never share one.

    A linear scan in O(n log n); no kind gets more buffers than it has values alive at once.  A
    buffer is free only *after* the step that reads it last, so that the inputs and outputs of a
    kernel never alias.
    """
    buffers = [-1] * len(lives)
    busy: list[tuple[int, int]] = []  # (last step, buffer): a heap, the first to become free on top
    kind_of: list[Hashable] = []
    free: dict[Hashable, list[int]] = {}
    for value in sorted(range(len(lives)), key=lambda v: lives[v].first):
        first, last, kind = lives[value]
        while busy and busy[0][0] < first:
            _, buffer = heapq.heappop(busy)
            free.setdefault(kind_of[buffer], []).append(buffer)
        pool = free.get(kind)
        if pool:
            buffer = pool.pop()  # the one freed last is most likely still in the CPU cache
        else:
            buffer = len(kind_of)
            kind_of.append(kind)
        buffers[value] = buffer
        heapq.heappush(busy, (last, buffer))
    return buffers
