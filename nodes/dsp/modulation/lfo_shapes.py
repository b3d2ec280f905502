"""Shapes of LFOs: values between -1 and 1 as functions of a phase, without state.

The phase is an int64 from 0 to 2**62 - 1, in units of 2**-62 turns; random shapes also depend on
the number of the cycle.  With t the phase in turns:

| shape | value |
|---|---|
| sine | sin(2 pi t) |
| triangle | 1 - 4 abs(t - 1/2): -1 at phase 0, 1 in the middle |
| saw, ramp | from 1 down to -1; from -1 up to 1 |
| square | 1 in the first half, -1 in the second, each edge half a sine of 2 ms |
| hyper | 2 sin(pi t) - 1: round above, sharp below, as an ear hears a rotor |
| random | a random number per cycle, from one to the next along a half cosine |
| walk | the cubic B-spline of one random number per cycle: speed and acceleration are continuous |

Random numbers are splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
2014) of a seed and the number of the cycle: the same after a reset, a seek or a restored state.
"""

import math

import numpy as np

from ....runtime.native.abi import helper

__all__ = [
    "MASK",
    "SHAPES",
    "TURN",
    "UNIT",
    "noise_at",
    "noise_value",
    "periodic_value",
    "quarter_sine",
    "within_one",
]

SHAPES = ("sine", "triangle", "saw", "ramp", "square", "hyper", "random", "walk")
SINE, TRIANGLE, SAW, RAMP, SQUARE, HYPER, RANDOM, WALK = range(len(SHAPES))
TURN = 1 << 62
"""Units of phase in a turn."""
MASK = TURN - 1
UNIT = math.ldexp(1.0, -62)
SCALE = math.ldexp(1.0, -52)

C1, C3, C5, C7, C9, C11 = (
    1.570796326606086,
    -0.6459640922866966,
    0.0796925850085604,
    -0.004681614409800359,
    0.0001602106913518067,
    -3.4156095012405057e-06,
)
"""Of the odd polynomial of degree 11, 1 at 1, with the least error on -1 to 1 (Remez)."""


@helper
def quarter_sine(y: float) -> float:
    """Return sin(pi / 2 * y) for y from -1 to 1, within 2e-11; it is 1 at 1, and nowhere above.

    It is a polynomial: loops of it are vectorised without a change of the result.
    """
    z = y * y
    return y * ((C1 + z * C3) + z * z * ((C5 + z * C7) + z * z * (C9 + z * C11)))


@helper
def within_one(value: float) -> float:
    """Return ``value`` limited to -1 to 1."""
    value = value if value < 1.0 else 1.0
    return value if value > -1.0 else -1.0


@helper
def noise_at(seed: int, number: int) -> float:
    """Return output ``number`` (from 0) of splitmix64 from ``seed``, scaled to -1 up to 1."""
    z = np.uint64(number) + np.uint64(1)
    z = np.uint64(seed) + z * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * SCALE - 1.0


@helper
def periodic_value(shape: int, phase: int, steepness: float) -> float:
    """Return the value of a shape before RANDOM, given by its index into ``SHAPES``.

    ``steepness`` is of a square alone: 1 / (2 * length of its edges in turns).
    """
    t: float = np.float64(phase) * UNIT
    value: float = 1.0 - 4.0 * abs(t - 0.5)
    if shape in (SINE, SQUARE):
        t += 0.25 if t < 0.75 else -0.75
        value = 1.0 - 4.0 * abs(t - 0.5)
        if shape == SQUARE:
            value = within_one(value * steepness)
    elif shape == SAW:
        value = 1.0 - 2.0 * t
    elif shape == RAMP:
        value = 2.0 * t - 1.0
    elif shape == HYPER:
        value = 0.5 + 0.5 * value
    if shape in (SINE, SQUARE, HYPER):
        value = quarter_sine(value)
    if shape == HYPER:
        value = 2.0 * value - 1.0
    return value


@helper
def noise_value(shape: int, phase: int, cycle: int, seed: int) -> float:
    """Return the value of RANDOM or WALK in a cycle."""
    t: float = np.float64(phase) * UNIT
    total, rest = 0.0, 1.0 - t
    share = 0.5 - 0.5 * quarter_sine(1.0 - 2.0 * t)
    for k in range(4):
        if shape == RANDOM:
            weight = 0.0 if k == 0 or k == 3 else (1.0 - share if k == 1 else share)
        elif k == 0:
            weight = rest * rest * rest / 6.0
        elif k == 1:
            weight = (4.0 - 6.0 * t * t + 3.0 * t * t * t) / 6.0
        elif k == 2:
            weight = (4.0 - 6.0 * rest * rest + 3.0 * rest * rest * rest) / 6.0
        else:
            weight = t * t * t / 6.0
        total += weight * noise_at(seed, cycle + k - 1)
    return total
