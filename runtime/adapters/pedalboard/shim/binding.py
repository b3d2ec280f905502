"""The shim from Python: seats for plugins, and who keeps what a plugin needs alive.

A host may hold a plugin longer than Python holds its wrapper.  What a seat needs therefore lies in
a table here until the shim says that the last instance has gone; ``sweep`` then lets go of it.
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
from ..reset import restart
from .library import ABI, Shim, shim

__all__ = ["Seat", "Tenant", "opened", "seated", "sweep"]

MOST = 16
_BUILD = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.c_double, ctypes.c_int32)


class Seat(ctypes.Structure):
    """What the shim knows of one plugin: ``Seat`` in shim.c."""


Seat._fields_ = [
    ("size", ctypes.c_uint32),
    ("abi", ctypes.c_uint32),
    ("id", ctypes.c_uint8 * 16),
    ("name", ctypes.c_char * 64),
    ("next", ctypes.c_void_p),
    ("process", ctypes.c_void_p),
    ("restart", ctypes.c_void_p),
    ("build", ctypes.c_void_p),
    ("handle", ctypes.c_int64),
    ("engines", ctypes.c_int64 * MOST),
    ("engine_count", ctypes.c_int32),
    ("reads", ctypes.c_int32),
    ("channel_mask", ctypes.c_uint32),
    ("armed", ctypes.c_int32),
    ("latency", ctypes.c_int32),
    ("tail", ctypes.c_int32),
    ("built_rate", ctypes.c_double),
    ("built_channels", ctypes.c_int32),
    ("busy", ctypes.c_int32),
    ("instances", ctypes.c_int32),
    ("restarts", ctypes.c_int32),
    ("blocks", ctypes.c_uint64),
    ("frames", ctypes.c_uint64),
    ("thread", ctypes.c_uint64),
    ("error", ctypes.c_void_p),
]

Tenant = Callable[[Seat, float, int], None]
"""Fills a seat with engines for a sample rate and a channel count, or raises."""

_lock = threading.RLock()
_handles = itertools.count(1)
_seats: dict[int, tuple[Seat, Tenant]] = {}
_errors: dict[int, type[BaseException]] = {}


@cache
def opened() -> Shim:
    """Return the shim, ready to call Python."""
    found = shim()
    library = found.library
    if library.namgraph_shim_seat_size() != ctypes.sizeof(Seat):
        raise EngineError("the shim and this package disagree on the layout of a seat")
    for name in ("add", "remove", "offer", "settle"):
        getattr(library, f"namgraph_shim_{name}").argtypes = [ctypes.POINTER(Seat)]
    for name in ("remove", "offer", "arm", "python"):
        getattr(library, f"namgraph_shim_{name}").restype = None
    library.namgraph_shim_arm.argtypes = [ctypes.POINTER(Seat), ctypes.c_int32]
    library.namgraph_shim_python.argtypes = [ctypes.c_void_p] * 3
    python: Any = ctypes.pythonapi
    calls = (python.PyGILState_Ensure, python.PyGILState_Release, python.PyThreadState_SetAsyncExc)
    library.namgraph_shim_python(*(ctypes.cast(call, ctypes.c_void_p) for call in calls))
    atexit.register(_leave)
    return found


@contextmanager
def seated(name: str, tenant: Tenant, channel_mask: int) -> Iterator[Seat]:
    """Offer a new plugin to the host while the body loads it; arm it if the body succeeds."""
    sweep()
    library = opened().library
    handle = next(_handles)
    seat = Seat(
        size=ctypes.sizeof(Seat),
        abi=ABI,
        id=(ctypes.c_uint8 * 16)(*uuid.uuid4().bytes),
        name=name.encode()[:63].decode(errors="ignore").encode(),
        process=process.address,
        restart=restart.address,
        build=ctypes.cast(_build, ctypes.c_void_p),
        handle=handle,
        channel_mask=channel_mask,
    )
    with _lock:
        if not library.namgraph_shim_add(ctypes.byref(seat)):
            raise EngineError("the shim refused a seat")
        _seats[handle] = (seat, tenant)
        library.namgraph_shim_offer(ctypes.byref(seat))
        try:
            yield seat
        finally:
            library.namgraph_shim_offer(None)
    library.namgraph_shim_arm(ctypes.byref(seat), 1)


def sweep() -> int:
    """Let go of the seats whose plugin has gone; return how many are left."""
    with _lock:
        for handle, (seat, _) in list(_seats.items()):
            if seat.instances == 0:
                opened().library.namgraph_shim_remove(ctypes.byref(seat))
                del _seats[handle]
                _errors.pop(handle, None)
        return len(_seats)


@_BUILD
def _build(handle: int, rate: float, channels: int) -> int:
    """Answer the shim, in whatever thread the host runs: engines are wanted."""
    seat, tenant = _seats[handle]
    try:
        tenant(seat, rate, channels)
    except BaseException as error:  # it must not vanish in C: the shim raises it on the way out
        _errors[handle] = _told_again(error)
        seat.thread = threading.get_ident()
        seat.error = id(_errors[handle])
        return 1
    return 0


def _told_again(error: BaseException) -> type[BaseException]:
    """Make a class that stands for one exception: threads can only be sent classes.

    The class lives as long as the seat, so it lets go of the exception once that is raised: by way
    of its traceback it holds the frames of the callers, and the plugin in them.
    """
    kind, args, more, held = type(error), error.args, dict(error.__dict__), [error]

    def make(self: BaseException) -> None:
        BaseException.__init__(self, *args)
        self.__dict__.update(more)
        self.__cause__ = held.pop() if held else None

    space = {"__init__": make, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (kind,), space)


def _leave() -> None:
    """Before Python goes, no host thread may call what goes with it."""
    for seat, _ in list(_seats.values()):
        opened().library.namgraph_shim_arm(ctypes.byref(seat), 0)
        seat.build = None
