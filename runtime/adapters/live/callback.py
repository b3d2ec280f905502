"""What a sound card calls: PortAudio's callback, compiled, with an engine behind it.

PortAudio calls ``int callback(in, out, frames, time, flags, user)`` on a thread of its own, with
interleaved float32.  ``user`` is the address of a ``HOST`` record.  No Python runs here.
"""

import sys
from typing import Any

import numpy as np
from numba import types

from ...engine.records import ENGINE
from ...native.abi import helper, kernel, native
from ...native.cpu import cycles
from ...native.pointers import call_node, floats, load, record, store, zero_bytes
from ...plan.arena import offset
from ...plan.records import PLAN, ROW

__all__ = ["CALLBACK", "FLAGS", "HOST", "card_callback", "settle_blame"]

ULONG = types.uint32 if sys.platform == "win32" else types.uint64
CALLBACK = types.int32(types.int64, types.int64, ULONG, types.int64, ULONG, types.int64)

FLAGS = ("input_underflow", "input_overflow", "output_underflow", "output_overflow", "priming")
"""The bits of PortAudio's flags, lowest first; all but the last are xruns."""
XRUN = 15
GUILTY_FOR = 8
"""Blocks for which an xrun may be put down to a late block; drivers report it after their buffers
have run dry."""

HOST = np.dtype(
    [
        ("engine", np.int64),
        ("process", np.int64),  # addresses of what is called
        ("measure", np.int64),
        ("blame", np.int64),
        ("judge", np.int64),
        ("begin", np.int64),  # called once, on the audio thread, or 0
        ("ins", np.int64),  # float* of each channel of the graph's inputs
        ("outs", np.int64),
        ("in_count", np.int64),
        ("out_count", np.int64),
        ("in_map", np.int64),  # of each input of the graph, the device's channel
        ("out_map", np.int64),  # of each channel of the device, the graph's output, or -1
        ("in_width", np.int64),  # channels of the device
        ("out_width", np.int64),
        ("in_meters", np.int64),
        ("out_meters", np.int64),
        ("max_frames", np.int64),
        ("cycles_per_frame", np.float64),
        ("ended", np.int64),  # 1: stop at the next block
        ("blocks", np.int64),
        ("frames", np.int64),
        ("spent", np.int64),  # cycles in callbacks, altogether
        ("longest", np.int64),
        ("last", np.int64),  # when the last block began
        ("longest_gap", np.int64),
        ("late", np.int64),  # blocks past the deadline
        ("late_outside", np.int64),  # of those, the ones no node is to blame for
        ("xruns", np.int64),
        ("xruns_outside", np.int64),
        ("guilty", np.int64),  # the row that made the last late block late
        ("guilty_plan", np.int64),
        ("guilty_block", np.int64),
        ("flags", np.int64, len(FLAGS)),
        ("priority", np.int64),  # wanted; then what the system said
        ("priority_answer", np.int64),
        ("get_thread", np.int64),
        ("set_priority", np.int64),
        ("words", np.int64, 2),
    ]
)
FLAG_COUNTS = offset(HOST, "flags")


@helper
def _bring_in(host: int, source: int, at: int, n: int) -> None:
    h = record(host, HOST)
    width = h.in_width
    for c in range(h.in_count):
        if source == 0 or width == 0:
            zero_bytes(load(h.ins, c), 4 * n)
        else:
            y = floats(load(h.ins, c), n)
            x = floats(source + 4 * (at * width + load(h.in_map, c)), n * width)
            for i in range(n):
                y[i] = x[i * width]


@helper
def _bring_out(host: int, target: int, at: int, n: int) -> None:
    h = record(host, HOST)
    width = h.out_width
    for d in range(width):
        y = floats(target + 4 * (at * width + d), n * width)
        c = load(h.out_map, d)
        if c < 0:
            for i in range(n):
                y[i * width] = np.float32(0.0)
        else:
            x = floats(load(h.outs, c), n)
            for i in range(n):
                y[i * width] = x[i]


@kernel
def settle_blame(host: int, spent: int, flags: int, frames: int) -> None:
    """Count a late block or an xrun, and put it down to a node, or to nobody here.

    An xrun reported now belongs to the block before, or to one a few blocks ago; so flags are
    looked at first.
    """
    h = record(host, HOST)
    plan = record(h.engine, ENGINE).plan
    if flags != 0:
        for k in range(5):
            if flags & (1 << k):
                place = host + FLAG_COUNTS
                store(place, k, load(place, k) + 1)
        if flags & XRUN:
            h.xruns += 1
            recent = h.blocks - h.guilty_block <= GUILTY_FOR and h.guilty_plan == plan
            if recent and h.guilty != 0:
                record(h.guilty, ROW).xruns += 1
            else:
                h.xruns_outside += 1
    deadline = np.int64(h.cycles_per_frame * frames)
    if spent > deadline:
        h.late += 1
        call_node(h.blame, plan, spent, deadline, np.int32(0))
        h.guilty = load(record(plan, PLAN).verdict, 0)
        h.guilty_plan, h.guilty_block = plan, h.blocks
        if h.guilty == 0:
            h.late_outside += 1


@native(CALLBACK)
def card_callback(source: int, target: int, frames: Any, time: int, flags: Any, user: int) -> int:
    """Play one block: in, through the engine, out; look at meters and the clock on the way."""
    begun = cycles()
    h = record(user, HOST)
    total = np.int64(frames)
    if h.blocks == 0:
        if h.begin != 0:
            call_node(h.begin, user, 0, 0, np.int32(0))
    else:
        h.longest_gap = max(h.longest_gap, begun - h.last)
    h.last = begun
    at = 0
    while at < total:
        n = min(total - at, h.max_frames)
        _bring_in(user, source, at, n)
        call_node(h.process, h.engine, h.ins, h.outs, np.int32(n))
        call_node(h.measure, h.in_meters, h.ins, h.in_count, np.int32(n))
        call_node(h.measure, h.out_meters, h.outs, h.out_count, np.int32(n))
        if target != 0:
            _bring_out(user, target, at, n)
        at += n
    spent = cycles() - begun
    h.spent += spent
    h.longest = max(h.longest, spent)
    if np.int64(flags) != 0 or spent > h.cycles_per_frame * total:
        call_node(h.judge, user, spent, np.int64(flags), np.int32(total))
    h.blocks += 1
    h.frames += total
    return 1 if h.ended != 0 else 0
