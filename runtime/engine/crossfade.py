"""Crossfade from one plan to the next, with spillover: long tails of the old plan play on.

Audio thread.
"""

import numpy as np

from ..native.abi import helper, kernel
from ..native.pointers import call_node, copy_bytes, floats, load, record
from ..plan.kernels.fade_in import fade_level
from ..plan.records import PLAN
from ..plan.row_operations import apply_params, wait_for_device
from .process import copy_in
from .records import ENGINE

__all__ = ["crossfade"]


@helper
def _add_tail(engine: int, frames: int) -> None:
    """Add the tail of an old plan, played with silent input, at a level that has no steps."""
    e = record(engine, ENGINE)
    copy_in(e.tail, 0, 0, frames, 0)
    call_node(e.walk, e.tail, 0, 0, np.int32(frames))
    whole = np.float64(e.fade_frames)
    cut = e.fade_left if e.fade_left > 0 else e.fade_frames + frames  # the next crossfade ends it
    for c in range(record(e.plan, PLAN).out_count):
        y = floats(load(record(e.plan, PLAN).outs, c), frames)
        x = floats(load(record(e.tail, PLAN).outs, c), frames)
        for i in range(frames):
            level = min(min(e.tail_age + i, e.tail_left - i), cut - i) / whole
            y[i] += fade_level(level) * x[i]
    e.tail_age += frames
    e.tail_left -= frames
    if e.tail_left <= 0:
        e.tail = 0
        e.retired += 1


@helper
def _begin_tail(engine: int) -> None:
    """Play the tail of the old plan; clear its state of nodes that the new plan took over."""
    e = record(engine, ENGINE)
    p, old = record(e.plan, PLAN), record(e.old, PLAN)
    wait_for_device(e.old)
    for k in range(p.clear_count):
        row = p.clear_list + 24 * k
        copy_bytes(load(row, 0), load(row, 1), load(row, 2))
    apply_params(old.params, 0, old.param_count)
    e.tail, e.tail_left = e.old, p.spillover_frames
    e.tail_age = 0 if p.spillover == 2 else e.fade_frames


@kernel
def crossfade(engine: int, ins: int, offset: int, frames: int) -> None:
    """Mix the outputs of old plans into those of the plan that plays.

    Without spillover the outputs are crossfaded.  With it (1) the *input* of the old plan fades
    out, and its output plays on.  If the new plan has taken over some of its tails, these would
    sound twice (2): then its output fades out too, and fades in again once those are cleared.
    """
    e = record(engine, ENGINE)
    fading, spillover = e.fade_left > 0, record(e.plan, PLAN).spillover
    if fading:
        old = record(e.old, PLAN)
        share, whole = np.float64(e.fade_left), np.float64(max(1, e.fade_frames))
        copy_in(e.old, ins, offset, frames, e.counts + 16)
        if spillover != 0:
            for c in range(old.in_count):
                x = floats(load(old.ins, c), frames)
                for i in range(frames):
                    x[i] *= fade_level((share - i) / whole)
        call_node(e.walk, e.old, 0, 0, np.int32(frames))
        for c in range(old.out_count):
            y = floats(load(record(e.plan, PLAN).outs, c), frames)
            x = floats(load(old.outs, c), frames)
            for i in range(frames):
                w = fade_level((share - i) / whole)
                if spillover == 1:
                    y[i] += x[i] - w * y[i]
                elif w == np.float32(1.0):  # the new plan warms up: the old one's bits
                    y[i] = x[i]
                else:
                    y[i] += w * (x[i] - y[i])
    if e.tail != 0:
        _add_tail(engine, frames)
    if fading:
        e.fade_left = max(0, e.fade_left - frames)
        if e.fade_left == 0:
            if e.tail != 0:  # at most one tail plays
                e.tail = 0
                e.retired += 1
            if spillover != 0:
                _begin_tail(engine)
            else:
                e.retired += 1
