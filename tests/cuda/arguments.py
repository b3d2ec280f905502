"""ctypes argument structs of kernels, and aligned arrays for their pointers."""

import ctypes
import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "NamArgs", "OpArgs", "address", "filled", "placed"]


class Block(ctypes.Structure):
    """``struct Block`` of common.cuh; as made here, it goes on with one chunk."""

    _fields_ = (
        ("frames", ctypes.c_int),
        ("first", ctypes.c_int),
        ("chunks", ctypes.c_int),
        ("chunk_frames", ctypes.c_int),
        ("replay", ctypes.c_int),
        ("factors", ctypes.c_int),
        ("spare", ctypes.c_int * 10),
    )

    def __init__(self, frames: int = 0, **others: int) -> None:
        wanted = {"chunks": 1, "chunk_frames": frames, "replay": -1} | others
        super().__init__(frames=frames, **wanted)


class NamArgs(ctypes.Structure):
    """``struct NamArgs`` of common.cuh."""

    _fields_ = (
        ("block", ctypes.c_void_p),
        ("weights", ctypes.c_void_p),
        ("weights_stride", ctypes.c_longlong),
        ("state", ctypes.c_void_p),
        ("in", ctypes.c_void_p),
        ("in_stride", ctypes.c_longlong),
        ("out", ctypes.c_void_p),
        ("out_stride", ctypes.c_longlong),
        ("in_factor", ctypes.c_void_p),
        ("out_factor", ctypes.c_void_p),
        ("past", ctypes.c_void_p),
        ("past_stride", ctypes.c_longlong),
        ("heard", ctypes.c_void_p),
        ("heard_stride", ctypes.c_longlong),
        ("bad", ctypes.c_void_p),
    )


class OpArgs(ctypes.Structure):
    """``struct OpArgs`` of common.cuh."""

    _fields_ = (
        ("block", ctypes.c_void_p),
        ("in", ctypes.c_void_p),
        ("out", ctypes.c_void_p),
        ("in_stride", ctypes.c_longlong),
        ("out_stride", ctypes.c_longlong),
        ("channels", ctypes.c_int),
    )


def filled(args: type[ctypes.Structure], **fields: Any) -> Any:
    """Return arguments: arrays and structures become their addresses, numbers stay.

    What is pointed to must be kept by the caller.
    """
    made = args()
    for name, value in fields.items():
        setattr(made, name, value if isinstance(value, int) else address(value))
    return made


def address(value: Any) -> int:
    """Return where an array or a ctypes structure lies."""
    return int(value.ctypes.data) if isinstance(value, np.ndarray) else ctypes.addressof(value)


def placed(values: Any, dtype: Any = np.float32) -> NDArray[Any]:
    """Return a copy that begins at 16 bytes and ends at memory that must not be touched.

    So does what lies before its first page.  Between its end and the next 16 bytes is NaN.
    """
    values = np.asarray(values, dtype)
    page = mmap.PAGESIZE
    size = -(-max(values.nbytes, 1) // 16) * 16
    pages = -(-size // page) * page
    memory = mmap.mmap(-1, pages + 2 * page)
    libc = ctypes.CDLL(None, use_errno=True)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for guard in (base, base + page + pages):
        assert libc.mprotect(ctypes.c_void_p(guard), ctypes.c_size_t(page), 0) == 0
    start = page + pages - size
    np.frombuffer(memory, np.uint8, size, start)[:] = 0xFF
    made = np.frombuffer(memory, values.dtype, values.size, start).reshape(values.shape)
    made[...] = values
    return made
