"""Keep a ``GraphPlugin`` object alive while a pedalboard container holds its C++ plugin.

A ``Pedalboard`` holds C++ objects (``std::shared_ptr``).  When the last Python reference to a
plugin is dropped, pedalboard deletes its Python object, and ``board[1]`` then returns a new, plain
``VST3Plugin``: setting a parameter on it would have no effect and raise no error.  Therefore
``GraphPlugin.__del__`` counts the C++ owners of the plugin; if a container is among them, the
object is put into a list here, until ``release_unused_plugins`` finds that no container holds it.

pedalboard offers no such count.  pybind11 stores the ``std::shared_ptr`` in the Python object:
after the object header, a pointer to the plugin, a second pointer, and a pointer to the control
block with the count.  ``_count_without_boards`` verifies this layout on a plugin of pedalboard
before it is used; where it does not hold, every plugin is kept until the process exits.

Any thread.
"""

import ctypes
import gc
import sys
import threading
from functools import cache
from typing import Any

from ...io.pedalboard_module import host

__all__ = ["board_count", "keep_if_on_board", "kept_count", "release_unused_plugins"]

WORD = ctypes.sizeof(ctypes.c_void_p)
REFERENCES_IF_UNUSED = 2
"""Python references to a kept plugin during the check: the list's and the call argument's."""

_lock = threading.RLock()
_kept: list[Any] = []


def board_count(plugin: Any) -> int | None:
    """Return how many containers hold a plugin, or ``None`` if the layout is not the known one."""
    base = _count_without_boards()
    return None if base is None else _owner_count(plugin) - base


def keep_if_on_board(plugin: Any) -> None:
    """Keep a plugin alive if a container holds it; called from its ``__del__``."""
    if board_count(plugin) != 0:
        with _lock:
            _kept.append(plugin)


def release_unused_plugins() -> int:
    """Drop the kept plugins that no container holds; return how many are left."""
    with _lock:
        if _count_without_boards() is not None:
            for index in range(len(_kept) - 1, -1, -1):
                unused = sys.getrefcount(_kept[index]) <= REFERENCES_IF_UNUSED
                if unused and board_count(_kept[index]) == 0:
                    del _kept[index]
        return len(_kept)


def kept_count() -> int:
    """Return how many plugins are kept alive only because a container holds them."""
    return len(_kept)


def _owner_count(plugin: Any) -> int:
    """Read the number of C++ owners (libc++ counts from zero, others from one)."""
    block = ctypes.c_void_p.from_address(id(plugin) + object.__basicsize__ + 2 * WORD).value
    return ctypes.c_int32.from_address(block + WORD).value if block else 0


@cache
def _count_without_boards() -> int | None:
    """Return the count of a plugin in no container; ``None`` if the memory layout differs."""
    pedalboard = host()
    if sys.implementation.name != "cpython" or pedalboard.Gain.__basicsize__ < 6 * WORD:
        return None
    probe = pedalboard.Gain()
    base = _owner_count(probe)
    counts = []
    for boards in (1, 2, 3):
        held = [pedalboard.Pedalboard([probe]) for _ in range(boards)]
        counts.append(_owner_count(probe) - base)
        del held
        counts.append(_owner_count(probe) - base)
    if base not in (0, 1) or counts != [1, 0, 2, 0, 3, 0]:
        return None
    gc.callbacks.append(_after_collection)
    return base


def _after_collection(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info.get("generation") == 2 and _kept:
        release_unused_plugins()
