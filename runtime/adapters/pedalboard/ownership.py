"""Keeps the Python side of a plugin for as long as a board holds the plugin.

A board holds C++ objects.  When the last Python name of a plugin goes, pedalboard forgets its
class, and ``board[1]`` is from then on a plain ``VST3Plugin``: setting a parameter on it would set
nothing and say nothing.  So a ``GraphPlugin`` that is about to go asks how many C++ owners its
plugin has; if a board is among them, it stays, in a list here, until ``release_kept`` finds it
alone.

pedalboard offers no such count, but pybind11 keeps a ``std::shared_ptr`` in the Python object:
after the header, a pointer to the plugin, another, and one to the owners' count.  Whether that is
so here is tried out on a plugin of pedalboard's own; where it is not, every plugin is kept for
good.
"""

import ctypes
import gc
import sys
import threading
from functools import cache
from typing import Any

from ...io.pedalboard_module import host

__all__ = ["keep_if_held", "kept", "owners", "release_kept"]

WORD = ctypes.sizeof(ctypes.c_void_p)
UNNAMED = 2
"""References to a kept plugin while it is looked at: the list's and the call's argument."""

_lock = threading.RLock()
_kept: list[Any] = []


def owners(plugin: Any) -> int | None:
    """Return how many boards hold a plugin, or ``None`` where that cannot be known."""
    alone = _alone()
    return None if alone is None else _count(plugin) - alone


def keep_if_held(plugin: Any) -> None:
    """Keep a plugin that is about to go if a board holds it (called from ``__del__``)."""
    if owners(plugin) != 0:
        with _lock:
            _kept.append(plugin)


def release_kept() -> int:
    """Let go of what no board holds any more; return how many are left."""
    with _lock:
        if _alone() is not None:
            for index in range(len(_kept) - 1, -1, -1):
                if sys.getrefcount(_kept[index]) <= UNNAMED and owners(_kept[index]) == 0:
                    del _kept[index]
        return len(_kept)


def kept() -> int:
    """Return how many plugins are kept for a board's sake alone."""
    return len(_kept)


def _count(plugin: Any) -> int:
    """Read the number of C++ owners (libc++ counts from zero, others from one)."""
    block = ctypes.c_void_p.from_address(id(plugin) + object.__basicsize__ + 2 * WORD).value
    return ctypes.c_int32.from_address(block + WORD).value if block else 0


@cache
def _alone() -> int | None:
    """Return the count of a plugin that no board holds, if counts are where they should be."""
    pedalboard = host()
    if sys.implementation.name != "cpython" or pedalboard.Gain.__basicsize__ < 6 * WORD:
        return None
    probe = pedalboard.Gain()
    alone = _count(probe)
    counts = []
    for boards in (1, 2, 3):
        held = [pedalboard.Pedalboard([probe]) for _ in range(boards)]
        counts.append(_count(probe) - alone)
        del held
        counts.append(_count(probe) - alone)
    if alone not in (0, 1) or counts != [1, 0, 2, 0, 3, 0]:
        return None
    gc.callbacks.append(_after_collection)
    return alone


def _after_collection(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info.get("generation") == 2 and _kept:
        release_kept()
