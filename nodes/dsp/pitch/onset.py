"""Onsets: when a new note begins, by a jump of the energy above 600 Hz.

One energy per tick.  An onset is a tick that is 9 dB over the least and 6 dB over the most of the
last 32 to 43 ms; the three ticks before it, the beginning of the same attack, do not count.
"""

import math
from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime import authoring as ng

__all__ = ["ONSET", "onset", "onset_tick"]

SPLIT_HZ = 600.0
BLOCKS = 4
BLOCK_S = 0.0107
FLOOR = 1e-9
"""Mean square below which there are no onsets."""
OVER_MOST, OVER_LEAST = 10.0**0.6, 10.0**0.9
ONSET = np.dtype(
    [
        ("pole", np.float64),  # of the two high-passes, at the lower rate
        ("low1", np.float64),
        ("low2", np.float64),
        ("pending", np.int64),  # energies of the last three ticks
        ("most", np.int64),  # of each block
        ("least", np.int64),
        ("ticks", np.int64),  # of a block
        ("count", np.int64),
        ("block", np.int64),
        ("found", np.int64),  # 1: an onset in this tick
    ]
)


def onset(memory: Memory, rate: float, lower_rate: float) -> Any:
    """Allocate the record for samples at ``lower_rate``, ticks of 32 frames at ``rate``."""
    return memory.record(
        ONSET,
        pending=memory.state(3, np.float64),
        most=memory.state(BLOCKS, np.float64),
        least=memory.state(BLOCKS, np.float64),
        pole=1.0 - math.exp(-2.0 * math.pi * SPLIT_HZ / lower_rate),
        ticks=max(1, round(BLOCK_S * rate / 32.0)),
    )


@ng.kernel
def onset_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Take the ``frames`` samples of a tick at the address ``ins``; write ``found``."""
    s = ng.record(state, ONSET)
    x, pole, low1, low2, energy = ng.floats(ins, frames), s.pole, s.low1, s.low2, 0.0
    for i in range(frames):
        low1 += pole * (np.float64(x[i]) - low1)
        once = np.float64(x[i]) - low1
        low2 += pole * (once - low2)
        energy += (once - low2) * (once - low2)
    s.low1, s.low2 = low1, low2
    energy /= frames
    mosts, leasts = ng.numbers(s.most, BLOCKS, np.float64), ng.numbers(s.least, BLOCKS, np.float64)
    pending = ng.numbers(s.pending, 3, np.float64)
    most, least = mosts[0], leasts[0]
    for k in range(1, BLOCKS):
        most = mosts[k] if mosts[k] > most else most
        least = leasts[k] if leasts[k] < least else least
    loud = energy > FLOOR and energy > OVER_MOST * most and energy > OVER_LEAST * least
    s.found = 1 if loud else 0
    old = pending[0]
    pending[0], pending[1], pending[2] = pending[1], pending[2], energy
    if loud:  # what follows is the same attack
        old = energy
    block = s.block
    if s.count == 0:
        mosts[block], leasts[block] = old, old
    else:
        mosts[block] = old if old > mosts[block] else mosts[block]
        leasts[block] = old if old < leasts[block] else leasts[block]
    s.count += 1
    if s.count == s.ticks:
        s.count, s.block = 0, (block + 1) % BLOCKS
