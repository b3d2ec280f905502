"""Highest magnitude of a signal at and between its samples, frame by frame, by interpolation.

The interpolator is a sinc under a Kaiser window (beta 7), ``TAPS`` taps for each of the ``phases``
positions between two samples; each phase is scaled to a sum of 1.  (ITU-R BS.1770-5, Annex 2,
measures with 12 taps for each of 4 phases, and reads up to 0.55 dB low near half the sample rate.)
"""

import numpy as np
from numpy.typing import NDArray

from ....runtime import authoring as ng

__all__ = ["HALF", "interpolator", "peaks_between"]

TAPS = 16
HALF = TAPS // 2
"""Frames by which the interpolated signal is late."""
BETA = 7.0


def interpolator(phases: int) -> NDArray[np.float32]:
    """Return the taps of all phases but the first (which is a sample), ``(phases - 1, TAPS)``.

    Row p - 1, with tap k on the sample k frames ago, gives the signal ``HALF - p / phases`` frames
    ago.
    """
    rows = np.zeros((phases - 1, TAPS))
    for p in range(1, phases):
        t = np.arange(TAPS) - HALF + p / phases
        window = np.i0(BETA * np.sqrt(np.maximum(0.0, 1.0 - (t / HALF) ** 2)))
        taps = np.sinc(t) * window
        rows[p - 1] = taps / taps.sum()
    return rows.astype(np.float32)


def _emit_peaks(
    lanes: ng.Lanes,
    peaks: ng.Value,
    samples: ng.Value,
    taps: ng.Value,
    rows: ng.Value,
    frames: ng.Value,
) -> None:
    peaks, samples, taps = map(lanes.pointer, (peaks, samples, taps))
    with lanes.loop(frames, step=lanes.width) as at:
        here = lanes.at(samples, at)
        most = lanes.cell(lanes.max(lanes.load(peaks, at), lanes.abs(lanes.load(here, -HALF))))
        with lanes.loop(rows) as row:
            tap = lanes.at(taps, lanes.times(row, TAPS))
            sums = [lanes.constant(0.0), lanes.constant(0.0)]
            for k in range(TAPS):
                sums[k % 2] = lanes.fma(lanes.broadcast(tap, k), lanes.load(here, -k), sums[k % 2])
            most.value = lanes.max(most.value, lanes.abs(lanes.add(*sums)))
        lanes.store(most.value, peaks, at)


peaks_between = ng.embed("true_peak", 5, _emit_peaks)
"""``peaks_between(peaks, samples, taps, rows, frames)``: raise ``peaks[i]`` to the signal's peak.

That is the greatest magnitude ``HALF`` frames before ``samples[i]`` and in ``rows`` places
between there and the next sample; ``rows`` 0 looks at samples alone.  ``TAPS`` samples before
``samples`` are read; up to the end of the last vector after ``frames``, ``samples`` are read and
``peaks`` written.  All are addresses of float32.
"""
