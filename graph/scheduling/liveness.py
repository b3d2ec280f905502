"""Which values may share a buffer."""

import heapq
from collections.abc import Hashable, Sequence
from typing import NamedTuple

__all__ = ["Life", "share"]


class Life(NamedTuple):
    """A value is written at step ``first``, last read at step ``last``.

    It may share a buffer only with values of its ``kind`` (channels and space).
    """

    first: int
    last: int
    kind: Hashable


def share(lives: Sequence[Life]) -> list[int]:
    """Give each value a buffer such that values alive at the same step never share one.

    A linear scan: O(n log n), and no kind gets more buffers than it has values alive at once.  A
    step reads while it writes, so a buffer is free only *after* the step that reads it last:
    no kernel finds its input and its output in one place.
    """
    buffers = [-1] * len(lives)
    busy: list[tuple[int, int]] = []  # (last step, buffer): a heap, the soonest to be free first
    kind_of: list[Hashable] = []
    free: dict[Hashable, list[int]] = {}
    for value in sorted(range(len(lives)), key=lambda v: lives[v].first):
        first, last, kind = lives[value]
        while busy and busy[0][0] < first:
            _, buffer = heapq.heappop(busy)
            free.setdefault(kind_of[buffer], []).append(buffer)
        pool = free.get(kind)
        if pool:
            buffer = pool.pop()  # the one freed last is the one most likely still in the cache
        else:
            buffer = len(kind_of)
            kind_of.append(kind)
        buffers[value] = buffer
        heapq.heappush(busy, (last, buffer))
    return buffers
