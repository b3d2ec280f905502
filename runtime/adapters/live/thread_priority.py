"""What an audio thread may ask of the system: to come first, and to stay in memory."""

import ctypes
import os
import sys
from collections.abc import Iterable
from typing import Any

from ...native.abi import kernel
from ...native.pointers import record, store
from ...plan.arena import offset
from .callback import HOST
from .clock import call_c, call_word

__all__ = ["PRIORITY", "come_first", "lock_memory", "wish_to_come_first"]

PRIORITY = 70
"""Of SCHED_FIFO; drivers' own threads use 50 to 90."""
SCHED_FIFO = 1
WORDS = offset(HOST, "words")


@kernel
def come_first(host: int, ins: int, outs: int, frames: int) -> None:
    """Ask for real-time priority, on the audio thread itself; keep the answer (0: granted)."""
    h = record(host, HOST)
    store(host + WORDS, 0, h.priority)  # a sched_param begins with this one int
    thread = call_word(h.get_thread)
    h.priority_answer = call_c(h.set_priority, thread, SCHED_FIFO, host + WORDS)


def wish_to_come_first(host: Any) -> None:
    """Have the audio thread ask for priority with its first block (POSIX; elsewhere drivers do)."""
    if sys.platform == "win32":
        return
    libc = ctypes.CDLL(None)
    get, change = (
        ctypes.cast(f, ctypes.c_void_p).value
        for f in (libc.pthread_self, libc.pthread_setschedparam)
    )
    host["get_thread"], host["set_priority"], host["priority"] = get, change, PRIORITY
    host["priority_answer"] = -1
    host["begin"] = come_first.address


def lock_memory(stretches: Iterable[tuple[int, int]]) -> str:
    """Keep ``(address, bytes)`` from being paged out; return why not, or nothing if all is well."""
    for address, size in stretches:
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
