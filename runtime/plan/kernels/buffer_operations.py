"""Kernels of the operations between nodes: clear, copy, add, delay.  Audio thread."""

import numpy as np

from ...native.abi import kernel
from ...native.pointers import channel, copy_bytes, floats, load, record, zero_bytes
from ...simd.scale import add_to

__all__ = ["DELAY", "WIDTH", "add", "clear", "copy", "delay"]

WIDTH = np.dtype([("channels", np.int64)])
DELAY = np.dtype(
    [("channels", np.int64), ("ring", np.int64), ("length", np.int64), ("at", np.int64)]
)


@kernel
def clear(state: int, ins: int, outs: int, frames: int) -> None:
    """Set every channel to zero."""
    for c in range(record(state, WIDTH).channels):
        zero_bytes(load(outs, c), 4 * frames)


@kernel
def copy(state: int, ins: int, outs: int, frames: int) -> None:
    """Copy every channel."""
    for c in range(record(state, WIDTH).channels):
        copy_bytes(load(outs, c), load(ins, c), 4 * frames)


@kernel
def add(state: int, ins: int, outs: int, frames: int) -> None:
    """Add every input channel to the output channel."""
    for c in range(record(state, WIDTH).channels):
        add_to(load(outs, c), load(ins, c), frames)


@kernel
def delay(state: int, ins: int, outs: int, frames: int) -> None:
    """Delay every channel by ``length`` frames, through a ring buffer."""
    s = record(state, DELAY)
    at = s.at
    for c in range(s.channels):
        ring = floats(s.ring + 4 * c * s.length, s.length)
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        at = s.at
        for i in range(frames):
            y[i] = ring[at]
            ring[at] = x[i]
            at = at + 1 if at + 1 < s.length else 0
    s.at = at
