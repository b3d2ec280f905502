"""Audio-thread kernels of the rows that use a device: upload, launch, wait, download.

The rows of a plan with ports on the device are, in order: ``upload`` for each upload, ``call`` for
each operation there (it only prepares the next launch), ``run_section`` before the first download
that needs the results, ``download`` for each download.  All launches of a section are one CUDA
graph whose arguments lie in pinned memory; so one graph serves every block size, and a block costs
one driver call and a wait.

A block is committed when the device is done.  If the device fails before, the same ``call`` rows
run once more and compute on the host, from the committed state; later blocks do so too.
"""

from typing import Any

import numpy as np
from llvmlite import ir

from ..native import kinds
from ..native.abi import helper, kernel
from ..native.cpu import cycles
from ..native.intrinsic import intrinsic
from ..native.pointers import call_node, copy_bytes, load, record, store
from ..plan.records import ROW
from .commit import commit, write_launch_header
from .driver.driver import NOT_READY
from .records import BLOCK, CALL, DOWNLOAD, EXECUTOR, SECTION, UPLOAD

__all__ = [
    "FALLBACK_REASONS",
    "HUNG",
    "TRACED",
    "call",
    "collect",
    "download",
    "no_op",
    "run_section",
    "upload",
]

TRACED = 512
"""Blocks whose times are kept."""
FALLBACK_REASONS = (
    "",
    "the driver failed",
    "the device does not answer",
    "the device is too slow",
    "set to a size that is not on the device",
)
"""Why the host computes, by the number in ``EXECUTOR.fallback``."""
FAILED, HUNG, SLOW, REQUESTED = 1, 2, 3, 4
TIMED_OUT = -1
"""Returned by ``_wait`` beside the driver's codes, which are 0 or more."""

i32, i64 = ir.IntType(32), ir.IntType(64)


@intrinsic
def _driver(typing: Any, function: Any, first: Any, second: Any) -> Any:
    """Call a driver function, given by address, with up to two handles; return its code."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(i32, [i64, i64])
        code = builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])
        return builder.sext(code, i64)

    return kinds.int64(kinds.int64, kinds.int64, kinds.int64), generate


@helper
def _launch(e: Any, graph: int) -> Any:
    """Launch a section's graph; return the driver's code.

    The calling thread may have another CUDA context: it is current again afterwards.
    """
    start = cycles()
    code = _driver(e.push, e.context, 0)
    if code == 0:
        code = _driver(e.launch, graph, e.stream)
        _driver(e.pop, e.popped, 0)
    e.waited += cycles() - start
    return code


@helper
def _wait(e: Any) -> Any:
    """Poll the stream until it is done; return the driver's code, or TIMED_OUT."""
    start = cycles()
    code = _driver(e.push, e.context, 0)
    if code != 0:
        return code
    code = _driver(e.query, e.stream, 0)
    spent = cycles() - start
    while code == NOT_READY:
        code = _driver(e.query, e.stream, 0)
        spent = cycles() - start
        if code == NOT_READY and spent > e.hang_cycles:
            code = TIMED_OUT
    _driver(e.pop, e.popped, 0)
    e.waited += spent
    return code


@helper
def _fall_back(e: Any, code: int, frames: int) -> None:
    """Switch to the host after an error, beginning ``frames`` frames before this block."""
    e.fallback = HUNG if code == TIMED_OUT else FAILED
    e.error_code = code
    e.fallback_frame = e.frames - frames


@helper
def _run_calls(e: Any, count: int, frames: int) -> None:
    """Run the first ``count`` CALL rows again, on the host."""
    for k in range(count):
        row = record(load(e.rows, k), ROW)
        call_node(row.kernel, row.state, row.ins, row.outs, np.int32(frames))


@helper
def _finish_block(executor: int, frames: int, late: int) -> None:
    """Commit a block; fall back to the host after too many late blocks in a row.

    A block with a replay takes longer and never counts as late.  ``late``: the frames by which a
    pipelined block is collected after its launch.
    """
    commit(executor, frames)
    e = record(executor, EXECUTOR)
    if e.deadline_cycles > 0 and e.waited > e.deadline_cycles and e.replays == 0:
        e.misses += 1
        e.consecutive_late += 1
    else:
        e.consecutive_late = 0
    e.waited, e.replays = 0, 0
    if e.max_late_blocks > 0 and e.consecutive_late >= e.max_late_blocks:
        e.fallback, e.fallback_frame = SLOW, e.frames + frames - late


