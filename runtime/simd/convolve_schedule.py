"""Which partitions a response is cut into, and when the work of each is done.  Only arithmetic.

    taps [0, 64)         direct form
    from 64 on           partitions of 64, transformed at once when a step of 64 frames is full
    from 1024 on         partitions of 512, if the response is long enough to repay them
    from 8192 on         partitions of 4096, likewise

A level of B begins at tap 2 B: a period of B frames fills, the next period does the work, and the
one after hears the result.  The work of a period is a list of rows, cut into B / 64 slots of about
equal cost (a contiguous minimax partition, found by bisection).
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .fft_pass import SEGMENT
from .fft_tables import COLUMNS, LEAF

__all__ = ["Level", "Op", "Rows", "levels", "rows"]

CHUNK = 8
"""Partitions that one row multiplies.  Sums are folded at each cut, so this may depend on nothing."""

TWO_LEVELS, THREE_LEVELS = 2560, 17_000
"""Taps from which 512 and 4096 repay their transforms (measured on Zen 4 and Zen 5)."""


class Op(enum.IntEnum):
    """What a row does to all inputs, outputs or routes."""

    FIRST = 0
    SPLIT = 1
    FORWARD = 2
    MULTIPLY = 3
    INVERSE = 4
    JOIN = 5
    LAST = 6


COSTS = {
    512: {"FIRST": 10.0, "FORWARD": 15.0, "MULTIPLY": 2.0, "INVERSE": 16.0, "LAST": 12.5},
    4096: {
        "FIRST": 18.0,
        "SPLIT": 7.0,
        "FORWARD": 22.0,
        "MULTIPLY": 4.2,
        "INVERSE": 18.0,
        "JOIN": 8.0,
        "LAST": 23.0,
    },
}
"""Nanoseconds of a unit (of a partition, for MULTIPLY): only the proportions matter."""

ROW_COST = 4.0
"""Nanoseconds of getting a row of products going."""


@dataclass(frozen=True)
class Level:
    """Partitions of ``size`` taps that together hold the taps from ``begin`` to ``end``."""

    size: int
    begin: int
    end: int

    @property
    def partitions(self) -> int:
        """How many partitions there are."""
        return -(-(self.end - self.begin) // self.size)


@dataclass(frozen=True)
class Rows:
    """A period's work: rows ``(op, leaf, begin, end)``, and the first row of each slot."""

    rows: NDArray[np.int64]
    slots: NDArray[np.int64]
    costs: NDArray[np.float64]


def levels(taps: int, routes_per_input: int = 1) -> tuple[Level, ...]:
    """Return the levels of a response of ``taps``: none if the direct form holds it all."""
    if taps <= LEAF:
        return ()
    sizes = [LEAF]
    if taps > TWO_LEVELS // routes_per_input:
        sizes.append(SEGMENT)
    if taps > THREE_LEVELS:
        sizes.append(8 * SEGMENT)
    begins = [LEAF, *(2 * size for size in sizes[1:])]
    ends = [*begins[1:], taps]
    return tuple(Level(*row) for row in zip(sizes, begins, ends, strict=True))


def rows(level: Level, inputs: int, outputs: int, routes: int) -> Rows:
    """Return the rows of a level's period and their cut into slots.

    Where the slots are cut changes no bit; where the products are cut would.
    """
    table: list[tuple[int, int, int, int]] = []
    costs: list[float] = []
    cost = COSTS[level.size]

    def add(op: Op, leaf: int, begin: int, end: int, price: float) -> None:
        table.append((op, leaf, begin, end))
        costs.append(price)

    def units(op: Op, step: int, channels: int) -> None:
        for unit in range(0, level.size // 8 // COLUMNS, step):
            add(op, 0, unit, unit + step, cost[op.name] * step * channels)

    deep, count = level.size > SEGMENT, level.partitions
    units(Op.FIRST, 1, inputs)
    if deep:
        units(Op.SPLIT, 2, inputs)
    for leaf in range(level.size // LEAF):
        add(Op.FORWARD, leaf, 0, 0, cost["FORWARD"] * inputs)
        for begin in range(0, count, CHUNK):
            end = min(begin + CHUNK, count)
            price = cost["MULTIPLY"] * (end - begin) + ROW_COST
            add(Op.MULTIPLY, leaf, begin, end, price * routes)
        add(Op.INVERSE, leaf, 0, 0, cost["INVERSE"] * outputs)
    if deep:
        units(Op.JOIN, 2, outputs)
    units(Op.LAST, 1, outputs)
    slots = _slots(costs, level.size // LEAF)
    return Rows(np.array(table, np.int64), slots, np.array(costs))


def _slots(costs: Sequence[float], count: int) -> NDArray[np.int64]:
    """Cut a list of costs into ``count`` runs so that the dearest run is as cheap as can be."""
    low, high = max(costs), sum(costs)
    for _ in range(40):
        middle = 0.5 * (low + high)
        if len(_fill(costs, middle)) <= count:
            high = middle
        else:
            low = middle
    begins = _fill(costs, high * (1 + 1e-9))
    return np.array(begins + [len(costs)] * (count + 1 - len(begins)), np.int64)


def _fill(costs: Sequence[float], most: float) -> list[int]:
    """Return where runs begin if each is filled until it would cost more than ``most``."""
    begins, total = [0], 0.0
    for number, price in enumerate(costs):
        if total + price > most and total > 0:
            begins.append(number)
            total = 0.0
        total += price
    return begins
