"""Shelves that follow the analogue filter's magnitude up to half the sample rate.

The poles are those of the analogue filter (impulse invariance), and the zeros are such that the
magnitude is right at 0, at the shelf's frequency and at half the sample rate: the method of
M. Vicanek, "Matched Second Order Digital Filters", 2016, whose bell it is, for a shelf.
"""

import math

from ....runtime import authoring as ng
from .svf import HIGH_SHELF, HIGHEST

__all__ = ["matched_shelf"]

MATCHED_W = 2.6
"""The highest frequency at which the magnitude is matched, in radians a frame: nearer to half the
sample rate it would say nothing new."""


@ng.helper
def matched_shelf(kind, turn, q, gain_db):  # type: ignore[no-untyped-def]
    """Return g, k, m0, m1, m2 of a ``LOW_SHELF`` or ``HIGH_SHELF``; ``turn`` is f / rate.

    All are made of the low shelf that boosts, which has the lower poles: the one that cuts is its
    inverse, and a high shelf is a low one of the opposite gain, scaled.  0 dB changes no bit.
    """
    a = ng.decibels(0.5 * abs(gain_db))
    w = 2.0 * math.pi * (turn if turn < HIGHEST else HIGHEST)
    damping, pole = 0.5 / q, w / math.sqrt(a)
    left = math.expm1(-damping * pole)
    fall = 1.0 + left
    if damping < 1.0:
        half = math.sin(0.5 * math.sqrt(1.0 - damping * damping) * pole)
        less = 2.0 * half * half  # 1 - cos
    else:
        half = math.sinh(0.5 * math.sqrt(damping * damping - 1.0) * pole)
        less = -2.0 * half * half
    a1, a2 = -2.0 * fall * (1.0 - less), fall * fall
    low, high = left * left + 2.0 * fall * less, 1.0 - a1 + a2  # as in ``matched``
    matching = w if w < MATCHED_W else MATCHED_W
    p1 = math.sin(0.5 * matching) ** 2
    p0 = 1.0 - p1
    rest = low * low - 4.0 * a1 * low - 16.0 * a2 * less * (2.0 - less)
    power = low * low * p0 + p1 * (rest + 16.0 * a2 * p1)
    # The square of the analogue magnitude, where it is matched and at half the sample rate.
    wide = a / (q * q)
    x = (matching / w) * (matching / w)
    there = a * a * ((a - x) * (a - x) + wide * x) / ((1.0 - a * x) * (1.0 - a * x) + wide * x)
    x = (math.pi / w) * (math.pi / w)
    top = a * a * ((a - x) * (a - x) + wide * x) / ((1.0 - a * x) * (1.0 - a * x) + wide * x)
    start, end = a * a * low, math.sqrt(top) * high
    t2 = (power * there - start * start * p0 - end * end * p1) / (4.0 * p0 * p1)
    middle = 0.5 * (start + end)
    square = middle * middle + t2
    b0 = 0.5 * (middle + math.sqrt(square if square > 0.0 else 0.0))
    b2, scale = -t2 / (4.0 * b0), 1.0
    if kind == HIGH_SHELF:
        scale = 1.0 / (a * a) if gain_db < 0.0 else a * a
    if (kind == HIGH_SHELF) == (gain_db > 0.0):  # poles and zeros change places
        b0, b2, a2 = 1.0 / b0, a2 / b0, b2 / b0
        low, high, start, end = start * b0, end * b0, low * b0, high * b0
    g = math.sqrt(low / high)
    k = 2.0 * g * (1.0 - a2) / low
    n0, n1, n2 = start / low, 2.0 * g * (b0 - b2) / low, end / high
    if gain_db == 0.0:
        n0, n1, n2 = 1.0, k, 1.0
    return g, k, scale * n2, scale * (n1 - n2 * k), scale * (n0 - n2)
