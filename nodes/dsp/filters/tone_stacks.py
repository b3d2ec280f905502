"""Designs of tone stacks: that of the NAM plugin, and the passive circuits of amplifiers.

A kernel calls a design by its address at a tick.  It reads the knobs (``bass_now`` and the others)
from the node's record and writes a row of coefficients for ``runtime/simd/loops/recursive.py``.
"""

import math
from typing import NamedTuple

import numpy as np

from ....runtime import authoring as ng

__all__ = [
    "BIQUADS",
    "CIRCUITS",
    "MATRIX",
    "STATE",
    "Circuit",
    "bass_share",
    "design_nam",
    "design_passive",
]

BIQUADS, MATRIX = 15, 16
"""Coefficients of a row: three biquads; a 4 x 4 matrix."""

KNOBS = ("bass", "middle", "treble")
STATE = np.dtype(
    [
        *((name, np.float64) for name in KNOBS),
        *((f"{name}_now", np.float64) for name in KNOBS),
        *((f"{name}_coefficient", np.float64) for name in KNOBS),  # of a step of 32 frames
        ("rate", np.float64),
        ("frame", np.int64),
        ("moving", np.int64),  # 1 between two ticks with different coefficients
        ("channels", np.int64),
        ("design", np.int64),  # the address of a design
        ("width", np.int64),  # coefficients in a row
        ("memory_bytes", np.int64),  # of a channel
        ("coefficients", np.int64),  # two rows: at the last tick, at the next
        ("memory", np.int64),
        ("circuit", np.int64),  # the numbers of a ``Circuit``, then the make-up factor
        ("work", np.int64),
    ]
)


class Circuit(NamedTuple):
    """Parts of a passive tone stack, in ohms and farads, and its loss.

    C1 is in series with the treble pot R1, R2 the bass pot, R3 the middle pot, R4 the slope
    resistor, C2 the bass and C3 the middle capacitor.  ``middle`` is a fixed middle, if there is no
    knob.  ``loss_db`` is what pink noise from 80 Hz to 8 kHz loses with all knobs at 5.
    """

    c1: float
    c2: float
    c3: float
    r1: float
    r2: float
    r3: float
    r4: float
    loss_db: float
    middle: float = math.nan


# Values of the parts: D. Yeh, J. Smith, "Discretization of the '59 Fender Bassman Tone Stack",
# DAFx 2006, and the amplifiers' published schematics.
CIRCUITS = {
    "bassman": Circuit(250e-12, 20e-9, 20e-9, 250e3, 1e6, 25e3, 56e3, 6.87),
    "twin": Circuit(120e-12, 100e-9, 47e-9, 250e3, 250e3, 10e3, 100e3, 13.28),
    "princeton": Circuit(250e-12, 100e-9, 47e-9, 250e3, 250e3, 4.8e3, 100e3, 11.36),
    "jtm45": Circuit(270e-12, 22e-9, 22e-9, 250e3, 1e6, 25e3, 33e3, 5.26),
    "jcm800": Circuit(470e-12, 22e-9, 22e-9, 220e3, 1e6, 22e3, 33e3, 5.05),
    "jcm2000": Circuit(500e-12, 22e-9, 22e-9, 250e3, 1e6, 25e3, 56e3, 6.22),
    "ac30": Circuit(50e-12, 22e-9, 22e-9, 1e6, 1e6, 10e3, 100e3, 10.30, middle=5.0),
    "mesa": Circuit(250e-12, 100e-9, 47e-9, 250e3, 250e3, 25e3, 100e3, 9.79),
    "soldano": Circuit(470e-12, 20e-9, 20e-9, 250e3, 1e6, 25e3, 47e3, 5.66),
}


def bass_share(bass: float) -> float:
    """Return the share of the bass pot's resistance at a knob from 0 to 10: an audio taper."""
    return math.exp(3.4 * (0.1 * bass - 1.0))


