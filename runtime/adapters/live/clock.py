"""A clock instead of a sound card: calls the same callback, at real time or as fast as it can."""

import ctypes
import sys
import time
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...native.abi import helper, native
from ...native.pointers import copy_bytes, load, load_acquire, record
from .callback import ULONG

__all__ = ["JOB", "call_c", "call_word", "drive", "system_clock"]

i32, i64 = ir.IntType(32), ir.IntType(64)
UNDERFLOW = 4

JOB = np.dtype(
    [
        ("stop", np.int64),
        ("callback", np.int64),
        ("user", np.int64),
        ("block", np.int64),
        ("block_ns", np.float64),  # 0: as fast as possible
        ("slack", np.int64),  # blocks that a card would have in its buffers
        ("limit", np.int64),  # blocks to play; 0: until stopped
        ("done", np.int64),  # blocks played, and blocks whose time had passed before
        ("lost", np.int64),
        ("flags", np.int64),  # to be given to the next call, as a driver would
        ("input", np.int64),  # one block, interleaved
        ("output", np.int64),
        ("in_width", np.int64),
        ("out_width", np.int64),
        ("source", np.int64),  # what is played in, again and again; 0: silence
        ("source_frames", np.int64),
        ("source_at", np.int64),
        ("sink", np.int64),  # where the first frames that come out are kept
        ("sink_frames", np.int64),
        ("sink_at", np.int64),
        ("clock", np.int64),  # the system's clock, what it is called with, where it answers
        ("clock_first", np.int64),
        ("clock_second", np.int64),
        ("words", np.int64),
        ("word0_ns", np.float64),
        ("word1_ns", np.float64),
        ("sleep", np.int64),
        ("sleep_ns", np.float64),  # the unit it counts in
    ]
)
LONGEST_NAP_NS = 20_000_000
"""A clock that is told to stop does so within this time."""


@intrinsic
def call_c(typing: Any, function: Any, first: Any, second: Any, third: Any) -> Any:
    """Call a function of the system with up to three words; return its int."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(i32, [i64, i64, i64])
        answer = builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])
        return builder.sext(answer, i64)

    return types.int64(*[types.int64] * 4), generate


@intrinsic
def call_word(typing: Any, function: Any) -> Any:
    """Call a function of the system that takes nothing and returns a word."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(i64, [])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [])

    return types.int64(types.int64), generate


@intrinsic
def _call_back(
    typing: Any, function: Any, source: Any, target: Any, frames: Any, flags: Any, user: Any
) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        long = ir.IntType(ULONG.bitwidth)
        kind = ir.FunctionType(i32, [i64, i64, long, i64, long, i64])
        frames, flags = (
            builder.trunc(a, long) if long.width < 64 else a for a in (args[3], args[4])
        )
        pointer = builder.inttoptr(args[0], kind.as_pointer())
        call = [args[1], args[2], frames, ir.Constant(i64, 0), flags, args[5]]
        return builder.sext(builder.call(pointer, call), i64)

    return types.int64(*[types.int64] * 6), generate


@helper
def _now(job: int) -> Any:
    j = record(job, JOB)
    call_c(j.clock, j.clock_first, j.clock_second, 0)
    return load(j.words, 0) * j.word0_ns + load(j.words, 1) * j.word1_ns


@helper
def _stopped(job: int) -> Any:
    return load_acquire(job) != 0  # the first field


@helper
def _wait_until(job: int, due: float) -> Any:
    j = record(job, JOB)
    now = _now(job)
    while now < due and not _stopped(job):
        units = np.int64(min(due - now, LONGEST_NAP_NS) / j.sleep_ns)
        if units > 0:  # less than that is spent looking at the clock
            call_c(j.sleep, units, 0, 0)
        now = _now(job)
    return now


@helper
def _fill(job: int) -> None:
    """Give the next block of the source, from its start again after its end."""
    j = record(job, JOB)
    filled, frame = np.int64(0), 4 * j.in_width
    while j.source != 0 and filled < j.block:
        n = min(j.block - filled, j.source_frames - j.source_at)
        copy_bytes(j.input + filled * frame, j.source + j.source_at * frame, n * frame)
        filled += n
        j.source_at = 0 if j.source_at + n == j.source_frames else j.source_at + n


@helper
def _keep(job: int) -> None:
    j = record(job, JOB)
    n = min(j.block, j.sink_frames - j.sink_at)
    if n > 0:
        frame = 4 * j.out_width
        copy_bytes(j.sink + j.sink_at * frame, j.output, n * frame)
        j.sink_at += n


@native(types.void(types.int64))
def drive(job: int) -> None:
    """Call back block after block until told to stop; one native call, the GIL is free.

    Every block is due at a multiple of its length after the first, so that the clock cannot drift.
    Who comes later than a card's buffers would have lasted has lost the blocks in between: they
    are counted, skipped, and the next call is told of an underflow.
    """
    j = record(job, JOB)
    origin, turn, ended = _now(job), np.int64(0), False
    while not ended and not _stopped(job) and (j.limit == 0 or j.done < j.limit):
        if j.block_ns > 0:
            due = origin + turn * j.block_ns
            behind = np.int64((_wait_until(job, due) - due) / j.block_ns)
            if behind > j.slack:
                j.lost += behind
                turn += behind
                j.flags |= UNDERFLOW
        flags, j.flags = j.flags, 0
        _fill(job)
        ended = _call_back(j.callback, j.input, j.output, j.block, flags, j.user) != 0
        _keep(job)
        turn += 1
        j.done += 1


def system_clock(job: Any, words: NDArray[np.int64]) -> None:
    """Enter the system's own clock and sleep into a job."""
    job["words"] = words.ctypes.data
    if sys.platform == "win32":
        kernel32: Any = ctypes.WinDLL("kernel32")
        frequency = ctypes.c_int64()
        kernel32.QueryPerformanceFrequency(ctypes.byref(frequency))
        job["clock"], job["sleep"] = _address(kernel32.QueryPerformanceCounter, kernel32.Sleep)
        job["clock_first"], job["word0_ns"] = words.ctypes.data, 1e9 / frequency.value
        job["sleep_ns"] = 1e6
    else:
        libc = ctypes.CDLL(None)
        job["clock"], job["sleep"] = _address(libc.clock_gettime, libc.usleep)
        job["clock_first"], job["clock_second"] = time.CLOCK_MONOTONIC, words.ctypes.data
        job["word0_ns"], job["word1_ns"], job["sleep_ns"] = 1e9, 1.0, 1e3


def _address(*functions: Any) -> list[int]:
    return [ctypes.cast(f, ctypes.c_void_p).value or 0 for f in functions]
