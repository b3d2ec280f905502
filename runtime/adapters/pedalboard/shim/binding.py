"""ctypes binding of the plugin binary: create plugin instances, build engines on request.

A host may hold a plugin longer than Python holds its wrapper.  The memory that an instance needs is
therefore kept in a table here until the host has released its last effect object;
``release_unused`` then frees it.
"""

import atexit
import ctypes
import itertools
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from .....graph import EngineError
from ....engine.process import process
from ..reset import reset_engine
from .library import ABI, Shim, shim

__all__ = ["BuildEngines", "PluginInstance", "loaded_shim", "offered_instance", "release_unused"]

MAX_CHANNELS = 16
_BUILD = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.c_double, ctypes.c_int32)


class PluginInstance(ctypes.Structure):
    """Description of one plugin, shared with the binary: ``Instance`` in instance.h."""


PluginInstance._fields_ = [
    ("size", ctypes.c_uint32),
    ("abi", ctypes.c_uint32),
    ("id", ctypes.c_uint8 * 16),
    ("name", ctypes.c_char * 64),
    ("next", ctypes.c_void_p),
    ("process", ctypes.c_void_p),
    ("reset", ctypes.c_void_p),
    ("build", ctypes.c_void_p),
    ("handle", ctypes.c_int64),
    ("engines", ctypes.c_int64 * MAX_CHANNELS),
    ("engine_count", ctypes.c_int32),
    ("input_channels", ctypes.c_int32),
    ("channel_mask", ctypes.c_uint32),
    ("enabled", ctypes.c_int32),
    ("latency", ctypes.c_int32),
    ("tail", ctypes.c_int32),
    ("built_rate", ctypes.c_double),
    ("built_channels", ctypes.c_int32),
    ("busy", ctypes.c_int32),
    ("effects", ctypes.c_int32),
    ("resets", ctypes.c_int32),
    ("blocks", ctypes.c_uint64),
    ("frames", ctypes.c_uint64),
    ("error_thread", ctypes.c_uint64),
    ("error", ctypes.c_void_p),
]

BuildEngines = Callable[[PluginInstance, float, int], None]
"""Put engines for a sample rate and a channel count into an instance, or raise."""

_lock = threading.RLock()
_handles = itertools.count(1)
_instances: dict[int, tuple[PluginInstance, BuildEngines]] = {}
_errors: dict[int, type[BaseException]] = {}


@cache
def loaded_shim() -> Shim:
    """Return the plugin binary, its functions declared and able to call Python."""
    found = shim()
    library = found.library
    if library.namgraph_shim_instance_size() != ctypes.sizeof(PluginInstance):
        raise EngineError("the shim and this package disagree on the layout of PluginInstance")
    for name in ("add", "remove", "offer", "handle_messages"):
        getattr(library, f"namgraph_shim_{name}").argtypes = [ctypes.POINTER(PluginInstance)]
    for name in ("remove", "offer", "enable", "python"):
        getattr(library, f"namgraph_shim_{name}").restype = None
    library.namgraph_shim_enable.argtypes = [ctypes.POINTER(PluginInstance), ctypes.c_int32]
    library.namgraph_shim_python.argtypes = [ctypes.c_void_p] * 3
    python: Any = ctypes.pythonapi
    calls = (python.PyGILState_Ensure, python.PyGILState_Release, python.PyThreadState_SetAsyncExc)
    library.namgraph_shim_python(*(ctypes.cast(call, ctypes.c_void_p) for call in calls))
    atexit.register(_disable_all)
    return found


@contextmanager
def offered_instance(
    name: str, build_engines: BuildEngines, channel_mask: int
) -> Iterator[PluginInstance]:
    """Offer a new instance to the host while the body loads it; enable it if the body succeeds."""
    release_unused()
    library = loaded_shim().library
    handle = next(_handles)
    instance = PluginInstance(
        size=ctypes.sizeof(PluginInstance),
        abi=ABI,
        id=(ctypes.c_uint8 * 16)(*uuid.uuid4().bytes),
        name=name.encode()[:63].decode(errors="ignore").encode(),
        process=process.address,
        reset=reset_engine.address,
        build=ctypes.cast(_build, ctypes.c_void_p),
        handle=handle,
        channel_mask=channel_mask,
    )
    with _lock:
        if not library.namgraph_shim_add(ctypes.byref(instance)):
            raise EngineError("the shim refused a plugin instance: its size or ABI version differs")
        _instances[handle] = (instance, build_engines)
        library.namgraph_shim_offer(ctypes.byref(instance))
        try:
            yield instance
        finally:
            library.namgraph_shim_offer(None)
    library.namgraph_shim_enable(ctypes.byref(instance), 1)


def release_unused() -> int:
    """Free the instances that the host has released; return how many are left."""
    with _lock:
        for handle, (instance, _) in list(_instances.items()):
            if instance.effects == 0:
                loaded_shim().library.namgraph_shim_remove(ctypes.byref(instance))
                del _instances[handle]
                _errors.pop(handle, None)
        return len(_instances)


@_BUILD
def _build(handle: int, rate: float, channels: int) -> int:
    """Build engines for the host, on the thread that called it; 1 if that raised."""
    instance, build_engines = _instances[handle]
    try:
        build_engines(instance, rate, channels)
    except BaseException as error:  # C cannot propagate it: the shim raises it after the call
        _errors[handle] = _class_raising(error)
        instance.error_thread = threading.get_ident()
        instance.error = id(_errors[handle])
        return 1
    return 0


def _class_raising(error: BaseException) -> type[BaseException]:
    """Return a class whose instances copy ``error``: only a class can be raised in a thread.

    The class is kept as long as the plugin instance, so it drops ``error`` once that is raised: its
    traceback refers to the frames of the callers, and to the plugin in them.
    """
    kind, args, more, held = type(error), error.args, dict(error.__dict__), [error]

    def make(self: BaseException) -> None:
        BaseException.__init__(self, *args)
        self.__dict__.update(more)
        self.__cause__ = held.pop() if held else None

    space = {"__init__": make, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (kind,), space)


def _disable_all() -> None:
    """At exit, stop host threads from calling Python and engines that are about to be freed."""
    for instance, _ in list(_instances.values()):
        loaded_shim().library.namgraph_shim_enable(ctypes.byref(instance), 0)
        instance.build = None
