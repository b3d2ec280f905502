"""The null stream's clock: calls the callback at real time, or as fast as it can.

``run_clock`` is one native call on a thread of its own, without the GIL; its state is a ``CLOCK``
record.
"""

import ctypes
import sys
import time
from typing import Any

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from ...native import kinds
from ...native.abi import helper, native
from ...native.intrinsic import intrinsic
from ...native.pointers import call_c, copy_bytes, load, load_acquire, record
from .callback import ULONG

__all__ = ["CLOCK", "run_clock", "use_system_clock"]

i32, i64 = ir.IntType(32), ir.IntType(64)
UNDERFLOW = 4

CLOCK = np.dtype(
    [
        ("stop", np.int64),
        ("callback", np.int64),
        ("user", np.int64),
        ("block", np.int64),
        ("block_ns", np.float64),  # 0: as fast as possible
        ("slack", np.int64),  # blocks that it may be late by before blocks are lost
        ("limit", np.int64),  # blocks to play; 0: until stopped
        ("done", np.int64),  # blocks played, and blocks skipped because they were late
        ("lost", np.int64),
        ("flags", np.int64),  # of PortAudio, for the next call
        ("input", np.int64),  # one block, interleaved
        ("output", np.int64),
        ("in_width", np.int64),
        ("out_width", np.int64),
        ("source", np.int64),  # audio of the input, repeated; 0: silence
        ("source_frames", np.int64),
        ("source_at", np.int64),
        ("sink", np.int64),  # the first frames of the output are recorded here
        ("sink_frames", np.int64),
        ("sink_at", np.int64),
        ("clock", np.int64),  # the system's clock: address, arguments, and where it writes the time
        ("clock_first", np.int64),
        ("clock_second", np.int64),
        ("words", np.int64),
        ("word0_ns", np.float64),
        ("word1_ns", np.float64),
        ("sleep", np.int64),
        ("sleep_ns", np.float64),  # the unit of its argument
    ]
)
MAX_SLEEP_NS = 20_000_000
"""A clock stops within this time."""


@intrinsic
def _call_callback(
    typing: Any, function: Any, source: Any, target: Any, frames: Any, flags: Any, user: Any
) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        long = ir.IntType(int(ULONG.removeprefix("uint")))
        kind = ir.FunctionType(i32, [i64, i64, long, i64, long, i64])
        frames, flags = (
            builder.trunc(a, long) if long.width < 64 else a for a in (args[3], args[4])
        )
        pointer = builder.inttoptr(args[0], kind.as_pointer())
        call = [args[1], args[2], frames, ir.Constant(i64, 0), flags, args[5]]
        return builder.sext(builder.call(pointer, call), i64)

    return kinds.int64(*[kinds.int64] * 6), generate


@helper
def _now(clock: int) -> Any:
    c = record(clock, CLOCK)
    call_c(c.clock, c.clock_first, c.clock_second, 0)
    return load(c.words, 0) * c.word0_ns + load(c.words, 1) * c.word1_ns


@helper
def _stopped(clock: int) -> Any:
    return load_acquire(clock) != 0  # the first field


@helper
def _wait_until(clock: int, due: float) -> Any:
    c = record(clock, CLOCK)
    now = _now(clock)
    while now < due and not _stopped(clock):
        units = np.int64(min(due - now, MAX_SLEEP_NS) / c.sleep_ns)
        if units > 0:  # a shorter time is spent polling the clock
            call_c(c.sleep, units, 0, 0)
        now = _now(clock)
    return now


@helper
def _fill_input(clock: int) -> None:
    """Copy the next block of the source to the input; the source is repeated."""
    c = record(clock, CLOCK)
    filled, frame = np.int64(0), 4 * c.in_width
    while c.source != 0 and filled < c.block:
        n = min(c.block - filled, c.source_frames - c.source_at)
        copy_bytes(c.input + filled * frame, c.source + c.source_at * frame, n * frame)
        filled += n
        c.source_at = 0 if c.source_at + n == c.source_frames else c.source_at + n


@helper
def _record_output(clock: int) -> None:
    c = record(clock, CLOCK)
    n = min(c.block, c.sink_frames - c.sink_at)
    if n > 0:
        frame = 4 * c.out_width
        copy_bytes(c.sink + c.sink_at * frame, c.output, n * frame)
        c.sink_at += n


@native("void(int64)")
def run_clock(clock: int) -> None:
    """Call the callback block after block until ``stop`` is set; the GIL is released.

    Every block is due at a multiple of its length after the first, so that the clock cannot drift.
    If it is late by more than ``slack`` blocks, these blocks are skipped and counted as lost, and
    the next call has the underflow flag.
    """
    c = record(clock, CLOCK)
    origin, turn, ended = _now(clock), np.int64(0), False
    while not ended and not _stopped(clock) and (c.limit == 0 or c.done < c.limit):
        if c.block_ns > 0:
            due = origin + turn * c.block_ns
            behind = np.int64((_wait_until(clock, due) - due) / c.block_ns)
            if behind > c.slack:
                c.lost += behind
                turn += behind
                c.flags |= UNDERFLOW
        flags, c.flags = c.flags, 0
        _fill_input(clock)
        ended = _call_callback(c.callback, c.input, c.output, c.block, flags, c.user) != 0
        _record_output(clock)
        turn += 1
        c.done += 1


def use_system_clock(clock: Any, words: NDArray[np.int64]) -> None:
    """Write the addresses of the system's clock and sleep functions into a ``CLOCK`` record."""
    clock["words"] = words.ctypes.data
    if sys.platform == "win32":
        kernel32: Any = ctypes.WinDLL("kernel32")
        frequency = ctypes.c_int64()
        kernel32.QueryPerformanceFrequency(ctypes.byref(frequency))
        clock["clock"], clock["sleep"] = _address(kernel32.QueryPerformanceCounter, kernel32.Sleep)
        clock["clock_first"], clock["word0_ns"] = words.ctypes.data, 1e9 / frequency.value
        clock["sleep_ns"] = 1e6
    else:
        libc = ctypes.CDLL(None)
        clock["clock"], clock["sleep"] = _address(libc.clock_gettime, libc.usleep)
        clock["clock_first"], clock["clock_second"] = time.CLOCK_MONOTONIC, words.ctypes.data
        clock["word0_ns"], clock["word1_ns"], clock["sleep_ns"] = 1e9, 1.0, 1e3


def _address(*functions: Any) -> list[int]:
    return [ctypes.cast(f, ctypes.c_void_p).value or 0 for f in functions]
