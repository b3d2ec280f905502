"""The position of a value in the range of its parameter, 0 to 1, and back."""

import math

from .....graph import Param

__all__ = ["from_raw", "to_raw"]


def to_raw(row: Param, value: float) -> float:
    """Return the position of a value in its range, 0 to 1; on a logarithmic scale if so tapered."""
    if row.high == row.low:
        return 0.0
    if row.taper == "log" and row.low > 0:
        return math.log(value / row.low) / math.log(row.high / row.low)
    return (value - row.low) / (row.high - row.low)


def from_raw(row: Param, raw: float) -> float:
    """Return the value at a position of the range: the inverse of ``to_raw``, exact at the ends."""
    if raw in (0.0, 1.0):
        return row.high if raw else row.low
    if row.taper == "log" and row.low > 0:
        value = row.low * math.pow(row.high / row.low, raw)
    else:
        value = row.low + raw * (row.high - row.low)
    return min(max(value, row.low), row.high)
