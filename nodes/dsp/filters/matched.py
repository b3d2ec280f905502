"""Sections that follow the analogue filter's magnitude up to half the sample rate.

The bilinear transform squeezes the frequency axis: a bell at 10 kHz becomes too narrow, a low-pass
too steep.  These have the poles of the analogue filter (impulse invariance), and zeros such that
the magnitude is right at 0, at the filter's frequency, and for a bell at half the sample rate
(M. Vicanek, "Matched Second Order Digital Filters", 2016).
"""

import math

from ....runtime import authoring as ng
from .svf import BELL, HIGH_PASS, HIGHEST, LOW_PASS, LOW_PASS_1

__all__ = ["matched", "matched_first_order"]


@ng.helper
def _root(x):  # type: ignore[no-untyped-def]
    """Return the square root; of numbers below zero, which are roundings of zero, 0."""
    return math.sqrt(x if x > 0.0 else 0.0)


@ng.helper
def matched(kind, turn, q, gain_db):  # type: ignore[no-untyped-def]
    """Return g, k, m0, m1, m2 of a ``LOW_PASS``, ``HIGH_PASS`` or ``BELL``; ``turn`` is f / rate.

    A bell that cuts is the inverse of the one that boosts.  A bell at 0 dB changes no bit.
    """
    gain = 10.0 ** (abs(gain_db) / 20.0) if kind == BELL else 1.0
    damping = 0.5 / (q * math.sqrt(gain))
    w = 2.0 * math.pi * (turn if turn < HIGHEST else HIGHEST)
    left = math.expm1(-damping * w)
    fall = 1.0 + left
    if damping < 1.0:
        angle = math.sqrt(1.0 - damping * damping) * w
        half = math.sin(0.5 * angle)
        less = 2.0 * half * half  # 1 - cos(angle)
    else:
        angle = math.sqrt(damping * damping - 1.0) * w
        half = math.sinh(0.5 * angle)
        less = -2.0 * half * half
    square = less * (2.0 - less)
    a1, a2 = -2.0 * fall * (1.0 - less), fall * fall
    # The denominator at 0 is 1 + a1 + a2, a difference of numbers near 1 for low frequencies, as
    # are its square at w and B1 - B0 + 4 (p0 - p1) B2 of the paper: here they keep all digits.
    low, high = left * left + 2.0 * fall * less, 1.0 - a1 + a2
    p1 = math.sin(0.5 * w) ** 2
    p0 = 1.0 - p1
    rest = low * low - 4.0 * a1 * low - 16.0 * a2 * square
    power = low * low * p0 + p1 * (rest + 16.0 * a2 * p1)
    b2, end = 0.0, 0.0
    if kind == BELL:
        r1, r2 = power * gain * gain, (rest - low * low + 32.0 * a2 * p1) * gain * gain
        t2 = (r1 - r2 * p1 - low * low) / (4.0 * p1 * p1)
        end = _root(r2 + low * low + 4.0 * (p1 - p0) * t2)
        middle = 0.5 * (low + end)
        b0 = 0.5 * (middle + _root(middle * middle + t2))
        b2 = -t2 / (4.0 * b0)
    elif kind == LOW_PASS:
        end = _root((power * q * q - low * low * p0) / p1)
        b0 = 0.5 * (low + end)
    else:
        b0 = _root(power) * q / (4.0 * p1)
        b2, end = b0, 4.0 * b0
    if kind == BELL and gain_db < 0.0:  # poles and zeros change places
        b0, b2, a2, end, high = 1.0 / b0, a2 / b0, b2 / b0, high / b0, end / b0
        low *= b0
    # The section with these poles, whose response is n0 at 0 and n2 at half the rate.
    g = math.sqrt(low / high)
    k = 2.0 * g * (1.0 - a2) / low
    n0 = 0.0 if kind == HIGH_PASS else 1.0
    n1, n2 = 2.0 * g * (b0 - b2) / low, end / high
    if kind == BELL and gain_db == 0.0:
        n0, n1, n2 = 1.0, k, 1.0
    return g, k, n2, n1 - n2 * k, n0 - n2


@ng.helper
def matched_first_order(kind, turn):  # type: ignore[no-untyped-def]
    """Return g, k, m0, m1, m2 of a ``LOW_PASS_1`` or ``HIGH_PASS_1``, exact at 0 and ``turn``."""
    w = 2.0 * math.pi * (turn if turn < HIGHEST else HIGHEST)
    low, high = -math.expm1(-w), 1.0 + math.exp(-w)
    p1 = math.sin(0.5 * w) ** 2
    p0 = 1.0 - p1
    power = 0.5 * (low * low * p0 + high * high * p1)
    start = low if kind == LOW_PASS_1 else 0.0
    end = _root((power - start * start * p0) / p1)
    g = math.sqrt(low / high)
    k, n0, n1, n2 = 2.0 * g / low, start / low, g * (start + end) / low, end / high
    return g, k, n2, n1 - n2 * k, n0 - n2
