"""The callback that a sound card, or the null stream's clock, calls for every block; compiled.

PortAudio calls ``int callback(in, out, frames, time, flags, user)`` on a thread of its own, with
interleaved float32.  ``user`` is the address of a ``HOST`` record.  No Python runs on that thread.
"""

import sys
from typing import Any

import numpy as np

from ...engine.engine import Engine
from ...engine.messages.message_queue import aligned
from ...engine.process import process
from ...engine.records import ENGINE
from ...native.abi import helper, kernel, native
from ...native.cpu import cycles, nanoseconds_per_cycle
from ...native.pointers import call_node, floats, load, record, store, zero_bytes
from ...plan.arena import offset
from ...plan.monitored_player import blame
from ...plan.records import PLAN, ROW
from .meters import make_meters, measure

__all__ = ["CALLBACK", "FLAGS", "HOST", "CallbackMemory", "card_callback"]

ULONG = "uint32" if sys.platform == "win32" else "uint64"
CALLBACK = f"int32(int64, int64, {ULONG}, int64, {ULONG}, int64)"

FLAGS = ("input_underflow", "input_overflow", "output_underflow", "output_overflow", "priming")
"""The bits of PortAudio's flags, lowest first; all but the last are xruns."""
XRUN_FLAGS = 15
XRUN_DELAY = 8
"""Blocks between a late block and the xrun it causes, at most: drivers report one after their
buffers have run dry."""

HOST = np.dtype(
    [
        ("engine", np.int64),
        ("process", np.int64),  # addresses of kernels
        ("measure", np.int64),
        ("blame", np.int64),
        ("count_late_block", np.int64),
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
        ("late_row", np.int64),  # the node that made the last late block late, or 0
        ("late_plan", np.int64),
        ("late_block", np.int64),
        ("flags", np.int64, len(FLAGS)),
        ("priority", np.int64),  # requested real-time priority
        ("priority_answer", np.int64),  # of the system: 0 granted, -1 none yet
        ("get_thread", np.int64),
        ("set_priority", np.int64),
        ("words", np.int64, 2),
    ]
)
FLAG_COUNTS = offset(HOST, "flags")


@helper
def _deinterleave(host: int, source: int, at: int, n: int) -> None:
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
def _interleave(host: int, target: int, at: int, n: int) -> None:
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
def count_late_block(host: int, spent: int, flags: int, frames: int) -> None:
    """Count a late block or an xrun for the node that caused it, or as from outside.

    An xrun reported now belongs to an earlier block: the flags come first.
    """
    h = record(host, HOST)
    plan = record(h.engine, ENGINE).plan
    if flags != 0:
        for k in range(5):
            if flags & (1 << k):
                place = host + FLAG_COUNTS
                store(place, k, load(place, k) + 1)
        if flags & XRUN_FLAGS:
            h.xruns += 1
            recent = h.blocks - h.late_block <= XRUN_DELAY and h.late_plan == plan
            if recent and h.late_row != 0:
                record(h.late_row, ROW).xruns += 1
            else:
                h.xruns_outside += 1
    deadline = np.int64(h.cycles_per_frame * frames)
    if spent > deadline:
        h.late += 1
        call_node(h.blame, plan, spent, deadline, np.int32(0))
        h.late_row = load(record(plan, PLAN).verdict, 0)
        h.late_plan, h.late_block = plan, h.blocks
        if h.late_row == 0:
            h.late_outside += 1


@native(CALLBACK)
def card_callback(source: int, target: int, frames: Any, time: int, flags: Any, user: int) -> int:
    """Play one block: copy in, run the engine, copy out; update meters and times."""
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
        _deinterleave(user, source, at, n)
        call_node(h.process, h.engine, h.ins, h.outs, np.int32(n))
        call_node(h.measure, h.in_meters, h.ins, h.in_count, np.int32(n))
        call_node(h.measure, h.out_meters, h.outs, h.out_count, np.int32(n))
        if target != 0:
            _interleave(user, target, at, n)
        at += n
    spent = cycles() - begun
    h.spent += spent
    h.longest = max(h.longest, spent)
    if np.int64(flags) != 0 or spent > h.cycles_per_frame * total:
        call_node(h.count_late_block, user, spent, np.int64(flags), np.int32(total))
    h.blocks += 1
    h.frames += total
    return 1 if h.ended != 0 else 0


class CallbackMemory:
    """The ``HOST`` record of a stream, and the arrays it points to: audio, channel maps, meters."""

    def __init__(
        self, engine: Engine, blocksize: int, in_map: list[int], out_map: list[int]
    ) -> None:
        rate, graph = engine.spec.rate, engine.plan.graph
        ins, outs = sum(graph.inputs.values()), sum(graph.outputs.values())
        stride = blocksize + 16  # channels never share a cache line
        self.audio = aligned((ins + outs) * stride, np.float32)
        channels = self.audio.ctypes.data + 4 * stride * np.arange(ins + outs)
        self._channels = np.concatenate([channels, [0]]).astype(np.int64)
        self._maps = np.array([*in_map, *out_map, 0], np.int64)
        self.in_meters, self.out_meters = make_meters(ins, rate), make_meters(outs, rate)
        self.host = aligned(1, HOST)
        h: Any = self.host[0]
        h["engine"], h["process"] = engine.state, process.address
        h["measure"], h["blame"] = measure.address, blame.address
        h["count_late_block"] = count_late_block.address
        h["ins"], h["outs"] = self._channels.ctypes.data, self._channels.ctypes.data + 8 * ins
        h["in_count"], h["out_count"] = ins, outs
        h["in_map"], h["out_map"] = self._maps.ctypes.data, self._maps.ctypes.data + 8 * len(in_map)
        h["in_width"], h["out_width"] = max(in_map, default=-1) + 1, len(out_map)
        h["in_meters"] = self.in_meters.ctypes.data
        h["out_meters"] = self.out_meters.ctypes.data
        h["max_frames"] = blocksize
        h["cycles_per_frame"] = 1e9 / nanoseconds_per_cycle() / rate
