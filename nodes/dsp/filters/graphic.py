"""Gains of the bells of a graphic equalizer, such that their product meets every slider.

Neighbouring bells overlap: as many bells with the sliders' gains miss them by up to 12 dB.  The
gains are solved for: first a least-squares fit at the centres and, half way between them, to
straight lines, with the bells' shapes at 17 dB (V. Välimäki and J. Liski, "Accurate Cascade Graphic
Equalizer", IEEE SPL 2017); then one step of Newton's method at the centres with the true shapes.
What is left is 0.15 dB with ten bands, 0.4 dB with 31.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....runtime import authoring as ng

__all__ = ["CENTRES", "GraphicTables", "bell_damping", "tables"]

Floats = NDArray[np.float64]

CENTRES: dict[int, Floats] = {
    10: 1_000.0 * 2.0 ** np.arange(-5.0, 5.0),
    31: 1_000.0 * 2.0 ** (np.arange(-17.0, 14.0) / 3.0),
}
"""Hz: octaves from 31.25 to 16,000, third octaves from 20 to 20,000."""
WIDTHS = {10: 1.5, 31: 2.0 ** (1 / 3) - 2.0 ** (-1 / 3)}
"""Width of a bell, in terms of its centre: between its neighbours' centres."""
NARROWER = {10: (0.93, 0.78, 0.76), 31: ()}
"""Of the highest bands, which the bilinear transform makes wide on their lower side."""
SHARE = 0.3
"""Of its gain in dB that a bell has at the edges of its width."""
SHAPE_DB = 17.0
HIGHEST = 0.47
"""Bands above this share of the sample rate do nothing."""


@dataclass(frozen=True)
class GraphicTables:
    """Constants of a solver for ``count`` bands, for a sample rate; rows are centres."""

    count: int
    warped: Floats
    """tan(pi f / rate) of each band."""
    widths: Floats
    """Damping of each band, but for the factor that depends on its gain."""
    apart: Floats
    """``[i, j]``: ((1 - w^2) / w)^2, with w centre i in terms of the frequency of band j."""
    fit: Floats
    """``[i, j]``: gain of band i for 1 dB of slider j, by least squares."""
    newton: Floats
    """``[i, j]``: gain of band i for an error of 1 dB at centre j."""

    def gains(self, sliders: Floats) -> Floats:
        """Return the gain in dB of every band, as the kernel computes it."""
        first: Floats = self.fit @ sliders
        errors = sliders - _levels(self.apart, self.widths, first).sum(axis=1)
        made: Floats = first + self.newton @ errors
        return made

    def dampings(self, gains: Floats) -> Floats:
        """Return 1/Q of the poles of every band."""
        return self.widths * _dampings(gains)


@ng.helper
def bell_damping(gain_db):  # type: ignore[no-untyped-def]
    """Return the factor of the damping by which a bell has ``SHARE`` of its dB at its edges."""
    x = gain_db * (math.log(10.0) / 20.0)
    if -1e-9 < x < 1e-9:
        return math.sqrt(SHARE / (1.0 - SHARE))
    edge = 2.0 * SHARE * x
    return math.sqrt(math.expm1(edge) / (math.exp(edge) * math.expm1(2.0 * x - edge)))


def _dampings(gains: Floats) -> Floats:
    return np.array([bell_damping.py_func(gain_db) for gain_db in gains])


def _levels(apart: Floats, widths: Floats, gains: Floats) -> Floats:
    """Return dB of every band at every point."""
    damping = widths * _dampings(gains)
    above = apart + (damping * 10.0 ** (gains / 20.0)) ** 2
    made: Floats = 10.0 * np.log10(above / (apart + damping**2))
    return made


def tables(bands: int, rate: float) -> GraphicTables:
    """Return the constants for 10 or 31 bands."""
    centres = CENTRES[bands]
    widths = WIDTHS[bands] * centres
    narrow = NARROWER[bands]
    widths[len(widths) - len(narrow) :] *= narrow
    count = int(np.count_nonzero(centres < HIGHEST * rate))
    centres, widths = centres[:count], np.minimum(widths[:count], HIGHEST * rate)
    points = np.geomspace(centres[0], centres[-1], 2 * count - 1)
    warped = np.tan(np.pi * centres / rate)
    relative = np.tan(np.pi * points / rate)[:, None] / warped
    apart = ((1.0 - relative**2) / relative) ** 2
    dampings = 2.0 * np.tan(np.pi * widths / rate) / np.sin(2.0 * np.pi * centres / rate)
    shapes = _levels(apart, dampings, np.full(count, SHAPE_DB)) / SHAPE_DB
    places = np.arange(2 * count - 1) / 2  # of the points, among the centres
    between = np.array([np.interp(places, range(count), row) for row in np.eye(count)])
    fit: Any = np.linalg.pinv(shapes) @ between.T
    newton: Any = np.linalg.inv(shapes[::2])
    return GraphicTables(
        count,
        warped,
        dampings,
        apart[::2],
        fit,
        newton,
    )
