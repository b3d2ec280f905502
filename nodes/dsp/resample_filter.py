"""Two filters between two rates: how long, at which phases, and with how many frames of latency.

Two rates in a ratio of whole numbers, ``up`` frames of one to ``down`` of the other, meet at no
more than ``up`` different phases, so every filter that interpolation needs is a row of a table.
The prototype is a sinc cut off between the pass band and half the lower rate, under a Kaiser
window: J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974,
for the window, its shape and its length; Crochiere and Rabiner, "Multirate Digital Signal
Processing", 1983, section 3.3, and J. O. Smith, "Digital Audio Resampling", for the table.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...graph.errors import ParamError

__all__ = ["PASS_HZ", "Rates", "filters", "rates"]

PASS_HZ = 20_000.0
"""Up to here nothing is touched, where half the lower rate leaves room."""
PASS_SHARE = 20_000 / 22_050
"""Of half the lower rate, where it is less."""
STOP_DB = 112.0
"""What is left above half the lower rate.  A little more than is promised: rows are rounded."""
MOST_PHASES = 4096
MOST_RATIO = 16.0


@dataclass(frozen=True)
class Rates:
    """A stream's rate and another one that it is brought to and back from."""

    stream: int
    inner: int
    up: int
    """Inner frames ..."""
    down: int
    """... for so many of the stream's."""
    taps_in: int
    """Stream frames that make an inner one."""
    taps_out: int
    """Inner frames that make one of the stream's."""
    latency: int
    """Stream frames from input to output: exact, at every frequency."""

    @property
    def lag_out(self) -> int:
        """Inner frames by which the way out is late: half its filter."""
        return self.taps_out // 2

    def inner_frames(self, frames: int) -> int:
        """Return how many inner frames have been made once so many of the stream are in."""
        return -(-frames * self.up // self.down)


@lru_cache(maxsize=64)
def rates(stream: float, inner: float) -> Rates:
    """Return how to go from one rate to the other and back; ``ParamError`` where it cannot be.

    Both must be whole numbers of hertz, in a ratio of whole numbers up to 4096, at most 16 apart.
    """
    found = f"from {stream:g} Hz to {inner:g} Hz and back"
    if stream != int(stream) or inner != int(inner) or min(stream, inner) <= 0:
        raise ParamError(f"cannot resample {found}: rates must be whole numbers of hertz")
    common = math.gcd(int(stream), int(inner))
    up, down = int(inner) // common, int(stream) // common
    if max(up, down) > MOST_PHASES:
        raise ParamError(
            f"cannot resample {found}: their ratio is {up}/{down}, of numbers up to {MOST_PHASES}"
            " at most"
        )
    if max(up / down, down / up) > MOST_RATIO:
        raise ParamError(f"cannot resample {found}: at most {MOST_RATIO:g} apart")
    lower = min(stream, inner)
    taps_in, taps_out = _length(stream, lower), _length(inner, lower)
    # The way out lags by half its filter; the way in by at least half of its own, and by what then
    # makes the sum a whole number of frames.
    latency = taps_in // 2 + taps_out // 2 * down // up + 1
    return Rates(int(stream), int(inner), up, down, taps_in, taps_out, latency)


def edges(lower: float) -> tuple[float, float]:
    """Return where the pass band ends and the stop band begins, in Hz."""
    return min(PASS_HZ, PASS_SHARE * lower / 2), lower / 2


def _length(rate: float, lower: float) -> int:
    """Return the taps a filter at ``rate`` needs, an even number (Kaiser 1974)."""
    begin, end = edges(lower)
    width = 2.0 * math.pi * (end - begin) / rate
    return 2 * math.ceil(((STOP_DB - 7.95) / (2.285 * width) + 1.0) / 2.0)


def filters(rate: float, lower: float, taps: int, phases: int, padded: int) -> NDArray[np.float32]:
    """Return ``[phase][tap]``: row n interpolates n / phases of a frame after the middle tap.

    The middle tap is number ``taps / 2 - 1``; before the first come zeros, up to ``padded``.  Each
    row sums to 1, so that what stands still is not touched.
    """
    begin, end = edges(lower)
    cutoff = (begin + end) / rate  # of half the rate
    tap = np.arange(taps) - (taps // 2 - 1)
    time = tap[None, :] - (np.arange(phases) / phases)[:, None]
    shape = 0.1102 * (STOP_DB - 8.7)
    inside = np.clip(1.0 - (2.0 * time / taps) ** 2, 0.0, None)
    rows = np.sinc(cutoff * time) * np.i0(shape * np.sqrt(inside))
    made = np.zeros((phases, padded), np.float32)
    made[:, padded - taps :] = rows / rows.sum(axis=1, keepdims=True)
    return made
