"""Real-time priority of the audio thread, and memory that is never paged out."""

import ctypes
import os
import sys
from collections.abc import Iterable
from typing import Any

from ...native.abi import kernel
from ...native.pointers import call_c, call_c_no_args, record, store
from ...plan.arena import offset
from .callback import HOST

__all__ = ["PRIORITY", "lock_memory", "raise_priority", "request_priority"]

PRIORITY = 70
"""Of SCHED_FIFO, 1 to 99; drivers' own threads use 50 to 90."""
SCHED_FIFO = 1
WORDS = offset(HOST, "words")


@kernel
def raise_priority(host: int, ins: int, outs: int, frames: int) -> None:
    """Raise the calling thread, the audio thread, to real-time priority; store the result."""
    h = record(host, HOST)
    store(host + WORDS, 0, h.priority)  # a sched_param begins with this one int
    thread = call_c_no_args(h.get_thread)
    h.priority_answer = call_c(h.set_priority, thread, SCHED_FIFO, host + WORDS)


def request_priority(host: Any) -> None:
    """Have the audio thread raise its priority in its first block (POSIX; elsewhere drivers do)."""
    if sys.platform == "win32":
        return
    libc = ctypes.CDLL(None)
    get, change = (
        ctypes.cast(f, ctypes.c_void_p).value
        for f in (libc.pthread_self, libc.pthread_setschedparam)
    )
    host["get_thread"], host["set_priority"], host["priority"] = get, change, PRIORITY
    host["priority_answer"] = -1
    host["begin"] = raise_priority.address


def lock_memory(ranges: Iterable[tuple[int, int]]) -> str:
    """Lock ranges ``(address, bytes)`` in memory; return the system's error, or an empty string."""
    for address, size in ranges:
        if sys.platform == "win32":
            kernel32: Any = ctypes.WinDLL("kernel32", use_last_error=True)
            lock = kernel32.VirtualLock
            lock.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
            if not lock(address, size):
                return f"Windows error {ctypes.get_last_error()}"
        else:
            lock = ctypes.CDLL(None, use_errno=True).mlock
            lock.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
            if lock(address, size) != 0:
                return os.strerror(ctypes.get_errno())
    return ""
