"""The delay and polarity between two signals, by their cross-correlation.  Control thread.

The rules that tell a clear result from an ambiguous one are those of TONE3000's model latency
(docs/model-latency.md): a peak must be twice as high as any more than 1 ms away, and 1.1 times as
high as any other lobe within 1 ms.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLEAR", "DISTINCT", "Lag", "correlate", "find_lag", "judge"]

ONSET = 0.3
"""Share of the peak from which a correlation has begun."""
NEAR_S = 1e-3
CLEAR, DISTINCT = 2.0, 1.1
"""Least ratios of the peak to the largest lobe further away, and to the next one nearby."""

Samples = NDArray[np.floating]


@dataclass(frozen=True)
class Lag:
    """By how many frames a signal is later than another, and whether it is inverted."""

    frames: int
    """0 if there is no clear peak; that of the onset if its polarity is ambiguous."""
    sign: int
    """1, or -1 if the signal is inverted; 1 where that is ambiguous."""
    peak: int
    """Lag of the largest magnitude."""
    onset: int
    """First lag with 30 % of that magnitude."""
    clarity: float
    """The peak over the largest value more than 1 ms away from it."""
    lobe_ratio: float
    """The peak over the next lobe within 1 ms, of either sign."""
    doubt: str
    """Why ``frames`` and ``sign`` are not those of the peak; "" if they are."""


def correlate(a: Samples, b: Samples, longest: int) -> NDArray[np.float64]:
    """Return the correlation of two signals ``(channels, frames)``, summed over channels.

    Number ``longest + lag`` is the sum of a[i] b[i + lag], for lags up to ``longest`` either way.
    """
    size = 1 << (a.shape[-1] + b.shape[-1] + 2 * longest).bit_length()
    first = np.fft.rfft(np.atleast_2d(a).astype(np.float64), size)
    second = np.fft.rfft(np.atleast_2d(b).astype(np.float64), size)
    made = np.fft.irfft(np.sum(np.conj(first) * second, axis=0), size)
    return np.concatenate([made[size - longest :], made[: longest + 1]])


def find_lag(a: Samples, b: Samples, rate: float, longest_s: float, both: bool = True) -> Lag:
    """Return by how much ``b`` is later than ``a``: at most ``longest_s``, ``both`` ways or not."""
    longest = round(longest_s * rate)
    found = correlate(a, b, longest)
    return judge(found, rate, -longest) if both else judge(found[longest:], rate)


def judge(correlation: NDArray[np.float64], rate: float, first: int = 0) -> Lag:
    """Return the lag that a correlation shows; ``first`` is the lag of its first value."""
    size, near = np.abs(correlation), round(NEAR_S * rate)
    at = int(np.argmax(size))
    peak = float(size[at])
    if not peak > 0.0:
        return Lag(0, 1, 0, 0, 0.0, 0.0, "there is nothing to compare: one of them is silent")
    onset = first + int(np.argmax(size >= ONSET * peak))
    away = np.concatenate([size[: max(at - near, 0)], size[at + near + 1 :]])
    clarity = peak / max(float(away.max(initial=0.0)), 1e-12 * peak)
    lobes = _lobes(correlation, max(at - near, 0), at + near + 1, at)
    ratio = peak / max(lobes, 1e-12 * peak)
    sign = 1 if correlation[at] > 0.0 else -1
    if clarity < CLEAR:
        why = f"no clear delay (the peak is {clarity:.2f} times the next, 2 is needed)"
        return Lag(0, 1, first + at, onset, clarity, ratio, why)
    if ratio < DISTINCT:
        why = f"its polarity is ambiguous (lobes {ratio:.2f} to 1, 1.1 is needed): by the onset"
        return Lag(onset, 1, first + at, onset, clarity, ratio, why)
    return Lag(first + at, sign, first + at, onset, clarity, ratio, "")


def _lobes(correlation: NDArray[np.float64], begin: int, end: int, peak: int) -> float:
    """Return the magnitude of the largest lobe between two places apart from that of the peak.

    A lobe is a local maximum of the magnitude; at the ends, the magnitude itself.
    """
    size = np.abs(correlation)
    inner = np.flatnonzero((size[1:-1] >= size[:-2]) & (size[1:-1] > size[2:])) + 1
    places = [k for k in (*inner, 0, len(size) - 1) if begin <= k < end and abs(k - peak) > 1]
    return max((float(size[k]) for k in places), default=0.0)
