"""Partition levels of a response, and the schedule of their work.  Control thread.

    taps [0, 64)         direct form, within a step of 64 frames
    from 64 on           partitions of 64, transformed at the end of each step of 64 frames
    from 1024 on         partitions of 512, if the response is long enough
    from 8192 on         partitions of 4096, likewise

What a step adds to the next through the first 64 taps is the work of the level of 64, too.  A level
of B begins at tap 2 B: a period of B frames is collected, processed in the next period, and output
in the one after.  The work of a period is a list of rows, cut into B / 64 slots of about
equal cost (a contiguous minimax partition, found by bisection); adjacent rows of a slot are merged.
The cut does not change the result: sums are stored between rows.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from ....runtime.simd.fft.radix8 import SEGMENT
from ....runtime.simd.fft.twiddles import COLUMNS, LEAF, PARTS

__all__ = ["Level", "Op", "Rows", "levels", "receptive_field", "rows"]

CHUNK = 3
"""Partitions that a row multiplies at least, before rows are merged."""

TWO_LEVELS, TWO_LEVELS_SHARED = 3328, 2944
"""Taps from which a level of 512 is faster; the second if an input goes to several outputs."""

THREE_LEVELS = 32_000
"""Taps from which a level of 4096 is faster: from 30,000 for one output, 33,000 for two.

All measured on Zen 4 with 1 MB of L2.  Bits depend on these, so they are the same everywhere.
"""


class Op(enum.IntEnum):
    """Operation of a row, on all inputs, outputs or routes."""

    FIRST = 0
    SPLIT = 1
    FORWARD = 2
    MULTIPLY = 3
    FINISH = 4
    JOIN = 5
    LAST = 6


COSTS = {
    512: {
        Op.FIRST: 26.0,
        Op.FORWARD: 26.0,
        Op.MULTIPLY: 4.5,
        Op.FINISH: 60.0,
        Op.LAST: 36.0,
    },
    4096: {
        Op.FIRST: 26.0,
        Op.SPLIT: 19.0,
        Op.FORWARD: 29.0,
        Op.MULTIPLY: 5.5,
        Op.FINISH: 70.0,
        Op.JOIN: 21.0,
        Op.LAST: 30.0,
    },
}
"""Nanoseconds per unit (per partition, for MULTIPLY) on Zen 4; only the ratios matter."""

SUMS_COST = 10.0
"""Nanoseconds for loading and storing the sums of a leaf, once for each route."""


@dataclass(frozen=True)
class Level:
    """Partitions of ``size`` taps that cover the taps from ``begin`` to ``end``."""

    size: int
    begin: int
    end: int

    @property
    def partitions(self) -> int:
        """Number of input blocks that an output block depends on, one more than runs of taps."""
        return 1 - (self.begin - self.end) // self.size


Row = tuple[Op, int, int, int]


@dataclass(frozen=True)
class Rows:
    """The work of a period: rows ``(op, leaf, begin, end)``, and the first row of each slot."""

    rows: NDArray[np.int64]
    slots: NDArray[np.int64]
    costs: NDArray[np.float64]
    """Estimated nanoseconds of each slot."""


def levels(taps: int, routes_per_input: int = 1) -> tuple[Level, ...]:
    """Return the levels for a response of ``taps``; none if the direct form covers it."""
    if taps <= LEAF:
        return ()
    sizes = [LEAF]
    if taps > (TWO_LEVELS if routes_per_input == 1 else TWO_LEVELS_SHARED):
        sizes.append(SEGMENT)
    if taps > THREE_LEVELS:
        sizes.append(8 * SEGMENT)
    begins = [LEAF, *(2 * size for size in sizes[1:])]
    ends = [*begins[1:], taps]
    return tuple(Level(*row) for row in zip(sizes, begins, ends, strict=True))


def receptive_field(taps: int) -> int:
    """Return how many input frames decide about the bits of an output frame.

    More than the taps: a transform rounds all frames of its period together, and the oldest one
    that counts begins up to four periods before the taps end.
    """
    last = levels(taps, 2)[-1].size if taps > LEAF else 0
    return taps + 4 * last


def rows(level: Level, inputs: int, outputs: int, routes: int) -> Rows:
    """Return the work of a level's period, cut into slots."""
    table: list[Row] = []
    costs: list[float] = []
    cost = COSTS[level.size]

    def add(op: Op, leaf: int, begin: int, end: int, price: float) -> None:
        table.append((op, leaf, begin, end))
        costs.append(price)

    def units(op: Op, channels: int) -> None:
        for unit in range(level.size // 8 // COLUMNS):
            add(op, 0, unit, unit + 1, cost[op] * channels)

    deep, older = level.size > SEGMENT, max(0, level.partitions - PARTS + 1)
    units(Op.FIRST, inputs)
    if deep:
        units(Op.SPLIT, inputs)
    for leaf in range(level.size // LEAF):
        add(Op.FORWARD, leaf, 0, 0, cost[Op.FORWARD] * inputs)
        for begin in range(0, max(older, 1), CHUNK):  # at least one: it clears the sums
            end = min(begin + CHUNK, older)
            price = cost[Op.MULTIPLY] * (end - begin) + (0.0 if begin else SUMS_COST)
            add(Op.MULTIPLY, leaf, begin, end, price * routes)
        add(Op.FINISH, leaf, 0, 0, cost[Op.FINISH] * outputs)
    if deep:
        units(Op.JOIN, outputs)
    units(Op.LAST, outputs)
    cuts = _slots(costs, level.size // LEAF)
    merged = [_merged(table[a:b]) for a, b in pairwise(cuts)]
    return Rows(
        np.array(list(chain(*merged)), np.int64),
        np.cumsum([0, *map(len, merged)]).astype(np.int64),
        np.array([sum(costs[a:b]) for a, b in pairwise(cuts)]),
    )


def _merged(table: Sequence[Row]) -> list[Row]:
    """Merge adjacent rows of the same operation and leaf."""
    out: list[Row] = []
    for op, leaf, begin, end in table:
        if out and out[-1][:2] == (op, leaf) and out[-1][3] == begin < end:
            out[-1] = (op, leaf, out[-1][2], end)
        else:
            out.append((op, leaf, begin, end))
    return out


def _slots(costs: Sequence[float], count: int) -> list[int]:
    """Cut a list of costs into ``count`` runs with the least possible maximum cost."""
    low, high = max(costs), sum(costs)
    for _ in range(40):
        middle = 0.5 * (low + high)
        if len(_fill(costs, middle)) <= count:
            high = middle
        else:
            low = middle
    begins = _fill(costs, high * (1 + 1e-9))
    return begins + [len(costs)] * (count + 1 - len(begins))


def _fill(costs: Sequence[float], limit: float) -> list[int]:
    """Return the first index of each run, filling runs up to a cost of ``limit``."""
    begins, total = [0], 0.0
    for number, price in enumerate(costs):
        if total + price > limit and total > 0:
            begins.append(number)
            total = 0.0
        total += price
    return begins
