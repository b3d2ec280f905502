"""Fractional delay lines: float32 rings whose length is a power of two, and readers of them.

A line is written frame by frame at ``at``, ``at + 1``, ..., each masked.  A reader's delay in
frames is counted from the frame that is written at the same place; it changes along a straight
line, as a rule from one tick to the next, and runs of any length give the same output.  Between
frames the signal is interpolated by Lagrange's cubic through four frames, with the delay between
the middle two (Laakso et al., "Splitting the unit delay", 1996).  A delay of whole frames is exact
to the bit.  The shortest is 2 frames; the frame at ``at`` itself is never read, so that
``first_read(delay)`` frames can be read before the first of them is written.
"""

import math
from typing import Any

import numpy as np

from ....runtime.native.abi import helper, kernel
from ....runtime.native.pointers import copy_bytes, floats, numbers, record

__all__ = [
    "READER",
    "SHORTEST",
    "first_read",
    "line_frames",
    "nearest_delay",
    "read_cubic",
    "read_curve",
    "write_line",
]

SHORTEST = 2.0
"""Frames: the shortest delay of the cubic reader."""
NEAR = 1e-6
"""Distance in frames below which ``nearest_delay`` takes a delay for a whole one."""
READER = np.dtype(
    [
        ("delay", np.float64),  # in frames, at the beginning of the straight line
        ("slope", np.float64),  # change of the delay per frame
        ("delays", np.int64),  # or, for read_curve, the address of a float64 for each frame
        ("place", np.int64),  # frames from there to the first frame of the run
        ("at", np.int64),  # place of the run's first frame in the ring
        ("mask", np.int64),  # size of the ring minus 1
    ]
)


def line_frames(longest: float) -> int:
    """Return the size of the ring for delays up to ``longest`` frames: a power of two."""
    return 1 << math.ceil(math.log2(longest + 4.0))


@helper
def nearest_delay(delay: float) -> float:
    """Return the delay that is read for ``delay``: at least ``SHORTEST``, whole if nearly so."""
    delay = delay if delay > SHORTEST else SHORTEST
    whole = math.floor(delay + 0.5)
    return float(whole) if abs(delay - whole) < NEAR else delay


@helper
def first_read(delay: float) -> int:
    """Return how many frames back the newest frame read for ``delay`` is, at least 1."""
    return int(delay if delay > SHORTEST else SHORTEST) - 1


@helper
def write_line(ring: int, mask: int, at: int, source: int, frames: int) -> None:
    """Copy ``frames`` float32 from the address ``source`` into the ring, in one or two pieces."""
    begin = at & mask
    before = frames if frames <= mask + 1 - begin else mask + 1 - begin
    copy_bytes(ring + 4 * begin, source, 4 * before)
    if before < frames:
        copy_bytes(ring, source + 4 * before, 4 * (frames - before))


@helper
def _cubic(ring: Any, mask: int, at: int, delay: float) -> Any:
    delay = delay if delay > SHORTEST else SHORTEST
    back = int(delay)
    t = delay - np.float64(back)  # the frame ``back`` is at 0, the one before it at 1
    j = at - back
    u, v = 1.0 - t, 2.0 - t
    a0 = np.float32(-t * u * v * (1.0 / 6.0))
    a1 = np.float32((1.0 + t) * u * v * 0.5)
    a2 = np.float32((1.0 + t) * t * v * 0.5)
    a3 = np.float32(-(1.0 + t) * t * u * (1.0 / 6.0))
    early = a0 * ring[(j + 1) & mask] + a1 * ring[j & mask]
    return early + (a2 * ring[(j - 1) & mask] + a3 * ring[(j - 2) & mask])


@kernel
def read_cubic(state: int, ins: int, outs: int, frames: int) -> None:
    """Read ``frames`` from the ring at address ``ins`` to ``outs``; ``state`` is a ``READER``.

    The delay is ``delay + slope * (place + i)`` in frame i of the run.
    """
    s = record(state, READER)
    begin, slope, place, at, mask = s.delay, s.slope, s.place, s.at, s.mask
    ring, y = floats(ins, mask + 1), floats(outs, frames)
    whole = math.floor(begin)
    if slope == 0.0 and begin == whole and begin >= SHORTEST:
        start = at - int(whole)
        for i in range(frames):
            y[i] = ring[(start + i) & mask]
    else:
        for i in range(frames):
            y[i] = _cubic(ring, mask, at + i, begin + (place + i) * slope)


@kernel
def read_curve(state: int, ins: int, outs: int, frames: int) -> None:
    """Read as ``read_cubic`` does, with the delay of each frame from the list at ``delays``."""
    s = record(state, READER)
    at, mask = s.at, s.mask
    ring, y = floats(ins, mask + 1), floats(outs, frames)
    delays = numbers(s.delays, frames, np.float64)
    for i in range(frames):
        y[i] = _cubic(ring, mask, at + i, delays[i])
