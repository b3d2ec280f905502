"""The gain of a look-ahead limiter: a maximum over a window, a release, two moving averages.

All of it is done on the *reduction*, 1 minus the gain, so that a state of zeros is a gain of 1:

1. The reduction that a frame needs, 1 - ceiling / peak, is held for ``look`` frames: the maximum
   over the last ``look + 1`` (van Herk 1992, Gil and Werman 1993: maxima from the beginning of a
   block of ``look + 1`` frames on, and to the end of the block before).
2. It falls to a smaller one exponentially (release), and rises at once.
3. Two moving averages of ``look / 2`` frames make the rise gradual.  Sums are of whole numbers,
   which are exact: they do not drift, and a reduction of 0 is a gain of exactly 1.

A peak that enters now leaves at most ``look`` frames later.  Each number averaged then is a
maximum over a window that contains it, so at least what it needs; steps 2 and 3 keep that.
"""

import math
from typing import Any

import numpy as np

from ....graph import Memory
from ....runtime import authoring as ng

__all__ = ["LOOKAHEAD", "allocate_lookahead", "lookahead_gain"]

LOOKAHEAD = np.dtype(
    [
        ("width", np.int64),  # frames of the window, and of a block: look + 1
        ("half", np.int64),  # frames of each moving average
        ("place", np.int64),  # of the next frame in its block
        ("index", np.int64),  # of the next frame in the rings of the averages
        ("sum1", np.int64),
        ("sum2", np.int64),
        ("highest", np.float64),  # reduction since the beginning of the block
        ("released", np.float64),
        ("scale", np.float64),
        ("back", np.float64),  # share of the way to a smaller reduction in a frame, set by the node
        ("ceilings", np.int64),  # a curve that the node writes, float32
        ("window", np.int64),  # float64: this block so far, then maxima to the end of the last one
        ("ring1", np.int64),
        ("ring2", np.int64),
    ]
)
ONE = float(1 << 36)
"""A reduction of 1 as a whole number: sums of 5000 sums of 5000 of them fit in an int64."""


def allocate_lookahead(memory: Memory, look: int, count: int, ceilings: Any) -> Any:
    """Allocate ``count`` records of ``LOOKAHEAD``, as state; ``look`` is even, 2 or more frames."""
    half = look // 2
    return memory.records(
        LOOKAHEAD,
        [
            {
                "width": look + 1,
                "half": half,
                "scale": 1.0 / (float(half * half) * ONE),
                "ceilings": ceilings,
                "window": memory.state(look + 2, np.float64),
                "ring1": memory.state(half, np.int64),
                "ring2": memory.state(half, np.int64),
            }
            for _ in range(count)
        ],
    )


@ng.kernel
def lookahead_gain(lookahead: int, peaks: int, gains: int, frames: int) -> None:
    """Write the gain (float32) of each frame from its peak (float32)."""
    s = ng.record(lookahead, LOOKAHEAD)
    gain = ng.floats(gains, frames)
    peak = ng.floats(peaks, frames)
    ceiling = ng.floats(s.ceilings, frames)
    width = s.width
    half = s.half
    place = s.place
    index = s.index
    window = ng.numbers(s.window, width + 1, np.float64)
    ring1 = ng.numbers(s.ring1, half, np.int64)
    ring2 = ng.numbers(s.ring2, half, np.int64)
    sum1 = s.sum1
    sum2 = s.sum2
    highest = s.highest
    released = s.released
    scale = s.scale
    back = s.back
    keep = 1.0 - back
    for i in range(frames):
        level = np.float64(peak[i])
        most = np.float64(ceiling[i])
        needed = 1.0 - most / level if level > most else 0.0
        highest = needed if needed > highest else highest
        before = window[place + 1]
        held = before if before > highest else highest
        window[place] = needed
        place += 1
        if place == width:
            for _ in range(width - 1):
                place -= 1
                after = window[place]
                window[place - 1] = after if after > window[place - 1] else window[place - 1]
            place = 0
            highest = 0.0
        falling = keep * released + back * held
        released = held if held > falling else falling
        whole = np.int64(math.ceil(released * ONE))
        sum1 += whole - ring1[index]
        ring1[index] = whole
        sum2 += sum1 - ring2[index]
        ring2[index] = sum1
        index = index + 1 if index + 1 < half else 0
        gain[i] = np.float32(1.0 - scale * np.float64(sum2))
    s.place = place
    s.index = index
    s.sum1 = sum1
    s.sum2 = sum2
    s.highest = highest
    s.released = released
