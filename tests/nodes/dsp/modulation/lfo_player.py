"""An LFO in an arena of its own, ticked and run from Python; the oracle of its shapes."""

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from namgraph.nodes.dsp.modulation.lfo_phase import TURN, lfo_record
from namgraph.runtime.plan.arena import Arena, Memory

_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32)


class LfoPlayer:
    """Run one LFO and its taps; the sample rate is 48 kHz unless given."""

    def __init__(
        self,
        shape: str,
        rate_hz: float,
        taps: Sequence[tuple[float, float]] = ((0.0, 0.0),),
        *,
        rate: float = 48_000.0,
        **more: Any,
    ) -> None:
        memory = Memory()
        block = lfo_record(memory, rate, shape, taps, runs=True, **more)
        self.arena = Arena([memory])
        self.address = block.address
        self.lfo = block.content.reshape(-1)[0]
        self.taps = next(b.content for b in memory.blocks if b.content.dtype.names == TAPS)
        self.lfo["rate_hz"] = rate_hz

    def tick(self) -> None:
        _KERNEL(int(self.lfo["tick"]))(self.address, 0, 0, 0)

    def run(self, frames: int, cuts: Sequence[int] = ()) -> NDArray[np.float64]:
        """Return the values of all taps, (taps, frames), made in pieces of ``cuts`` frames."""
        y = np.full((len(self.taps), frames), np.nan)
        done = 0
        pieces = iter(cuts)
        n = frames
        while done < frames:
            n = min(next(pieces, n), frames - done)
            at = int(y.ctypes.data) + 8 * done
            _KERNEL(int(self.lfo["run"]))(self.address, at, frames, n)
            done += n
        return y


TAPS = ("start", "end", "base", "per_spread", "offset", "slide")


def noise(seed: int, number: int) -> float:
    """Return an output of splitmix64, from Python's whole numbers."""
    full = (1 << 64) - 1
    z = (seed + (number + 1) * 0x9E3779B97F4A7C15) & full
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & full
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & full
    return ((z ^ (z >> 31)) >> 11) / 2**52 - 1.0


def expected(shape: str, turns: float, seed: int = 0, edge: float = 0.0) -> float:
    """Return a shape at ``turns`` turns from the start, from its formula."""
    cycle = math.floor(turns)
    t = turns - cycle
    if shape == "square":
        side = min(t, abs(t - 0.5), 1.0 - t) / (edge / 2.0)
        return math.sin(math.pi / 2 * min(side, 1.0)) * (1.0 if t < 0.5 else -1.0)
    if shape == "random":
        a, b = noise(seed, cycle), noise(seed, cycle + 1)
        return a + (b - a) * (0.5 - 0.5 * math.cos(math.pi * t))
    if shape == "walk":
        knots = [noise(seed, cycle + k) for k in (-1, 0, 1, 2)]
        places = (t + 1.0, t, t - 1.0, t - 2.0)
        return sum(k * _spline(abs(p)) for k, p in zip(knots, places, strict=True))
    return {
        "sine": math.sin(2.0 * math.pi * t),
        "triangle": 1.0 - 4.0 * abs(t - 0.5),
        "saw": 1.0 - 2.0 * t,
        "ramp": 2.0 * t - 1.0,
        "hyper": 2.0 * math.sin(math.pi * t) - 1.0,
    }[shape]


def _spline(x: float) -> float:
    """The cubic B-spline."""
    return (4.0 - 6.0 * x * x + 3.0 * x**3) / 6.0 if x < 1.0 else max(2.0 - x, 0.0) ** 3 / 6.0


def step_of(rate_hz: float, rate: float = 48_000.0) -> int:
    """Units of phase per frame."""
    return math.floor(rate_hz * (TURN / rate) + 0.5)
