"""The curve of fades between plans; fade in the inputs of a node that is new in a plan.

A new delay that suddenly received a signal in full would repeat the step with every echo, as a
click.  So the plan that a swap starts gives such a node inputs of its own, which fade in.
"""

import numpy as np

from ....graph import Op, Schedule
from ...native.abi import helper, kernel
from ...native.pointers import channel, copy_bytes, load, record
from ..arena import Block, Memory

__all__ = ["FADE_IN", "allocate_fade_in", "fade_in", "fade_level"]

FADE_IN = np.dtype(
    [
        ("left", np.int64),  # frames until the end of the fade
        ("whole", np.int64),  # frames of the fade
        ("channels", np.int64),
    ]
)


@helper
def fade_level(t: float) -> np.float32:
    """Return the level of a fade at ``t``: 0 below 0, 1 above 1, between them ``t^2 (3 - 2 t)``.

    Its slope is 0 at both ends, where that of a straight line has steps: these bend low notes.  The
    levels at ``t`` and ``1 - t`` add up to 1: equal signals are faded without a change.
    """
    t = min(1.0, max(0.0, t))
    return np.float32(t * t * (3.0 - 2.0 * t))


@kernel
def fade_in(state: int, ins: int, outs: int, frames: int) -> None:
    """Copy every channel; scale the first ``whole`` frames from 0 to 1: ``fade_level``."""
    s = record(state, FADE_IN)
    for c in range(s.channels):
        if s.left <= 0:
            copy_bytes(load(outs, c), load(ins, c), 4 * frames)
        else:
            x, y = channel(ins, c, frames), channel(outs, c, frames)
            for i in range(frames):
                left = max(0, s.left - i)
                y[i] = x[i] * fade_level((s.whole - left) / s.whole)
    s.left = max(0, s.left - frames)


def allocate_fade_in(own: Memory, schedule: Schedule, op: Op) -> tuple[Memory, Block, list[Block]]:
    """Allocate the record of a fade-in, and the channels it writes for the node of ``op``.

    The record is that of a fade that is over, so that a reset starts none.
    """
    channels = sum(schedule.buffers[b].channels for b in op.reads)
    memory = Memory()
    made = memory.record(FADE_IN, channels=channels)
    return memory, made, [own.scratch(schedule.spec.max_frames) for _ in range(channels)]
