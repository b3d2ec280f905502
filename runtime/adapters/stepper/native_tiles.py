"""One step of many streams through one node, a tile of them at a time: see ``VoicesProcessor``.

The thread that calls ``Stepper.step``; without the GIL.
"""

from typing import Any

import numpy as np

from ...engine.array_call import REFUSED, VIEW
from ...engine.records import ENGINE
from ...native.abi import helper, native
from ...native.cpu import cycles, restore_floats, set_flush_to_zero
from ...native.pointers import (
    call_node,
    copy_bytes,
    element,
    floats,
    load,
    record,
    store,
    zero_bytes,
)
from ...plan.records import PLAN, ROW
from ...simd.finite import copy_numbers, find_non_finite
from .native_step import STEPPER, count_step, open_step

__all__ = ["TILES", "step_tiles"]

TILES = np.dtype(
    [
        ("kernel", np.int64),  # of the VoicesProcessor, and its record
        ("record", np.int64),
        ("lanes", np.int64),
        ("first", np.int64),  # address of the first tile
        ("stride", np.int64),  # bytes from one to the next
        ("doubles", np.int64),  # numbers of a voice's state
        ("floats", np.int64),
        ("initial", np.int64),  # address of a tile in its initial state
        ("frames", np.int64),  # offset in a tile of int64[lanes]: frames played
        ("ins", np.int64),  # scratch: [frame][lane] float32, and the same for the output
        ("outs", np.int64),
        ("row", np.int64),  # scratch: one signal of a block
        ("verdict", np.int64),  # scratch of find_non_finite: the address of outs, its result
    ]
)
"""The tiles of a stepper: see ``tiles.py``."""
VIEW_BYTES = VIEW.itemsize
SAMPLE = 4


@helper
def _pack(t: Any, x: Any, first: int, count: int, frames: int, bad: int) -> None:
    """Copy a block of ``count`` streams to ``ins``, with 0 in place of what is not finite."""
    if count < t.lanes:
        zero_bytes(t.ins, SAMPLE * t.lanes * frames)
    begin = x.data + first * x.stream_step
    if frames == 1 and x.stream_step == SAMPLE:
        copy_numbers(t.ins, begin, count, bad)
        return
    ins, row = floats(t.ins, t.lanes * frames), floats(t.row, frames)
    for lane in range(count):
        copy_numbers(t.row, begin + lane * x.stream_step, frames, bad)
        for k in range(frames):
            ins[k * t.lanes + lane] = row[k]


@helper
def _unpack(t: Any, y: Any, first: int, count: int, frames: int) -> None:
    """Copy the output of a tile to the streams' arrays."""
    begin = y.data + first * y.stream_step
    if frames == 1 and y.stream_step == SAMPLE:
        copy_bytes(begin, t.outs, SAMPLE * count)
        return
    outs = floats(t.outs, t.lanes * frames)
    for lane in range(count):
        target = floats(begin + lane * y.stream_step, frames)
        for k in range(frames):
            target[k] = outs[k * t.lanes + lane]


@helper
def _mute_and_reset(t: Any, tile: int, rows: int, count: int, frames: int) -> None:
    """Do for each stream whose output is not finite what the player does for a node."""
    outs, row = floats(t.outs, t.lanes * frames), element(rows, 0, ROW)
    for lane in range(count):
        total = np.float32(0.0)
        for k in range(frames):
            total += outs[k * t.lanes + lane] * np.float32(0.0)
        if total != np.float32(0.0):
            for k in range(frames):
                outs[k * t.lanes + lane] = np.float32(0.0)
            for n in range(t.doubles):
                place = n * t.lanes + lane
                store(tile, place, load(t.initial, place))
            begin = 8 * t.doubles * t.lanes
            mine = floats(tile + begin, t.floats * t.lanes)
            initial = floats(t.initial + begin, t.floats * t.lanes)
            for n in range(t.floats):
                mine[n * t.lanes + lane] = initial[n * t.lanes + lane]
            row.faults += 1


@native("int64(int64, int64, int64, int64)")
def step_tiles(stepper: int, block: int, out: int, float32: int) -> int:
    """Play one block of every stream, as ``step`` does; the result is the same."""
    s = record(stepper, STEPPER)
    e = record(s.engine, ENGINE)
    begun = cycles()
    frames = open_step(s, e, block, out, float32)
    if frames < 0:
        return REFUSED
    p = record(e.plan, PLAN)
    x, y = record(e.views, VIEW), record(e.views + VIEW_BYTES, VIEW)
    t = record(s.states, TILES)
    saved = set_flush_to_zero()
    pack, execute, last, first, tile = 0, 0, begun, 0, t.first
    while first < s.streams:
        count = min(t.lanes, s.streams - first)
        _pack(t, x, first, count, frames, e.counts)
        store(t.record, 0, tile)
        packed = cycles()
        call_node(t.kernel, t.record, t.ins, t.outs, np.int32(frames))
        find_non_finite(t.verdict, 1, t.lanes * frames, t.verdict + 8)
        if load(t.verdict, 1) != 0:
            _mute_and_reset(t, tile, p.rows, count, frames)
        for lane in range(t.lanes):
            place = tile + t.frames + 8 * lane
            store(place, 0, load(place, 0) + frames)
        executed = cycles()
        _unpack(t, y, first, count, frames)
        pack += packed - last
        execute += executed - packed
        last = cycles()
        first += t.lanes
        tile += t.stride
    restore_floats(saved)
    count_step(s, frames, pack, execute, last - begun)
    return int(frames)
