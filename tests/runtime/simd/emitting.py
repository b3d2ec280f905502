"""Emitted code called from Python, for tests: arrays in, arrays out."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from namgraph.runtime.native.abi import Native, native
from namgraph.runtime.simd.embed import embed
from namgraph.runtime.simd.lanes import Lanes, Value

__all__ = ["WIDTHS", "apply", "compiled"]

WIDTHS = (4, 8, 16)
Floats = NDArray[np.float32]


def compiled(name: str, emit: Callable[..., None], width: int) -> Native:
    """Return ``emit(lanes, x, y, count)`` as a native function of three int64."""
    run = embed(f"test.{name}", 3, emit, width)

    @native(types.void(types.int64, types.int64, types.int64))
    def call(x: int, y: int, count: int) -> None:
        run(x, y, count)

    return call


def apply(name: str, operation: Callable[[Lanes, Value], Value], signal: Any, width: int) -> Floats:
    """Return ``operation`` done to every element, vector by vector."""

    def emit(lanes: Lanes, x: Value, y: Value, count: Value) -> None:
        source, target = lanes.pointer(x), lanes.pointer(y)
        with lanes.loop(count, step=lanes.width) as at:
            lanes.store(operation(lanes, lanes.load(source, at)), target, at)

    x = np.zeros(-(-len(signal) // 16) * 16, np.float32)
    x[: len(signal)] = signal
    y = np.zeros_like(x)
    compiled(name, emit, width).ctypes(x.ctypes.data, y.ctypes.data, x.size)
    return y[: len(signal)]
