"""Measure the multiply-adds per second of one core: the reference for benchmarks of kernels."""

import time
from functools import cache

import numpy as np

from ..native.abi import Native, native
from ..native.host import host_lanes, registers
from .embed import embed
from .lanes import Lanes, Value

__all__ = ["fma_peak"]

TURNS = 1 << 16
ROUNDS = 64


def _chains(width: int) -> int:
    """Return the number of independent sums: they hide latency and fit in registers."""
    return 16 if registers(width) == 32 else 12


def _emit(lanes: Lanes, place: Value, turns: Value) -> None:
    place = lanes.pointer(place)
    factor, term = lanes.broadcast(place, 0), lanes.broadcast(place, 1)
    sums = [lanes.cell(lanes.constant(float(n))) for n in range(_chains(lanes.width))]
    with lanes.loop(turns):
        for total in sums:
            total.value = lanes.fma(total.value, factor, term)
    for number, total in enumerate(sums):
        lanes.store(total.value, place, number * lanes.width)


@cache
def _kernel(width: int) -> Native:
    multiply_add = embed("peak", 2, _emit, width)

    @native("void(int64, int64)")
    def peak(place: int, turns: int) -> None:
        multiply_add(place, turns)

    return peak


def fma_peak(width: int | None = None) -> float:
    """Return the multiply-adds per second of one core, measured in about 20 ms."""
    width = width or host_lanes()
    run = _kernel(width).ctypes
    work = np.zeros(16 * width, np.float32)
    best = float("inf")
    for _ in range(ROUNDS):
        work[:2] = 0.5, 1.0
        begun = time.perf_counter()
        run(work.ctypes.data, TURNS)
        best = min(best, time.perf_counter() - begun)
    return TURNS * _chains(width) * width / best
