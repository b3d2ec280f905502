"""The head of a recurrent network: the weighted sum of its hidden state.

Units are added up in four sums, by their number modulo four, and these by halves, whatever the
lanes of the vectors that hold them: every width gives the same bits.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....runtime.simd.lanes import Lanes, Value

__all__ = ["HEAD_LANES", "emit_head", "emit_looped_head", "head_weights"]

HEAD_LANES = 4
"""Sums: the lanes of the narrowest vectors."""


def head_weights(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the weights of all units, padded with zeros for whole vectors of four."""
    return np.pad(weights, (0, -weights.size % HEAD_LANES))


def emit_head(
    lanes: Lanes, weights: Value, place: int, vectors: Sequence[Value], units: Sequence[int]
) -> Value:
    """Emit the sum for a hidden state in registers.

    ``units`` has the lane of each unit, counted over all vectors; units ``4 n`` to ``4 n + 3`` are
    in one vector.  The weights begin ``place`` float32 after ``weights``.
    """
    narrow = Lanes(lanes.builder, HEAD_LANES, lanes.fused)
    total = narrow.constant(0.0)
    for first in range(0, len(units), HEAD_LANES):
        at = [units[min(first + n, len(units) - 1)] for n in range(HEAD_LANES)]  # its weight is 0
        vector = vectors[at[0] // lanes.width]
        hidden = lanes.shuffle(vector, vector, [lane % lanes.width for lane in at])
        total = narrow.fma(narrow.load(weights, place + first), hidden, total)
    return narrow.total(total)


def emit_looped_head(lanes: Lanes, weights: Value, hidden: Value, units: Value) -> Value:
    """Emit the sum for a hidden state in memory, of a number of units that four divides."""
    narrow = Lanes(lanes.builder, HEAD_LANES, lanes.fused)
    total = narrow.cell(narrow.constant(0.0))
    with narrow.loop(units, step=HEAD_LANES) as unit:
        x = narrow.load(hidden, unit)
        total.value = narrow.fma(narrow.load(weights, unit), x, total.value)
    return narrow.total(total.value)
