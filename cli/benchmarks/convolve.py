"""Time of a cabinet's convolution by length of the response, and its variation over blocks.

For every length: nanoseconds per sample in blocks of 64 (median and minimum over rounds that
alternate between the lengths), and per block.  A convolver's work repeats with a period of 64
blocks; for each block of the period the median over all rounds is taken, which removes random
disturbance, and of these 64 values the median, the 99th percentile and the maximum are given.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from ...nodes.dsp.convolver.prepare import Route, convolution, convolution_kernel
from ...runtime.native.abi import native
from ...runtime.native.cpu import cycles, nanoseconds_per_cycle
from ...runtime.native.pointers import call_node, store
from ...runtime.plan.arena import Arena, Memory
from ...runtime.simd.peak import fma_peak

__all__ = ["format_row", "steps"]

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
        self._seconds: list[float] = []
        self._cycles: list[NDArray[np.int64]] = []

    def play(self, ins: NDArray[np.int64], outs: NDArray[np.int64], blocks: int) -> None:
        """Play ``blocks`` blocks and store the time of each."""
        times = np.zeros(blocks, np.int64)
        where = self._kernel.address, self._record.address, ins.ctypes.data, outs.ctypes.data
        run = _blocks.ctypes
        begun = time.perf_counter()
        run(*where, blocks, times.ctypes.data)
        self._seconds.append((time.perf_counter() - begun) / (blocks * BLOCK))
        self._cycles.append(times.reshape(-1, PERIOD)[WARM:])

    def row(self) -> Row:
        """Return the figures over all rounds."""
        places = np.median(np.concatenate(self._cycles), axis=0) * nanoseconds_per_cycle()
        middle, high, top = np.quantile(places, [0.5, 0.99, 1.0])
        return {
            "channels": self.name,
            "taps": self.taps,
            "ns_per_sample": float(np.median(self._seconds)) * 1e9,
            "least_ns_per_sample": min(self._seconds) * 1e9,
            "block_ns": {"p50": float(middle), "p99": float(high), "max": float(top)},
        }


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield the processor's peak, then a row for each response."""
    rounds, periods = (2, 4) if quick else (15, 60)
    yield "peak", {"fma_per_s": fma_peak()}
    rng = np.random.default_rng(0)
    layouts = {"1->1": MONO, "1->2": STEREO, "2->2": TRUE_STEREO}
    cases = [
        Case(name, routes, taps, rng)
        for name, routes in layouts.items()
        for taps in (LENGTHS if routes is MONO else WIDE_LENGTHS)
    ]
    sound = rng.standard_normal((4, BLOCK)).astype(np.float32)
    places = np.array([row.ctypes.data for row in sound])
    for _ in range(rounds):
        for case in cases:
            case.play(places[:2], places[2:], periods * PERIOD)
    yield from (("response", case.row()) for case in cases)


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    if name == "peak":
        return f"peak of one core: {row['fma_per_s'] / 1e9:.1f} G multiply-adds/s"
    block = row["block_ns"]
    return (
        f"{row['channels']} {row['taps']:>7} taps: {row['ns_per_sample']:6.2f} ns a sample "
        f"(least {row['least_ns_per_sample']:.2f}); block of {BLOCK}: p50 {block['p50']:.0f}, "
        f"p99 {block['p99']:.0f}, max {block['max']:.0f} ns, p99/p50 "
        f"{block['p99'] / block['p50']:.2f}"
    )
