"""The pitch of a note in a window of samples: McLeod's method, refined over many periods.

P. McLeod and G. Wyvill, "A smarter way to find pitch" (ICMC 2005): the normalized square difference
function n(t) = 2 sum x[i] x[i + t] / sum (x[i]^2 + x[i + t]^2) is 1 where t is a period, and the
first of its peaks that is nearly as high as the highest is taken.  A peak's place is known to a
part of a sample, and noise, hum and the interpolation shift it by as much: here the peaks at 2, 4,
8 ... periods are then looked for, each near twice the place of the last, and divided by their
number, and so is the error.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["HIGHEST_HZ", "LOWEST_HZ", "Pitch", "find_pitch"]

LOWEST_HZ, HIGHEST_HZ = 25.0, 4000.0
NEARLY = 0.9
"""Share of the highest peak that a peak at a shorter period must reach."""
SEARCHED = 0.5
"""Share of the window up to which peaks are looked for: fewer products make them unsure."""
AROUND = 0.25
"""Periods on each side in which the next peak is looked for."""

Numbers = NDArray[np.float64]


class Pitch(NamedTuple):
    """A frequency in Hz, 0 if there is none, and how periodic the signal is, 0 to 1."""

    hz: float
    clarity: float


NONE = Pitch(0.0, 0.0)


def find_pitch(samples: NDArray[Any], rate: float) -> Pitch:
    """Return the pitch of finite samples ``(frames,)`` at ``rate`` Hz.

    Notes from two periods of which fit into half of the window, and from 25 Hz to 4 kHz.
    """
    x = samples.astype(np.float64)
    x -= x.mean() if len(x) else 0.0
    if not np.any(x):
        return NONE
    similar = _similarity(x)
    longest = min(len(similar) - 2, math.ceil(rate / LOWEST_HZ))
    peak = _first_peak(similar[: longest + 2], math.floor(rate / HIGHEST_HZ))
    if peak == 0:
        return NONE
    period, clarity = _top(similar, peak)
    periods = 1
    while 2 * periods * period + AROUND * period + 2 < len(similar):
        periods *= 2
        first = math.floor((periods - AROUND) * period)
        last = math.ceil((periods + AROUND) * period)
        found = first + int(similar[first : last + 1].argmax())
        if not first < found < last:  # no peak there: it is not periodic for so long
            break
        period = _top(similar, found)[0] / periods
    return Pitch(rate / period, min(1.0, max(0.0, clarity)))


def _similarity(x: Numbers) -> Numbers:
    """Return the normalized square difference function for shifts up to half of the window."""
    frames = len(x)
    size = 1 << math.ceil(math.log2(2 * frames))
    count = int(SEARCHED * frames)
    products = np.fft.irfft(np.abs(np.fft.rfft(x, size)) ** 2, size)[:count]
    energy = np.concatenate(([0.0], np.cumsum(x * x)))
    shifts = np.arange(count)
    both: Numbers = energy[frames - shifts] + energy[frames] - energy[shifts]
    made: Numbers = 2.0 * products / np.maximum(both, 1e-30)
    return made


def _first_peak(similar: Numbers, shortest: int) -> int:
    """Return the place of the first peak that is nearly the highest; 0 if there is none.

    A peak is the highest place between two zero crossings, after the first fall below zero.
    """
    above = similar > 0.0
    edges = np.flatnonzero(above[1:] != above[:-1]) + 1
    rises = edges[1:-1:2] if above[0] else edges[0:-1:2]
    falls = edges[2::2] if above[0] else edges[1::2]
    places = [r + int(similar[r:f].argmax()) for r, f in zip(rises, falls, strict=False)]
    heights = [similar[p] if p >= shortest else 0.0 for p in places]
    if not heights or max(heights) <= 0.0:
        return 0
    least = NEARLY * max(heights)
    return int(next(p for p, h in zip(places, heights, strict=True) if h >= least))


def _top(similar: Numbers, place: int) -> tuple[float, float]:
    """Return place and height of the parabola through a peak and its neighbours."""
    before, peak, after = similar[place - 1 : place + 2].tolist()
    bend = before - 2.0 * peak + after
    shift = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return place + shift, peak - 0.25 * (before - after) * shift
