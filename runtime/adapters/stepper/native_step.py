"""One step of every stream as one native call; packing, playing and reading are timed apart.

The thread that calls ``Stepper.step``; without the GIL.
"""

from typing import Any

import numpy as np
from numba import types

from ...engine.array_call import REFUSED, VIEW, list_channels, may_clash, view_array
from ...engine.process import copy_in, copy_out
from ...engine.records import ENGINE
from ...native.abi import helper, native
from ...native.cpu import cycles, restore_floats, set_flush_to_zero
from ...native.pointers import call_node, copy_bytes, load, record, store
from ...plan.records import PLAN
from ...plan.row_operations import apply_params

__all__ = ["STEPPER", "step"]

STEPPER = np.dtype(
    [
        ("engine", np.int64),
        ("frames", np.int64),  # the most of a step
        ("streams", np.int64),
        ("current", np.int64),  # int64[streams]: address of the state each stream goes on from
        ("tentative", np.int64),  # int64[streams]: address where its next state is written
        ("steps", np.int64),
        ("played", np.int64),  # frames of all steps
        ("pack", np.int64),  # cycles of all steps: states and inputs in, nodes, outputs and states
        ("execute", np.int64),
        ("read", np.int64),
        ("longest", np.int64),  # cycles of the longest step
    ]
)
"""A stepper.  The states of more than one stream lie outside of the plan: see ``streams.py``."""
VIEW_BYTES = VIEW.itemsize
FRAME_BYTES = 8


@helper
def _load_stream(e: Any, p: Any, state: int) -> None:
    """Copy the state of a stream into the plan; parameters are those set last."""
    e.frame = load(state, 0)
    copy_bytes(p.state, state + FRAME_BYTES, p.state_bytes)
    apply_params(p.params, 0, p.param_count)


@helper
def _store_stream(e: Any, p: Any, state: int) -> None:
    """Copy the state of the plan to a stream."""
    store(state, 0, e.frame)
    copy_bytes(state + FRAME_BYTES, p.state, p.state_bytes)


@native(types.int64(types.int64, types.int64, types.int64, types.int64))
def step(stepper: int, block: int, out: int, float32: int) -> int:
    """Play one block of every stream; return its frames, or ``REFUSED``, with nothing played.

    ``stepper`` is the address of a ``STEPPER``, ``block`` and ``out`` those of array objects:
    see ``view_array``.
    """
    s = record(stepper, STEPPER)
    e = record(s.engine, ENGINE)
    begun = cycles()
    if e.pending_count > 0 or load(e.counters, 0) != load(e.counters, 8):
        call_node(e.handle_messages, s.engine, 0, 0, np.int32(0))
    p = record(e.plan, PLAN)
    x, y = record(e.views, VIEW), record(e.views + VIEW_BYTES, VIEW)
    frames = view_array(block, s.streams, p.in_count, float32, False, x)
    if frames < 0 or frames > s.frames:
        return REFUSED
    if frames != view_array(out, s.streams, p.out_count, float32, True, y):
        return REFUSED
    if s.streams > 1 and may_clash(x, y, s.streams, p.in_count, p.out_count, frames):
        return REFUSED
    saved = set_flush_to_zero()
    outputs = e.channels + 8 * p.in_count
    pack, execute, last = 0, 0, begun
    for k in range(s.streams):
        if s.streams > 1:
            _load_stream(e, p, load(s.current, k))
        list_channels(x, k, p.in_count, e.channels)
        list_channels(y, k, p.out_count, outputs)
        copy_in(e.plan, e.channels, 0, frames, e.counts)
        packed = cycles()
        call_node(e.walk, e.plan, e.timed, 1, np.int32(frames))
        executed = cycles()
        copy_out(e.plan, outputs, 0, frames, e.counts + 8)
        e.frame += frames
        if s.streams > 1:
            target = load(s.tentative, k)
            _store_stream(e, p, target)
            store(s.current, k, target)
        pack += packed - last
        execute += executed - packed
        last = cycles()
    restore_floats(saved)
    whole = last - begun
    s.steps += 1
    s.played += frames
    s.pack += pack
    s.execute += execute
    s.read += whole - pack - execute
    s.longest = max(s.longest, whole)
    return int(frames)
