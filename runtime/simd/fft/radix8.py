"""Radix-8 passes of transforms of 512 or 4096 points; ``leaf64.py`` transforms the parts of 64.

Points lie in rows; a pass processes sixteen columns of eight rows at a time (a *unit*), so that its
work can be split between units and spread over blocks.  Tables come from ``twiddles.py``.
"""

import cmath
import math

from ..lanes import Lanes, Value
from .butterflies import Pair, dft8, swap, turn, turn_by
from .twiddles import COLUMNS

__all__ = ["SEGMENT", "SEGMENT_STRIDE", "first", "inner_forward", "inner_inverse", "last"]

SEGMENT = 512
"""Points of each of the eight parts of a transform of 4096 after its first pass."""

SEGMENT_STRIDE = SEGMENT + COLUMNS
"""Float32 from one segment to the next: a power of two would map all rows to one L1 cache set."""

_QUARTER = [cmath.exp(0.5j * math.pi * row / 8) for row in range(8)]
"""The right-angle weight of each row's first column; the twiddles contain the rest."""


def _twiddle(lanes: Lanes, table: Value, row: int, at: int) -> Pair:
    place = 2 * COLUMNS * row + at
    return lanes.load(table, place), lanes.load(table, place + COLUMNS)


def first(
    lanes: Lanes,
    samples: Value,
    re: Value,
    im: Value,
    table: Value,
    columns: Value,
    stride: Value,
    begin: Value,
    end: Value,
) -> None:
    """First pass of the transform of 8 * ``columns`` real samples, with right-angle weights."""
    samples, re, im, table = map(lanes.pointer, (samples, re, im, table))
    with lanes.loop(end, begin) as unit:
        column = lanes.times(unit, COLUMNS)
        turns = lanes.at(table, lanes.times(column, COLUMNS))
        for at in range(0, COLUMNS, lanes.width):
            place = lanes.plus(column, at)
            z: list[Pair] = []
            for row in range(8):
                x = lanes.load(samples, lanes.plus(place, lanes.times(columns, row)))
                w = _QUARTER[row]
                re_w, im_w = lanes.constant(w.real), lanes.constant(w.imag)
                z.append((lanes.mul(x, re_w), lanes.mul(x, im_w)) if row else (x, _zero(lanes)))
            for row, value in enumerate(dft8(lanes, z)):
                a, b = turn(lanes, value, _twiddle(lanes, turns, row, at))
                target = lanes.plus(place, lanes.times(stride, row))
                lanes.store(a, re, target)
                lanes.store(b, im, target)


def last(
    lanes: Lanes,
    re: Value,
    im: Value,
    out: Value,
    table: Value,
    stride: Value,
    begin: Value,
    end: Value,
) -> None:
    """Last pass of the inverse transform, with the right-angle weights removed: the real part."""
    re, im, out, table = map(lanes.pointer, (re, im, out, table))
    with lanes.loop(end, begin) as unit:
        column = lanes.times(unit, COLUMNS)
        turns = lanes.at(table, lanes.times(column, COLUMNS))
        for at in range(0, COLUMNS, lanes.width):
            place = lanes.plus(column, at)
            rows = [lanes.plus(place, lanes.times(stride, row)) for row in range(8)]
            z = swap([(lanes.load(re, r), lanes.load(im, r)) for r in rows])
            z = [turn(lanes, v, _twiddle(lanes, turns, row, at)) for row, v in enumerate(z)]
            for row, value in enumerate(swap(dft8(lanes, z))):
                w = _QUARTER[row].conjugate()
                lanes.store((turn_by(lanes, value, w) if row else value)[0], out, rows[row])


def inner_forward(
    lanes: Lanes, re: Value, im: Value, table: Value, begin: Value, end: Value
) -> None:
    """Split each segment of 512 into eight rows of 64, in place."""
    _inner(lanes, re, im, table, begin, end, backward=False)


def inner_inverse(
    lanes: Lanes, re: Value, im: Value, table: Value, begin: Value, end: Value
) -> None:
    """Join eight rows of 64 into each segment of 512, in place."""
    _inner(lanes, re, im, table, begin, end, backward=True)


def _inner(
    lanes: Lanes, re: Value, im: Value, table: Value, begin: Value, end: Value, *, backward: bool
) -> None:
    re, im, table = map(lanes.pointer, (re, im, table))
    with lanes.loop(end, begin) as unit:  # four units to a segment
        segment = lanes.builder.ashr(unit, lanes.index(2))
        column = lanes.times(lanes.builder.and_(unit, lanes.index(3)), COLUMNS)
        base = lanes.plus(lanes.times(segment, SEGMENT_STRIDE), column)
        turns = lanes.at(table, lanes.times(column, COLUMNS))
        for at in range(0, COLUMNS, lanes.width):
            rows = [lanes.plus(base, at + SEGMENT // 8 * row) for row in range(8)]
            z = [(lanes.load(re, r), lanes.load(im, r)) for r in rows]
            if backward:
                z = _turned(lanes, swap(z), turns, at)
                z = swap(dft8(lanes, z))
            else:
                z = _turned(lanes, dft8(lanes, z), turns, at)
            for row, (a, b) in zip(rows, z, strict=True):
                lanes.store(a, re, row)
                lanes.store(b, im, row)


def _turned(lanes: Lanes, z: list[Pair], table: Value, at: int) -> list[Pair]:
    turned = [turn(lanes, z[row], _twiddle(lanes, table, row, at)) for row in range(1, 8)]
    return [z[0], *turned]


def _zero(lanes: Lanes) -> Value:
    return lanes.constant(0.0)
