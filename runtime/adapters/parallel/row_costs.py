"""Measure the time that each row of a plan takes.  Control thread."""

import time

import numpy as np
from numpy.typing import NDArray

from ...plan.plan import Plan
from .row_range import RowRange

__all__ = ["row_costs"]

FRAMES = 512
RUNS = 3
LEVEL = 0.1


def row_costs(plan: Plan) -> list[float]:
    """Return the seconds a frame of each row, of a plan that is then reset before it is used.

    Each row plays noise by itself; the shortest of three runs counts.
    """
    frames = min(FRAMES, plan.spec.max_frames)
    for number in range(len(plan.schedule.buffers)):
        buffer = plan.buffer(number)
        buffer[:] = _noise(buffer.size, number).reshape(buffer.shape)
    return [_seconds(plan, k, frames) / frames for k in range(len(plan.schedule.ops))]


def _noise(count: int, seed: int) -> NDArray[np.float32]:
    """Return ``count`` samples up to ``LEVEL``: squares, times a large odd number, modulo 2^64.

    Without ``numpy.random``, whose import takes longer than the measurement.
    """
    places = np.arange(1 + seed * count, 1 + (seed + 1) * count, dtype=np.uint64)
    turns = (places * places * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(40)).astype(np.float32)
    return LEVEL * (turns * np.float32(2.0**-23) - np.float32(1.0))


def _seconds(plan: Plan, row: int, frames: int) -> float:
    alone, nothing = RowRange(plan, row, row + 1, (), ()), np.empty((0, frames), np.float32)
    runs = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        alone.play(nothing, nothing, frames)
        runs.append(time.perf_counter() - begun)
    return min(runs)
