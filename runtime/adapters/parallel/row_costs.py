"""Measure the time that each row of a plan takes.  Control thread."""

import time

import numpy as np

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
    noise = np.random.default_rng(0)
    for number, buffer in enumerate(plan.schedule.buffers):
        shape = buffer.channels, plan.spec.max_frames
        plan.buffer(number)[:] = LEVEL * noise.standard_normal(shape, np.float32)
    return [_seconds(plan, k, frames) / frames for k in range(len(plan.schedule.ops))]


def _seconds(plan: Plan, row: int, frames: int) -> float:
    alone, nothing = RowRange(plan, row, row + 1, (), ()), np.empty((0, frames), np.float32)
    runs = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        alone.play(nothing, nothing, frames)
        runs.append(time.perf_counter() - begun)
    return min(runs)
