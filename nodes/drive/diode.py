"""A pair of diodes with a resistor: the voltage that solves ``u + b sinh(u) = g``.

``g`` and ``u`` are in units of the diodes' thermal voltage.  For ``g`` at or above 0 the falling
exponential is small beside the rising one; without it the solution is ``u = g - w``, with the
Wright omega function ``w + ln w = g + ln(b / 2)``, and ``exp(u) = 2 w / b`` comes with it.  One
Newton step from there takes the other exponential in, without computing any (S. D'Angelo, L.
Gabrielli, L. Turchet, "Fast approximation of the Lambert W function for virtual analog modelling",
DAFx 2019, has the first part).  Diodes that leak much (germanium) take three more steps.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...runtime import authoring as ng

__all__ = ["DIODES", "Diode", "omega_table", "solved"]

OFFSET = 16.0
"""The table begins at z = 1 - OFFSET."""
OCTAVES, CELLS = 16, 128
"""Cells of z + OFFSET per power of two."""
NUMBERS = OCTAVES * CELLS * 4
SHIFT = 52 - 7
FIRST = 1023 << 7
"""Cell of z + OFFSET = 1, as the leading bits of a float64."""


class Diode(NamedTuple):
    """Saturation current in A, thermal voltage in V (with the ideality); of negative currents."""

    saturation: float
    thermal: float
    thermal_back: float
    extra_steps: int = 0


DIODES: dict[str, Diode] = {
    "silicon": Diode(2.52e-9, 45.3e-3, 45.3e-3),
    "led": Diode(93.2e-12, 96.4e-3, 96.4e-3),
    "germanium": Diode(200e-9, 33.6e-3, 33.6e-3, 3),
    "asymmetric": Diode(2.52e-9, 45.3e-3, 90.6e-3),
}
"""Two antiparallel diodes; "asymmetric": one silicon diode against two in series."""


def _omega(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Wright omega function by Newton's method on its logarithm."""
    log_w = np.where(z < 1.0, z, np.log(np.maximum(z, 1.0)))
    for _ in range(60):
        w = np.exp(log_w)
        log_w -= (w + log_w - z) / (w + 1.0)
    return np.asarray(np.exp(log_w))


@functools.cache
def omega_table() -> NDArray[np.float64]:
    """Return the cubics, in powers of z + OFFSET, that have the function's values and slopes."""
    number = np.arange(OCTAVES * CELLS + 1)
    edge = np.ldexp(1.0 + (number % CELLS) / CELLS, number // CELLS)
    w = _omega(edge - OFFSET)
    slope = w / (1.0 + w)
    a, h = edge[:-1], np.diff(edge)
    rise = np.diff(w) / h
    c3 = (slope[:-1] + slope[1:] - 2.0 * rise) / h**2
    c2 = (3.0 * rise - 2.0 * slope[:-1] - slope[1:]) / h
    c1, c0 = slope[:-1], w[:-1]
    shifted = [
        c0 - a * (c1 - a * (c2 - a * c3)),
        c1 - a * (2.0 * c2 - 3.0 * a * c3),
        c2 - 3.0 * a * c3,
        c3,
    ]
    return np.stack(shifted, 1)


def _emit_bits(lanes: ng.Lanes, x: ng.Value) -> ng.Value:
    return lanes.builder.bitcast(x, lanes.index(0).type)


bits_of = ng.embed("float64.bits", "d", _emit_bits, gives="i", inline=True)
"""``bits_of(x)``: return the bits of a float64 as an int64."""


@ng.helper
def solved(g: float, log_half: float, b: float, steps: int, table: int) -> float:
    """Return u >= 0 with ``u + b sinh(u) = g`` for g >= 0; ``log_half`` is ln(b / 2).

    With no more ``steps`` u is 1e-7 off at the most for b below 0.07.
    """
    t = g + log_half + OFFSET
    t = t if t > 1.0 else 1.0
    t = t if t < 65_535.0 else 65_535.0  # NaN too
    cells = ng.numbers(table, NUMBERS, np.float64)
    at = 4 * ((bits_of(t) >> SHIFT) - FIRST)
    w = cells[at] + t * (cells[at + 1] + t * (cells[at + 2] + t * cells[at + 3]))
    small = 0.25 * b * b
    u: float = g - w + small / (w * (1.0 + w) + small)
    for _ in range(steps):
        up = 0.5 * b * math.exp(u)
        down = small / up
        u -= (u + up - down - g) / (1.0 + up + down)
    return u
