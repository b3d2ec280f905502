"""Strings and what is measured of shifted ones."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
NOTES = {"E1": 41.203, "E2": 82.407, "E3": 164.814, "E4": 329.628}
Signal = NDArray[np.float64]


def pluck(hertz: float, seconds: float, begin_s: float = 0.0) -> Signal:
    """A string with twelve harmonics, the higher ones of which decay faster."""
    t = np.arange(round(seconds * RATE)) / RATE - begin_s
    y = np.zeros(t.size)
    for k in range(1, 13):
        y += np.sin(2 * np.pi * k * hertz * t + k * k) / k**1.2 * np.exp(-t * (1 + 0.25 * k))
    return np.where(t >= 0, 0.2 * y * np.clip(t / 0.002, 0, 1), 0.0)


def spectrum(y: Signal) -> tuple[Signal, Signal]:
    """Frequencies and amplitudes, finely spaced, with a Hann window."""
    size = 1 << 19
    level: Signal = np.abs(np.fft.rfft(y * np.hanning(y.size), size)).astype(np.float64)
    return np.fft.rfftfreq(size, 1 / RATE).astype(np.float64), level


def cents_off(y: Signal, hertz: float) -> float:
    """How far the line nearest to ``hertz`` is from it."""
    f, level = spectrum(y)
    near = np.flatnonzero((f > 0.9 * hertz) & (f < 1.1 * hertz))
    return float(1200 * np.log2(f[near[level[near].argmax()]] / hertz))


def beside_db(y: Signal, hertz: float, width: float = 4.0, highest: float = 15_000.0) -> float:
    """Energy off the harmonics against that on them, 20 Hz to ``highest``."""
    f, level = spectrum(y)
    on = abs(f - hertz * np.round(f / hertz)) < width
    audible = (f > 20) & (f < highest)
    off_energy = (level[audible & ~on] ** 2).sum()
    return float(10 * np.log10(off_energy / (level[audible & on] ** 2).sum()))


def level_db(y: NDArray[Any], x: NDArray[Any]) -> float:
    """The level of one signal against another."""
    return float(10 * np.log10(np.mean(np.square(y)) / np.mean(np.square(x))))
