"""Play NumPy arrays without conversions: one native call reads their addresses and shapes itself.

``Engine.process`` and ``Stepper.step`` call this first.  Arrays that it does not take (another
type, other strides, another channel count) are left to the checks and conversions of
``audio_arrays``.

The native code reads the C structure ``PyArrayObject_fields`` of NumPy's C API (ndarraytypes.h;
part of the stable ABI of NumPy 1 and 2) at the address of the array object.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import Graph
from ..native.abi import helper, native
from ..native.pointers import call_node, record, store
from ..plan.records import PLAN
from .control import ControlQueue
from .records import ENGINE

__all__ = [
    "FLOAT32",
    "REFUSED",
    "VIEW",
    "ArrayCall",
    "array_caller",
    "list_channels",
    "may_clash",
    "play_rows",
    "process_arrays",
    "view_array",
]

Audio = NDArray[np.float32]

Caller = Callable[[int, Any, Any, int], int]
"""A native function whose second and third argument are arrays."""
REFUSED = -1
"""Result of ``process_arrays`` where the arrays are left to the caller."""
HEAD = object.__basicsize__
"""Bytes of ``PyObject_HEAD``."""
ARRAY = np.dtype(
    [
        ("data", np.int64),
        ("dimensions", np.int32),
        ("pad", np.int32),
        ("shape", np.int64),
        ("strides", np.int64),
        ("base", np.int64),
        ("dtype", np.int64),
        ("flags", np.int32),
        ("pad2", np.int32),
    ]
)
"""``PyArrayObject_fields`` without its ``PyObject_HEAD``."""
AXES = np.dtype([("first", np.int64), ("second", np.int64), ("third", np.int64)])
"""The beginning of the lists of shape and strides; of fewer axes, the rest is not used."""
VIEW = np.dtype([("data", np.int64), ("stream_step", np.int64), ("channel_step", np.int64)])
"""Where the samples of an array lie; steps in bytes."""
VIEW_BYTES = VIEW.itemsize
WRITEABLE = 0x0400
"""``NPY_ARRAY_WRITEABLE``."""
FLOAT32 = id(np.dtype(np.float32))
"""Address of the one descriptor of native float32."""
MAX_FRAMES = 1 << 24
SAMPLE_BYTES = 4


@helper
def view_array(array: int, streams: int, channels: int, float32: int, writes: bool, v: Any) -> int:
    """Fill ``v``, a ``VIEW``, from the array object at address ``array``; return its frames.

    float32 ``(streams, channels, frames)``, each channel contiguous; where there is one channel, or
    one stream, its axis may be missing; of many streams with one channel, also that of one frame.
    ``REFUSED`` for any other.
    """
    a = record(array + HEAD, ARRAY)
    shape, steps = record(a.shape, AXES), record(a.strides, AXES)
    frames, stride = REFUSED, 0
    v.data, v.stream_step, v.channel_step = a.data, 0, 0
    if a.dimensions == 3 and shape.first == streams and shape.second == channels:
        v.stream_step, v.channel_step = steps.first, steps.second
        frames, stride = shape.third, steps.third
    elif a.dimensions == 2 and streams == 1 and shape.first == channels:
        v.channel_step = steps.first
        frames, stride = shape.second, steps.second
    elif a.dimensions == 2 and channels == 1 and shape.first == streams:
        v.stream_step = steps.first
        frames, stride = shape.second, steps.second
    elif a.dimensions == 1 and streams == 1 and channels == 1:
        frames, stride = shape.first, steps.first
    elif a.dimensions == 1 and channels == 1 and shape.first == streams:
        v.stream_step, frames = steps.first, 1
    fits = a.dtype == float32 and 0 < frames <= MAX_FRAMES
    fits = fits and (stride == SAMPLE_BYTES or frames == 1)
    fits = fits and (a.data | v.stream_step | v.channel_step) % SAMPLE_BYTES == 0
    fits = fits and (not writes or (a.flags & WRITEABLE) != 0)
    return int(frames) if fits else REFUSED


@helper
def list_channels(v: Any, stream: int, channels: int, pointers: int) -> None:
    """Write the addresses of the channels of one stream of a ``VIEW`` to ``pointers``."""
    first = v.data + stream * v.stream_step
    for c in range(channels):
        store(pointers, c, first + c * v.channel_step)


@helper
def may_clash(x: Any, y: Any, streams: int, ins: int, outs: int, frames: int) -> bool:
    """Whether writing a ``VIEW`` in several parts could change what is read of another later.

    Not if they have no memory in common, nor if each part is written where it was read.
    """
    same = x.data == y.data and x.stream_step == y.stream_step
    if same and (ins == 1 or x.channel_step == y.channel_step):
        return False
    x_last, y_last = (streams - 1) * x.stream_step, (streams - 1) * y.stream_step
    x_row, y_row = (ins - 1) * x.channel_step, (outs - 1) * y.channel_step
    size = SAMPLE_BYTES * frames
    x_low, x_high = x.data + min(0, x_last) + min(0, x_row), max(0, x_last) + max(0, x_row)
    y_low, y_high = y.data + min(0, y_last) + min(0, y_row), max(0, y_last) + max(0, y_row)
    return bool(x_low < y.data + y_high + size and y_low < x.data + x_high + size)


@native("int64(int64, int64, int64, int64)")
def process_arrays(engine: int, block: int, out: int, float32: int) -> int:
    """Play one block from an array into another; return its frames, or ``REFUSED``.

    ``engine`` is the address of an ``ENGINE`` record, ``block`` and ``out`` those of array objects.
    """
    e = record(engine, ENGINE)
    p = record(e.plan, PLAN)
    x, y = record(e.views, VIEW), record(e.views + VIEW_BYTES, VIEW)
    if record(block + HEAD, ARRAY).dimensions == 3 or record(out + HEAD, ARRAY).dimensions == 3:
        return REFUSED
    frames = view_array(block, 1, p.in_count, float32, False, x)
    if frames < 0 or frames != view_array(out, 1, p.out_count, float32, True, y):
        return REFUSED
    if frames > p.max_frames and may_clash(x, y, 1, p.in_count, p.out_count, frames):
        return REFUSED
    outputs = e.channels + 8 * p.in_count
    list_channels(x, 0, p.in_count, e.channels)
    list_channels(y, 0, p.out_count, outputs)
    call_node(e.process, engine, e.channels, outputs, np.int32(frames))
    return int(frames)


class ArrayCall:
    """Plays one array in one native call; returns ``None`` where it has to be converted first.

    The thread that processes.  ``out`` is returned; nothing is allocated if it is given.
    """

    def __init__(self, queue: ControlQueue, graph: Graph) -> None:
        self._queue, self._channels = queue, sum(graph.outputs.values())
        one = len(graph.inputs) == len(graph.outputs) == 1
        self._call: Caller | None = self._first_call if one else None

    def _first_call(self, engine: int, block: Any, out: Any, float32: int) -> int:
        """Compile ``process_arrays``, which engines without calls from Python do not need."""
        self._call = array_caller(process_arrays)
        return REFUSED if self._call is None else self._call(engine, block, out, float32)

    def __call__(self, block: NDArray[Any], out: Audio | None) -> Audio | None:
        """Play ``block``, ``(channels, frames)`` or ``(frames,)``, into ``out`` or a new array."""
        call, queue = self._call, self._queue
        if call is None:
            return None
        if out is None:
            mono = block.ndim == self._channels == 1
            shape = block.shape if mono else (self._channels, *block.shape[-1:])
            out = np.empty(shape, np.float32)
        elif type(out) is not np.ndarray:
            return None
        with queue.native_lock:
            if call(queue.address, block, out, FLOAT32) < 0:
                return None
        for after in queue.plan.afters:
            after()
        return out


def play_rows(
    queue: ControlQueue, inputs: list[Audio], outputs: list[Audio], frames: int, block: int | None
) -> None:
    """Play ``frames`` of arrays, one a channel, which ``audio_arrays`` has checked or made."""
    ins = np.array([x.ctypes.data for x in inputs] or [0], np.int64)
    outs = np.array([y.ctypes.data for y in outputs] or [0], np.int64)
    queue.play(ins.ctypes.data, outs.ctypes.data, frames, block)
    for after in queue.plan.afters:
        after()


@cache
def array_caller(made: Any) -> Caller | None:
    """Return a native function whose second and third argument are arrays, for calls from Python.

    The GIL is released while it runs; the caller's references keep the arrays alive.  ``None``
    where array objects are laid out in another way than described here.
    """
    probe = np.zeros((2, 3), np.float32)
    if not _reads(probe) or not _reads(np.zeros(5, np.float64)[1:]):
        return None
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int64, ctypes.c_int64, ctypes.py_object, ctypes.py_object, ctypes.c_int64
    )
    return kind(made.address)


def _reads(array: np.ndarray[Any, Any]) -> bool:
    """Whether the memory of an array object has the fields of ``ARRAY`` in their places."""
    size = HEAD + ARRAY.itemsize
    if ctypes.sizeof(ctypes.c_void_p) != 8 or type(array).__basicsize__ < size:
        return False
    found = np.frombuffer(ctypes.string_at(id(array) + HEAD, ARRAY.itemsize), ARRAY)[0]
    if found["dimensions"] != array.ndim or found["data"] != array.ctypes.data:
        return False
    if found["dtype"] != id(array.dtype):
        return False
    for name in ("shape", "strides"):
        words = ctypes.string_at(int(found[name]), 8 * array.ndim)
        if tuple(np.frombuffer(words, np.int64).tolist()) != getattr(array, name):
            return False
    return bool(found["flags"] & WRITEABLE) == array.flags.writeable
