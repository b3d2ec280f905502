"""The argument structs of device kernels: ctypes mirrors of the structs in ``common.cuh``."""

import ctypes
from ctypes import c_int, c_longlong, c_void_p

__all__ = ["NamArgs", "OpArgs"]


class NamArgs(ctypes.Structure):
    """Argument of a model kernel, ``struct NamArgs``: device addresses, strides in float32."""

    _fields_ = (
        ("block", c_void_p),
        ("weights", c_void_p),
        ("weights_stride", c_longlong),
        ("state", c_void_p),
        ("x", c_void_p),  # `in` in common.cuh
        ("x_stride", c_longlong),
        ("y", c_void_p),  # `out`
        ("y_stride", c_longlong),
        ("in_factor", c_void_p),
        ("out_factor", c_void_p),
        ("past", c_void_p),
        ("past_stride", c_longlong),
        ("heard", c_void_p),
        ("heard_stride", c_longlong),
        ("bad", c_void_p),
    )


class OpArgs(ctypes.Structure):
    """Argument of copy, add and clear: ``struct OpArgs``."""

    _fields_ = (
        ("block", c_void_p),
        ("x", c_void_p),
        ("y", c_void_p),
        ("x_stride", c_longlong),
        ("y_stride", c_longlong),
        ("channels", c_int),
    )
