"""The lane to the device, as the audio thread walks it: stage, launch, wait, fetch.

The rows of a plan that has ports on the device are, in order: ``stage`` for each upload, ``call``
for each operation there (which only writes down what the next launch needs), ``run`` before the
first download that wants the results, ``fetch`` for each download.  All kernels of a section are
one CUDA graph, whose arguments lie in memory that both sides see; so one graph serves every block
size, and a block costs one call of the driver and a wait.

What was played is committed when the device is done.  If it fails before, nothing has happened
yet: the same rows are called once more, and now do on the host what the device should have done,
from the state that was committed.  They go on so from then on.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ..native.abi import helper, kernel
from ..native.cpu import cycles
from ..native.pointers import call_node, copy_bytes, load, record, store
from ..plan.records import ROW
from .commit import commit, write_launch_header
from .driver.driver import NOT_READY
from .records import BLOCK, CALL, EXECUTOR, FETCH, SECTION, STAGE

__all__ = ["FALLEN", "HANGS", "TRACED", "call", "collect", "fetch", "idle", "run", "stage"]

TRACED = 512
"""Blocks whose times are remembered."""
FALLEN = (
    "",
    "the driver failed",
    "the device does not answer",
    "the device is too slow",
    "set to what is not on the device",
)
"""Why the host has taken over, by number."""
FAILED, HANGS, SLOW, ASKED = 1, 2, 3, 4
HUNG = -1

i32, i64 = ir.IntType(32), ir.IntType(64)


@intrinsic
def _driver(typing: Any, function: Any, first: Any, second: Any) -> Any:
    """Call a function of the driver that takes up to two handles; return its code."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(i32, [i64, i64])
        code = builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])
        return builder.sext(code, i64)

    return types.int64(types.int64, types.int64, types.int64), generate


@helper
def _launch(e: Any, graph: int) -> Any:
    """Launch what a section has; return the driver's code.

    The thread may belong to a host that uses another context: it gets its own back.
    """
    begun = cycles()
    code = _driver(e.push, e.context, 0)
    if code == 0:
        code = _driver(e.launch, graph, e.stream)
        _driver(e.pop, e.popped, 0)
    e.waited += cycles() - begun
    return code


@helper
def _wait(e: Any) -> Any:
    """Wait for the device; return the driver's code."""
    begun = cycles()
    code = _driver(e.push, e.context, 0)
    if code != 0:
        return code
    code = _driver(e.query, e.stream, 0)
    spent = cycles() - begun
    while code == NOT_READY:
        code = _driver(e.query, e.stream, 0)
        spent = cycles() - begun
        if code == NOT_READY and spent > e.hang:
            code = HUNG
    _driver(e.pop, e.popped, 0)
    e.waited += spent
    return code


@helper
def _fall(e: Any, code: int, back: int) -> None:
    """Let the host take over, from ``back`` frames before this block on."""
    e.fallen = HANGS if code == HUNG else FAILED
    e.code = code
    e.since = e.frames - back


@helper
def _again(e: Any, count: int, frames: int) -> None:
    """Do on the host what was asked of the device."""
    for k in range(count):
        row = record(load(e.rows, k), ROW)
        call_node(row.kernel, row.state, row.ins, row.outs, np.int32(frames))


@helper
def _done(lane: int, frames: int, back: int) -> None:
    """Commit a block; if the device has been too slow too often, it was the last.

    To begin again takes longer, and is no fault of the device.
    """
    commit(lane, frames)
    e = record(lane, EXECUTOR)
    if e.patience > 0 and e.waited > e.patience and e.begins == 0:
        e.misses += 1
        e.strikes += 1
    else:
        e.strikes = 0
    e.waited, e.begins = 0, 0
    if e.strikes_most > 0 and e.strikes >= e.strikes_most:
        e.fallen, e.since = SLOW, e.frames + frames - back


@kernel
def idle(state: int, ins: int, outs: int, frames: int) -> None:
    """Do nothing: the device does it."""


