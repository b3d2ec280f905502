"""The second-order core: a section's numbers g, k, m0, m1, m2, and one section as a plain loop.

A section is a trapezoidal state-variable filter (A. Simper, "Linear Trapezoidal Integrated State
Variable Filter", Cytomic 2013): g is tan(pi f / rate), k the damping 1/Q, and the output is
m0 x + m1 band-pass + m2 low-pass.  Any stable biquad can be written so, exactly (``from_biquad``),
and a section stays stable while its numbers move, as long as g and k are positive.

``runtime/simd/loops/svf.py`` plays eight sections at once with the same arithmetic, to the bit.
"""

import math

from ....runtime import authoring as ng
from ....runtime.simd.loops.svf import GOAL, GRID, LANES, MOVING, START, fused

__all__ = [
    "ALL_PASS",
    "ALL_PASS_1",
    "BAND_PASS",
    "BELL",
    "HIGHEST",
    "HIGH_PASS",
    "HIGH_PASS_1",
    "HIGH_SHELF",
    "LOW_PASS",
    "LOW_PASS_1",
    "LOW_SHELF",
    "NOTCH",
    "OFF",
    "direct",
    "first_order",
    "from_biquad",
    "svf_section",
]

OFF, LOW_PASS, HIGH_PASS, BAND_PASS, NOTCH, ALL_PASS = range(6)
BELL, LOW_SHELF, HIGH_SHELF, LOW_PASS_1, HIGH_PASS_1, ALL_PASS_1 = range(6, 12)
"""Kinds of section; those that end in ``_1`` are of first order."""

HIGHEST = 0.49
"""Frequencies above this share of the sample rate are taken for it."""


@ng.helper
def direct(kind, turn, q, gain_db):  # type: ignore[no-untyped-def]
    """Return g, k, m0, m1, m2 by the bilinear transform, exact at ``turn`` = frequency / rate.

    The filters of the RBJ cookbook in the numbers of the core (A. Simper, Cytomic 2013).  A
    section of first order is one of second order with a pole on its zero at half the sample rate.
    ``OFF`` changes no bit.
    """
    g = math.tan(math.pi * (turn if turn < HIGHEST else HIGHEST))
    k = 1.0 / q
    m0, m1, m2 = 1.0, 0.0, 0.0
    if kind == LOW_PASS:
        m0, m2 = 0.0, 1.0
    elif kind == HIGH_PASS:
        m1, m2 = -k, -1.0
    elif kind == BAND_PASS:
        m0, m1 = 0.0, k
    elif kind == NOTCH:
        m1 = -k
    elif kind == ALL_PASS:
        m1 = -2.0 * k
    elif kind >= LOW_PASS_1:
        root = math.sqrt(g)
        k = (1.0 + g) / root
        if kind == LOW_PASS_1:
            m0, m1, m2 = 0.0, root, 1.0
        elif kind == HIGH_PASS_1:
            m1, m2 = -root, -1.0
        else:
            m0, m1, m2 = -1.0, 2.0 * root, 2.0
        g = root
    elif kind >= BELL:
        a = 10.0 ** (gain_db / 40.0)
        if kind == BELL:
            k /= a
            m1 = k * (a * a - 1.0)
        elif kind == LOW_SHELF:
            g /= math.sqrt(a)
            m1, m2 = k * (a - 1.0), a * a - 1.0
        else:
            g *= math.sqrt(a)
            m0, m1, m2 = a * a, k * (1.0 - a) * a, 1.0 - a * a
    return g, k, m0, m1, m2


@ng.helper
def from_biquad(b0, b1, b2, a1, a2):  # type: ignore[no-untyped-def]
    """Return g, k, m0, m1, m2 of the stable biquad (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2)."""
    low, high = 1.0 + a1 + a2, 1.0 - a1 + a2
    g = math.sqrt(low / high)
    k = 2.0 * g * (1.0 - a2) / low
    n0, n1, n2 = (b0 + b1 + b2) / low, 2.0 * g * (b0 - b2) / low, (b0 - b1 + b2) / high
    return g, k, n2, n1 - n2 * k, n0 - n2


@ng.helper
def first_order(x, s, g):  # type: ignore[no-untyped-def]
    """Return the low-pass output of a first-order section, and its next state.

    ``g`` is tan(pi f / rate); x - low-pass is the high-pass, 2 low-pass - x the all-pass
    (V. Zavalishin, "The Art of VA Filter Design", 2018).
    """
    step = g / (1.0 + g) * (x - s)
    return s + step, s + 2.0 * step


@ng.helper
def svf_section(work, frames, coefficients, states, lane, place):  # type: ignore[no-untyped-def]
    """Filter ``frames`` float64 of ``work`` in place with the section in one lane of a group.

    ``work``, ``coefficients`` and ``states`` are views (``ng.numbers``); ``place`` is the place of
    the first frame between ticks.  The arithmetic of ``svf_run``, to the bit.
    """
    g, k = coefficients[START + lane], coefficients[START + LANES + lane]
    m0 = coefficients[START + 2 * LANES + lane]
    m1 = coefficients[START + 3 * LANES + lane]
    m2 = coefficients[START + 4 * LANES + lane]
    moving = coefficients[MOVING] != 0.0
    share = 1.0 / GRID
    slope_g = (coefficients[GOAL + lane] - g) * share
    slope_k = (coefficients[GOAL + LANES + lane] - k) * share
    slope_0 = (coefficients[GOAL + 2 * LANES + lane] - m0) * share
    slope_1 = (coefficients[GOAL + 3 * LANES + lane] - m1) * share
    slope_2 = (coefficients[GOAL + 4 * LANES + lane] - m2) * share
    u, v = states[lane], states[LANES + lane]
    now_g, now_k, now_0, now_1, now_2 = g, k, m0, m1, m2
    p = q = r = d = c1 = c2 = 0.0
    for i in range(frames):
        if moving or i == 0:
            at = float(place + i)
            now_g, now_k = g + slope_g * at, k + slope_k * at
            now_0, now_1, now_2 = m0 + slope_0 * at, m1 + slope_1 * at, m2 + slope_2 * at
            a1 = 1.0 / (1.0 + now_g * (now_g + now_k))
            a2 = now_g * a1
            a3 = now_g * a2
            p, q, r = 2.0 * a1 - 1.0, 2.0 * a2, 2.0 * a3
            d = now_0 + now_1 * a2 + now_2 * a3
            c1 = now_1 * a1 + now_2 * a2
            c2 = now_1 * a2 - now_2 * (1.0 - a3)
        x = work[i]
        e = x - v
        work[i] = fused(d, x, fused(c1, u, -(c2 * v)))
        v = fused(r, e, fused(q, u, v))
        u = fused(q, e, p * u)
    states[lane], states[LANES + lane] = u, v
