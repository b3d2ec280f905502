"""K-weighting of ITU-R BS.1770-4 for any sample rate, and the weights of channels.

The standard gives the coefficients of the two filters for 48 kHz only.  They are those of a high
shelf and a high-pass by the bilinear transform, of the frequencies, gain and Qs below (B. De Man,
"Evaluation of implementations of the EBU R128 loudness measurement", AES 145th Convention, 2018),
so that the same analog filters give those of other rates.
"""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["channel_weights", "k_weighting"]

SHELF_HZ, SHELF_DB, SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
SHELF_BAND = 0.4996667741545416
"""Exponent of the shelf's gain that gives the gain of its band-pass part."""
HIGH_PASS_HZ, HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773
STANDARD_RATE = 48_000.0
HIGHEST = 0.49
"""A frequency above this share of the sample rate (below 4 kHz) is taken for it."""
SURROUND = 10.0**0.15
"""Weight of a channel at the side or behind: +1.5 dB (1.41 in the standard)."""
MOST_PLAIN = 3
"""Up to so many channels have the weight 1: left, right, centre."""


def k_weighting(rate: float) -> NDArray[np.float64]:
    """Return b0, b1, b2, a1, a2 of the shelf and of the high-pass, ``(2, 5)``."""
    return np.array([_shelf(rate), _high_pass(rate)])


def _shelf(rate: float) -> list[float]:
    k, q = _warped(SHELF_HZ, rate), SHELF_Q
    high = 10.0 ** (SHELF_DB / 20.0)
    band = high**SHELF_BAND * k / q
    a0 = 1.0 + k / q + k * k
    b = high + band + k * k, 2.0 * (k * k - high), high - band + k * k
    return [x / a0 for x in (*b, 2.0 * (k * k - 1.0), 1.0 - k / q + k * k)]


def _high_pass(rate: float) -> list[float]:
    k, a0 = _high_pass_a0(rate)
    # The standard's numerator is 1, -2, 1, a gain of a0 at 48 kHz: the same at every rate.
    gain = _high_pass_a0(STANDARD_RATE)[1] / a0
    q = HIGH_PASS_Q
    return [gain, -2.0 * gain, gain, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]


def _high_pass_a0(rate: float) -> tuple[float, float]:
    k = _warped(HIGH_PASS_HZ, rate)
    return k, 1.0 + k / HIGH_PASS_Q + k * k


def _warped(hz: float, rate: float) -> float:
    return math.tan(math.pi * min(hz / rate, HIGHEST))


def channel_weights(count: int) -> NDArray[np.float64]:
    """Return the weight of the energy of each channel.

    Up to three channels count alike.  Four are left, right and two surrounds, five have a centre
    before the surrounds, six a low-frequency channel (not counted) after the centre; others count
    as surrounds.
    """
    if count <= MOST_PLAIN:
        return np.ones(count)
    front = {4: [1.0, 1.0], 5: [1.0, 1.0, 1.0]}.get(count, [1.0, 1.0, 1.0, 0.0])
    return np.array(front + [SURROUND] * (count - len(front)))
