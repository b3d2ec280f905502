"""Plucked strings for the tests of the tuner: 24 partials that decay, noise and hum."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["NOTES", "RATE", "detuned", "string"]

RATE = 48_000
NOTES = {
    "B0": 30.868,
    "E1": 41.203,
    "A1": 55.0,
    "E2": 82.407,
    "A2": 110.0,
    "D3": 146.832,
    "G3": 195.998,
    "E4": 329.628,
    "E5": 659.255,
    "E6": 1318.51,
}


def string(
    hz: float, seconds: float = 1.6, seed: int = 0, weak: bool = False, rate: int = RATE
) -> NDArray[np.float32]:
    """A note with noise at -50 dB and hum of 50 Hz at -44 dB of its peak.

    With ``weak`` the fundamental is 20 dB down.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    y = np.zeros_like(t)
    for k in range(1, 25):
        if k * hz < 9000.0:
            level = abs(np.sin(np.pi * k * 0.17)) / k**1.1 * (0.1 if weak and k == 1 else 1.0)
            phase = rng.uniform(0.0, 2.0 * np.pi)
            y += level * np.exp(-t * (1.2 + 0.25 * k)) * np.sin(2.0 * np.pi * k * hz * t + phase)
    y *= 0.3 / np.abs(y).max()
    y += 1e-3 * rng.standard_normal(len(t)) + 2e-3 * np.sin(2.0 * np.pi * 50.0 * t)
    return y.astype(np.float32)


def detuned(hz: float, seed: int) -> float:
    """A frequency up to 40 cents away."""
    return float(hz * 2.0 ** (np.random.default_rng(seed).uniform(-40.0, 40.0) / 1200.0))
