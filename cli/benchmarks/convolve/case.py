"""A convolver in its own memory, and the times of its blocks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from ....nodes.dsp.convolver.prepare import Route, convolution, convolution_kernel
from ....runtime.native.abi import native
from ....runtime.native.cpu import cycles, nanoseconds_per_cycle
from ....runtime.native.pointers import call_node, store
from ....runtime.plan.arena import Arena, Memory

__all__ = [
    "BLOCK",
    "LENGTHS",
    "MONO",
    "PERIOD",
    "STEREO",
    "TRUE_STEREO",
    "WIDE_LENGTHS",
    "Case",
]

BLOCK, PERIOD = 64, 64
WARM = 2
"""Periods at the start of each round that are not counted."""
LENGTHS = (64, 1024, 2048, 4096, 8192, 16_384, 48_000, 192_000)
WIDE_LENGTHS = (2048, 8192, 48_000)
MONO = (Route(0, 0, 0),)
STEREO = (Route(0, 0, 0), Route(1, 0, 1))
TRUE_STEREO = (*STEREO, Route(0, 1, 2), Route(1, 1, 3))
WORD = types.int64
Row = dict[str, Any]


@native(types.void(WORD, WORD, WORD, WORD, WORD, WORD))
def _blocks(kernel: int, state: int, ins: int, outs: int, count: int, times: int) -> None:
    for block in range(count):
        begun = cycles()
        call_node(kernel, state, ins, outs, np.int32(BLOCK))
        store(times, block, cycles() - begun)


class Case:
    """One convolver in its own memory, and the times of its blocks."""

    def __init__(self, name: str, routes: Sequence[Route], taps: int, rng: Any) -> None:
        self.name, self.taps = name, taps
        memory = Memory()
        made = convolution(memory, rng.standard_normal((len(routes), taps)), routes)
        self._arena = Arena([memory])  # owns the memory that the record points to
        self._record, self._kernel = made.record, convolution_kernel(made.depth)
        self._cycles: list[NDArray[np.int64]] = []

    def play(self, ins: NDArray[np.int64], outs: NDArray[np.int64], blocks: int) -> None:
        """Play ``blocks`` blocks and store the time of each."""
        times = np.zeros(blocks, np.int64)
        where = self._kernel.address, self._record.address, ins.ctypes.data, outs.ctypes.data
        run = _blocks.ctypes
        run(*where, blocks, times.ctypes.data)
        self._cycles.append(times.reshape(-1, PERIOD)[WARM:])

    def row(self) -> Row:
        """Return the figures over all rounds."""
        times = np.concatenate(self._cycles) * nanoseconds_per_cycle()
        return {
            "channels": self.name,
            "taps": self.taps,
            "ns_per_sample": float(np.median(times, axis=0).mean()) / BLOCK,
            "least_ns_per_sample": float(times.min(axis=0).mean()) / BLOCK,
            "block_ns": _spread(np.median(times, axis=0)),
            "raw_block_ns": _spread(times),
        }


def _spread(times: NDArray[np.floating[Any]]) -> dict[str, float]:
    middle, high, top = np.quantile(times, [0.5, 0.99, 1.0])
    return {"p50": float(middle), "p99": float(high), "max": float(top)}
