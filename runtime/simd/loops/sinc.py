"""A delay line read at any moving place between its samples, by a windowed sinc of 16 taps.

The table has a row of taps for each of 64 places between two samples, and what to add to them on
the way to the next row.  At a whole number of frames the taps are 0 and a single 1.  With a Kaiser
window (beta 6.5) the response is flat within 0.1 dB to 0.36 of the sample rate, and what arises
above half of it is 60 dB down.  J. O. Smith, "Digital Audio Resampling Home Page", 2002.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..doubles import f64
from ..embed import embed
from ..lanes import Lanes, Value, i64

__all__ = ["AFTER", "BEFORE", "sinc_run", "sinc_table"]

TAPS, PLACES, BETA = 16, 64, 6.5
AFTER = TAPS // 2
"""Frames: the shortest delay that may be read."""
BEFORE = TAPS // 2
"""Frames before the delayed one that are read."""


def sinc_table() -> NDArray[np.float32]:
    """Return the table, (places, 2, taps): taps, and their difference to the next row."""
    away = np.arange(PLACES + 1)[:, None] / PLACES + np.arange(TAPS) - AFTER
    window = np.i0(BETA * np.sqrt(np.maximum(1.0 - (away / AFTER) ** 2, 0.0))) / np.i0(BETA)
    rows = np.sinc(away) * window
    rows /= rows.sum(axis=1, keepdims=True)
    rows[0], rows[-1] = away[0] == 0.0, away[-1] == 0.0
    return np.stack((rows[:-1], np.diff(rows, axis=0)), axis=1).astype(np.float32)


def _emit_sinc(
    lanes: Lanes,
    target: Value,
    ring: Value,
    mask: Value,
    table: Value,
    at: Value,
    delay: Value,
    slope: Value,
    place: Value,
    frames: Value,
) -> None:
    wide, builder = Lanes(lanes.builder, TAPS, lanes.fused), lanes.builder
    into, ring, table = (wide.pointer(p) for p in (target, ring, table))
    with wide.loop(frames) as i:
        far = builder.sitofp(builder.add(place, i), f64)
        back = builder.fadd(delay, builder.fmul(slope, far))
        whole = builder.fptosi(back, i64)
        part = builder.fmul(builder.fsub(back, builder.sitofp(whole, f64)), f64(float(PLACES)))
        row = builder.fptosi(part, i64)
        rest = builder.fptrunc(builder.fsub(part, builder.sitofp(row, f64)), wide.number)
        taps = wide.at(table, wide.times(row, 2 * TAPS))
        weights = wide.fma(wide.splat(rest), wide.load(taps, TAPS), wide.load(taps))
        first = wide.minus(builder.sub(builder.add(at, i), whole), BEFORE)
        x = wide.load(wide.at(ring, builder.and_(first, mask)))
        wide.store_number(wide.total(wide.mul(weights, x)), into, i)


sinc_run: Any = embed("sinc.run", "iiiiiddii", _emit_sinc)
"""``sinc_run(target, ring, mask, table, at, delay, slope, place, frames)``: read a run.

Frame i is what was written ``delay + slope * (place + i)`` frames before ``at + i``; the delay is
8 frames at least.  ``mask`` is the ring's size, a power of two, minus 1; its first 16 frames are
stored again after its end.  Sums are by halves: the same bits for every cut.
"""