@kernel
def no_op(state: int, ins: int, outs: int, frames: int) -> None:
    """Do nothing: for operations that need no preparation before a launch."""


@kernel
def call(state: int, ins: int, outs: int, frames: int) -> None:
    """Prepare an operation for the next launch, or compute it on the host after a fallback."""
    c = record(state, CALL)
    fallback = record(c.executor, EXECUTOR).fallback
    call_node(c.before_launch if fallback == 0 else c.cpu_fallback, c.record, ins, outs, frames)


@kernel
def upload(state: int, ins: int, outs: int, frames: int) -> None:
    """Copy every channel to pinned memory that the device reads."""
    s = record(state, UPLOAD)
    start = cycles()
    for c in range(s.channels):
        copy_bytes(load(outs, c), load(ins, c), 4 * frames)
    record(s.executor, EXECUTOR).upload_cycles += cycles() - start


@kernel
def run_section(section: int, ins: int, outs: int, frames: int) -> None:
    """Launch a section and, unless pipelined, wait for it; on failure compute on the host."""
    s = record(section, SECTION)
    e = record(s.executor, EXECUTOR)
    start, place = cycles(), e.blocks & (TRACED - 1)
    if e.fallback == 0 and e.cpu_requested != 0:
        e.fallback, e.fallback_frame = REQUESTED, e.frames
        if e.pipelined != 0 and _wait(e) == TIMED_OUT:  # earlier sections may still be running
            e.fallback = HUNG
        _run_calls(e, s.calls, np.int64(frames))
    if e.fallback == 0:
        record(e.header, BLOCK).frames = frames
        for k in range(s.count):
            write_launch_header(load(s.nodes, k), np.int64(frames))
        code = _launch(e, s.graph)
        if code == 0 and e.pipelined == 0:
            code = _wait(e)
        if code != 0:
            _fall_back(e, code, 0)
            if e.pipelined != 0 and _wait(e) == TIMED_OUT:
                e.fallback = HUNG
            _run_calls(e, s.calls, np.int64(frames))
        elif s.last != 0 and e.pipelined == 0:
            _finish_block(s.executor, np.int64(frames), 0)
    if s.last != 0:
        store(e.upload_trace, place, e.upload_cycles)
        store(e.execute_trace, place, cycles() - start)
        store(e.download_trace, place, 0)
        e.upload_cycles = 0
        e.blocks += 1
        e.frames += frames
        if e.pipelined != 0:
            e.in_flight = frames


@kernel
def collect(executor: int, ins: int, outs: int, frames: int) -> None:
    """Pipelined: wait for the block in flight, commit it, and copy its results to the rings."""
    e = record(executor, EXECUTOR)
    if e.in_flight > 0:
        count = e.in_flight
        if e.fallback == 0:
            code = _wait(e)
            if code != 0:
                _fall_back(e, code, count)
                _run_calls(e, e.row_count, count)
            else:
                _finish_block(executor, count, count)
        for k in range(e.download_count):
            d = record(load(e.downloads, k), DOWNLOAD)
            head = min(count, d.length - d.position)
            for c in range(d.channels):
                ring, view = d.ring + 4 * c * d.length, load(d.views, c)
                copy_bytes(ring + 4 * d.position, view, 4 * head)
                copy_bytes(ring, view + 4 * head, 4 * (count - head))
            d.position = (d.position + count) % d.length
        e.in_flight = 0


@kernel
def download(state: int, ins: int, outs: int, frames: int) -> None:
    """Copy every channel from pinned memory that the device wrote, or from the ring (pipelined)."""
    d = record(state, DOWNLOAD)
    e = record(d.executor, EXECUTOR)
    start, place = cycles(), e.download_trace + 8 * ((e.blocks - 1) & (TRACED - 1))
    for c in range(d.channels):
        if e.pipelined == 0:
            copy_bytes(load(outs, c), load(ins, c), 4 * frames)
        else:
            ring, head = d.ring + 4 * c * d.length, min(np.int64(frames), d.length - d.position)
            copy_bytes(load(outs, c), ring + 4 * d.position, 4 * head)
            copy_bytes(load(outs, c) + 4 * head, ring, 4 * (np.int64(frames) - head))
    store(place, 0, load(place, 0) + cycles() - start)
