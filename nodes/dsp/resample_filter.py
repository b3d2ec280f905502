"""Polyphase filters for resampling between two rates and back: lengths, phases, latency.

Two rates in a ratio of whole numbers, ``up`` frames of one to ``down`` of the other, have no more
than ``up`` different phases between their grids, so every filter needed is one row of a table.
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
"""End of the pass band in Hz, where half the lower rate is high enough."""
PASS_SHARE = 20_000 / 22_050
"""End of the pass band as a share of half the lower rate, where that is less."""
STOP_DB = 112.0
"""Stop-band attenuation above half the lower rate, with a margin for rounded coefficients."""
MAX_PHASES = 4096
MAX_RATIO = 16.0


@dataclass(frozen=True)
class Rates:
    """A stream's sample rate, the inner rate, and the filters between them."""

    stream: int
    inner: int
    up: int
    """Inner frames per ``down`` stream frames."""
    down: int
    """Stream frames per ``up`` inner frames."""
    taps_in: int
    """Filter length to the inner rate, in stream frames."""
    taps_out: int
    """Filter length back to the stream's rate, in inner frames."""
    latency: int
    """Stream frames from input to output; exact, at every frequency."""
    delay: int = 0
    """Latency of what runs at the inner rate, in inner frames."""

    @property
    def lag_out(self) -> int:
        """Inner frames behind the input resampler: ``delay`` and half the output filter."""
        return self.taps_out // 2 + self.delay

    def inner_frames(self, frames: int) -> int:
        """Return the number of inner frames processed after ``frames`` stream frames."""
        return -(-frames * self.up // self.down)


@lru_cache(maxsize=64)
def rates(stream: float, inner: float, delay: int = 0) -> Rates:
    """Return the conversion from one rate to another and back; ``ParamError`` if not possible.

    ``delay`` is the latency of what runs between, in inner frames: it is part of ``latency``.
    Both must be whole numbers of hertz, in a ratio of whole numbers up to 4096, at most 16 apart.
    """
    found = f"from {stream:g} Hz to {inner:g} Hz and back"
    if stream != int(stream) or inner != int(inner) or min(stream, inner) <= 0:
        raise ParamError(f"cannot resample {found}: rates must be whole numbers of hertz")
    common = math.gcd(int(stream), int(inner))
    up, down = int(inner) // common, int(stream) // common
    if max(up, down) > MAX_PHASES:
        raise ParamError(
            f"cannot resample {found}: their ratio is {up}/{down}, of numbers up to {MAX_PHASES}"
            " at most"
        )
    if max(up / down, down / up) > MAX_RATIO:
        raise ParamError(f"cannot resample {found}: at most {MAX_RATIO:g} apart")
    lower = min(stream, inner)
    taps_in, taps_out = _length(stream, lower), _length(inner, lower)
    # The output resampler has half its filter of latency; the input one at least half of its own,
    # rounded up so that the sum is a whole number of stream frames.
    latency = taps_in // 2 + (taps_out // 2 + delay) * down // up + 1
    return Rates(int(stream), int(inner), up, down, taps_in, taps_out, latency, delay)


def edges(lower: float) -> tuple[float, float]:
    """Return the end of the pass band and the beginning of the stop band, in Hz."""
    return min(PASS_HZ, PASS_SHARE * lower / 2), lower / 2


def _length(rate: float, lower: float) -> int:
    """Return the filter length at ``rate``, an even number of taps (Kaiser 1974)."""
    begin, end = edges(lower)
    width = 2.0 * math.pi * (end - begin) / rate
    return 2 * math.ceil(((STOP_DB - 7.95) / (2.285 * width) + 1.0) / 2.0)


def filters(rate: float, lower: float, taps: int, phases: int, padded: int) -> NDArray[np.float32]:
    """Return ``[phase][tap]``: row n interpolates n / phases of a frame after the middle tap.

    The middle tap is number ``taps / 2 - 1``; zeros before the first tap pad rows to ``padded``.
    Each row sums to 1, so that a constant signal stays exact.
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
