"""Opens the CUDA device once a process: its driver and memory pool.  Any control thread."""

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from ....graph import CudaError
from . import compiler
from .driver import Driver
from .memory_pool import MemoryPool

__all__ = ["driver", "memory_pool", "selected_device", "unavailable_reason"]


def _open() -> Any:
    names = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1", "libcuda.so")
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise CudaError(f"no CUDA driver on this machine ({names[0]} is not there)")


_opened: dict[int, tuple[Driver, MemoryPool] | CudaError] = {}
_opening = threading.Lock()
open_library: Callable[[], Any] = _open
"""Loads libcuda; tests replace it by a fake driver."""


def driver() -> Driver:
    """Return the driver of the device in use, opened once; raises ``CudaError`` if none is usable.

    The environment variable ``NAMGRAPH_CUDA_DEVICE`` selects one of several devices by number.
    """
    return _device()[0]


def memory_pool() -> MemoryPool:
    """Return the memory pool of the device in use; raises ``CudaError`` if none is usable."""
    return _device()[1]


def selected_device() -> int:
    """Return the number of the device in use: that in ``NAMGRAPH_CUDA_DEVICE``, or 0."""
    text = os.environ.get("NAMGRAPH_CUDA_DEVICE", "0")
    if not text.isdecimal():
        raise CudaError(f"NAMGRAPH_CUDA_DEVICE is {text!r}: must be the number of a device")
    return int(text)


def _device() -> tuple[Driver, MemoryPool]:
    ordinal = selected_device()
    with _opening:
        if ordinal not in _opened:
            try:
                opened = Driver(open_library(), ordinal)
                _opened[ordinal] = opened, MemoryPool(opened)
            except CudaError as error:
                _opened[ordinal] = error
        found = _opened[ordinal]
    if isinstance(found, CudaError):
        raise CudaError(str(found))
    return found


def unavailable_reason() -> str:
    """Return why no device can be used, or "" if a device and NVRTC are available."""
    try:
        driver()
    except CudaError as error:
        return str(error)
    return compiler.unavailable_reason()