@kernel
def call(state: int, ins: int, outs: int, frames: int) -> None:
    """Prepare an operation on the device, or do it in its place."""
    c = record(state, CALL)
    fallen = record(c.lane, EXECUTOR).fallen
    call_node(c.arm if fallen == 0 else c.stand_in, c.record, ins, outs, frames)


@kernel
def stage(state: int, ins: int, outs: int, frames: int) -> None:
    """Upload: copy every channel to where the device reads it."""
    s = record(state, STAGE)
    begun = cycles()
    for c in range(s.channels):
        copy_bytes(load(outs, c), load(ins, c), 4 * frames)
    record(s.lane, EXECUTOR).upload += cycles() - begun


@kernel
def run(section: int, ins: int, outs: int, frames: int) -> None:
    """Launch a section; wait for it, unless the lane is pipelined."""
    s = record(section, SECTION)
    e = record(s.lane, EXECUTOR)
    begun, at = cycles(), e.blocks & (TRACED - 1)
    if e.fallen == 0 and e.asked != 0:
        e.fallen, e.since = ASKED, e.frames
        if e.pipelined != 0 and _wait(e) == HUNG:  # sections before this one may still be at it
            e.fallen = HANGS
        _again(e, s.calls, np.int64(frames))
    if e.fallen == 0:
        record(e.order, BLOCK).frames = frames
        for k in range(s.count):
            write_launch_header(load(s.nodes, k), np.int64(frames))
        code = _launch(e, s.graph)
        if code == 0 and e.pipelined == 0:
            code = _wait(e)
        if code != 0:
            _fall(e, code, 0)
            if e.pipelined != 0 and _wait(e) == HUNG:
                e.fallen = HANGS
            _again(e, s.calls, np.int64(frames))
        elif s.last != 0 and e.pipelined == 0:
            _done(s.lane, np.int64(frames), 0)
    if s.last != 0:
        store(e.uploads, at, e.upload)
        store(e.executes, at, cycles() - begun)
        store(e.downloads, at, 0)
        e.upload = 0
        e.blocks += 1
        e.frames += frames
        if e.pipelined != 0:
            e.flight = frames


@kernel
def collect(lane: int, ins: int, outs: int, frames: int) -> None:
    """Take over the block that was launched before this one (pipelined)."""
    e = record(lane, EXECUTOR)
    if e.flight > 0:
        flight = e.flight
        if e.fallen == 0:
            code = _wait(e)
            if code != 0:
                _fall(e, code, flight)
                _again(e, e.row_count, flight)
            else:
                _done(lane, flight, flight)
        for k in range(e.fetch_count):
            f = record(load(e.fetches, k), FETCH)
            head = min(flight, f.length - f.at)
            for c in range(f.channels):
                ring, view = f.ring + 4 * c * f.length, load(f.views, c)
                copy_bytes(ring + 4 * f.at, view, 4 * head)
                copy_bytes(ring, view + 4 * head, 4 * (flight - head))
            f.at = (f.at + flight) % f.length
        e.flight = 0


@kernel
def fetch(state: int, ins: int, outs: int, frames: int) -> None:
    """Download: copy every channel from where the device wrote it, or what it wrote before."""
    f = record(state, FETCH)
    e = record(f.lane, EXECUTOR)
    begun, place = cycles(), e.downloads + 8 * ((e.blocks - 1) & (TRACED - 1))
    for c in range(f.channels):
        if e.pipelined == 0:
            copy_bytes(load(outs, c), load(ins, c), 4 * frames)
        else:
            ring, head = f.ring + 4 * c * f.length, min(np.int64(frames), f.length - f.at)
            copy_bytes(load(outs, c), ring + 4 * f.at, 4 * head)
            copy_bytes(load(outs, c) + 4 * head, ring, 4 * (np.int64(frames) - head))
    store(place, 0, load(place, 0) + cycles() - begun)
