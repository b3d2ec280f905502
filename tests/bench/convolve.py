"""What a convolver costs: ``taskset -c 1 python -m namgraph.tests.bench.convolve [lanes]``.

Prints the machine, then for every length the nanoseconds a sample costs in blocks of 64 (median
and least of interleaved rounds), and how flat the schedule is: of every position in a period the
median over all rounds, then the 99th percentile and the largest of those against the middle one.
That takes the machine's noise out and leaves every peak the schedule itself makes.
"""

import platform
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numba import types
from numpy.typing import NDArray

from namgraph.nodes.convolution import Route
from namgraph.runtime.abi import native
from namgraph.runtime.cpu import cycles, nanoseconds_per_cycle
from namgraph.runtime.pointers import call_node, store
from namgraph.runtime.simd.host import host_lanes
from namgraph.runtime.simd.peak import fma_peak
from namgraph.tests.nodes.cab_harness import MONO, Convolver

BLOCK, PERIOD, ROUNDS = 64, 64, 15
BLOCKS = 60 * PERIOD
LENGTHS = (64, 1024, 2048, 4096, 8192, 16_384, 48_000, 192_000)
STEREO = (Route(0, 0, 0), Route(1, 0, 1))
TRUE = (*STEREO, Route(0, 1, 2), Route(1, 1, 3))
WORD = types.int64


@native(types.void(WORD, WORD, WORD, WORD, WORD, WORD))
def _blocks(kernel: int, state: int, ins: int, outs: int, count: int, times: int) -> None:
    for block in range(count):
        begun = cycles()
        call_node(kernel, state, ins, outs, np.int32(BLOCK))
        store(times, block, cycles() - begun)


@dataclass
class Case:
    """One convolver, and what its blocks took."""

    name: str
    convolver: Convolver
    seconds: list[float] = field(default_factory=list)
    blocks: list[NDArray[np.int64]] = field(default_factory=list)

    def play(self, ins: NDArray[np.int64], outs: NDArray[np.int64]) -> None:
        one, times = self.convolver, np.zeros(BLOCKS, np.int64)
        where = ins.ctypes.data, outs.ctypes.data
        run, kernel = _blocks.ctypes, one.native.address
        begun = time.perf_counter()
        run(kernel, one.record.address, *where, BLOCKS, times.ctypes.data)
        self.seconds.append(time.perf_counter() - begun)
        self.blocks.append(times.reshape(-1, PERIOD)[2:])

    def report(self) -> str:
        samples = np.array(self.seconds) * 1e9 / (BLOCKS * BLOCK)
        position = np.median(np.concatenate(self.blocks), axis=0) * nanoseconds_per_cycle()
        middle, high, top = np.quantile(position, [0.5, 0.99, 1.0])
        return (
            f"{self.name:>16}  {np.median(samples):6.2f} {samples.min():6.2f}   "
            f"{middle:6.0f} {high:6.0f} {top:6.0f}   {high / middle:5.2f}"
        )


def main() -> None:
    """Measure and print."""
    lanes = int(sys.argv[1]) if len(sys.argv) > 1 else host_lanes()
    rng = np.random.default_rng(0)
    routes = {"1->1": MONO, "1->2": STEREO, "2->2": TRUE}
    cases = []
    for name, paths in routes.items():
        for count in LENGTHS if paths is MONO else (2048, 8192, 48_000):
            responses = rng.standard_normal((len(paths), count))
            cases.append(Case(f"{name} {count}", Convolver(responses, paths, lanes)))
    sound = rng.standard_normal((4, BLOCK)).astype(np.float32)
    places = np.array([row.ctypes.data for row in sound])
    for _ in range(ROUNDS):
        for case in cases:
            case.play(places[:2], places[2:])
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.split(":")[1] for line in lines if "model name" in line), "")
    print(platform.machine(), model.strip(), f"{lanes} lanes, {fma_peak(lanes) / 1e9:.1f} GFMA/s")
    print(f"{'':>16}  ns a sample      ns a block of {BLOCK}        p99 /")
    print(f"{'taps':>16}  median  least      p50    p99    max     p50")
    for case in cases:
        print(case.report())


if __name__ == "__main__":
    main()
