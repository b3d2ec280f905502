"""What a node with a long memory hears first: a note that begins, not one that is cut into.

A plan that takes over while something sounds would feed a new delay a step, to be heard as a click
with every echo.  So the plan gives such a node inputs of its own, which fade in.
"""

import numpy as np

from ...graph import Op, Schedule, Spec
from ..native.abi import kernel
from ..native.pointers import channel, copy_bytes, load, record
from .arena import Block, Memory

__all__ = ["ONSET", "allocate_fade_in", "fade_in"]

ONSET = np.dtype([("left", np.int64), ("whole", np.int64), ("channels", np.int64)])


@kernel
def fade_in(state: int, ins: int, outs: int, frames: int) -> None:
    """Copy every channel; the first ``whole`` frames rise from silence."""
    s = record(state, ONSET)
    for c in range(s.channels):
        if s.left <= 0:
            copy_bytes(load(outs, c), load(ins, c), 4 * frames)
        else:
            x, y = channel(ins, c, frames), channel(outs, c, frames)
            for i in range(frames):
                left = max(0, s.left - i)
                y[i] = x[i] * np.float32((s.whole - left) / s.whole)
    s.left = max(0, s.left - frames)


def allocate_fade_in(
    own: Memory, plan: Schedule, spec: Spec, op: Op
) -> tuple[Memory, Block, list[Block]]:
    """Ask for the record of an onset, and for the channels it writes for the node of ``op``.

    It begins as one that is over: so it will be after a reset.
    """
    channels = sum(plan.buffers[b][0] for b in op.reads)
    memory = Memory()
    made = memory.record(ONSET, channels=channels)
    return memory, made, [own.scratch(spec.max_frames) for _ in range(channels)]