@ng.kernel
def design_nam(state: int, ins: int, outs: int, frames: int) -> None:
    """Write three biquads of the RBJ cookbook, in the order of operations of the NAM plugin.

    Low shelf at 150 Hz, 4 dB per step of the knob; bell at 425 Hz, 3 dB; high shelf at 1800 Hz,
    2 dB.
    """
    s = ng.record(state, STATE)
    row = ng.numbers(s.coefficients + 8 * BIQUADS, BIQUADS, np.float64)
    for section in range(3):
        knob, step, hertz, q, side = s.bass_now, 4.0, 150.0, 0.707, 1.0
        if section == 1:
            knob, step, hertz = s.middle_now, 3.0, 425.0
            q = 1.5 if knob < 5.0 else 0.7
        elif section == 2:
            knob, step, hertz, side = s.treble_now, 2.0, 1800.0, -1.0
        a = 10.0 ** (step * (knob - 5.0) / 40.0)
        w = 2.0 * math.pi * hertz / s.rate
        alpha, c = math.sin(w) / (2.0 * q), math.cos(w)
        if section == 1:
            b0, b2, a0, a2 = 1.0 + alpha * a, 1.0 - alpha * a, 1.0 + alpha / a, 1.0 - alpha / a
            b1 = a1 = -2.0 * c
        else:  # side -1 mirrors the low shelf
            k, up, down = 2.0 * math.sqrt(a) * alpha, a + 1.0, side * (a - 1.0)
            b0, b2 = a * (up - down * c + k), a * (up - down * c - k)
            b1 = 2.0 * a * (down - up * c)
            a0, a2 = up + down * c + k, up + down * c - k
            a1 = -2.0 * (down + up * c)
        at = 5 * section
        row[at], row[at + 1], row[at + 2] = b0 / a0, b1 / a0, b2 / a0
        row[at + 3], row[at + 4] = a1 / a0, a2 / a0


@ng.kernel
def design_passive(state: int, ins: int, outs: int, frames: int) -> None:
    """Write the matrix of a circuit whose three states belong to its capacitors.

    The nodal equations give the currents into the capacitors from their voltages v and the input;
    the trapezoidal rule, with T half a frame, makes of v' = A v + B x the step
    v = (1 - T A)^-1 (s + T B x), s = 2 v - s.  The states s store no more energy than flows in, at
    any setting of the knobs, and also while these move.
    """
    s = ng.record(state, STATE)
    parts = ng.numbers(s.circuit, 10, np.float64)
    c1, c2, c3, r1, r4 = parts[0], parts[1], parts[2], parts[3], parts[6]
    middle = s.middle_now if parts[8] != parts[8] else parts[8]
    lower = 0.1 * middle * parts[5]
    upper = math.exp(3.4 * (0.1 * s.bass_now - 1.0)) * parts[4] + parts[5] - lower
    half, treble = 0.5 / s.rate, 0.1 * s.treble_now * r1
    table = ng.numbers(s.work, 32, np.float64)  # 4 rows of [1 - T A, 1, T B]; then y of v and x
    for n in range(4):  # by the unit voltages of the capacitors and the input
        v1, v2 = 1.0 if n == 0 else 0.0, 1.0 if n == 1 else 0.0
        v3, x = 1.0 if n == 2 else 0.0, 1.0 if n == 3 else 0.0
        slope = (v3 + lower * (x / r4 + (x - v1 + v2) / r1)) / (1.0 + lower * (1.0 / r4 + 1.0 / r1))
        i1 = (x - v1 + v2 - slope) / r1
        i2 = (v3 - v2) / upper - i1
        i3 = (x - slope) / r4 - i2
        sign, column = (1.0, 6) if n == 3 else (-1.0, n)
        table[column], table[7 + column] = sign * half * i1 / c1, sign * half * i2 / c2
        table[14 + column] = sign * half * i3 / c3
        table[24 + n] = parts[9] * (slope - v2 + treble * i1)
    for k in range(3):
        for n in range(3):
            table[7 * k + 3 + n] = 1.0 if n == k else 0.0
        table[8 * k] += 1.0
    for k in range(3):  # Gauss-Jordan, from [1 - T A, 1, T B] to [1, v of s and x]
        pivot = 1.0 / table[8 * k]
        for n in range(7):
            table[7 * k + n] *= pivot
        for j in range(3):
            if j != k:
                factor = table[7 * j + k]
                for n in range(7):
                    table[7 * j + n] -= factor * table[7 * k + n]
    row = ng.numbers(s.coefficients + 8 * MATRIX, MATRIX, np.float64)
    for n in range(4):
        y = table[27] if n == 3 else 0.0
        for k in range(3):
            y += table[24 + k] * table[7 * k + 3 + n]
            row[4 * k + n] = 2.0 * table[7 * k + 3 + n] - (1.0 if n == k else 0.0)
        row[12 + n] = y
