"""Meter: peak and RMS readings of a signal that passes unchanged."""

import math
from typing import ClassVar

import numpy as np

from ...runtime import authoring as ng

__all__ = ["Meter"]

STATE = np.dtype(
    [
        ("peak", np.float64),
        ("peak_hold", np.float64),
        ("rms", np.float64),
        ("clipped", np.float64),
        ("fall", np.float64),  # the peak's decay, a factor per frame
        ("coefficient", np.float64),
        ("channels", np.int64),
        ("levels", np.int64),  # per channel: decaying peak, mean square
    ]
)
FALL_DB_S = 20.0
"""Decay of the peak, in dB per second."""
MEAN_S = 0.3
"""Time constant of the mean square: that of a VU meter's needle (IEC 60268-17)."""


@ng.kernel
def _meter(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    levels = ng.numbers(s.levels, 2 * s.channels, np.float64)
    fall, coefficient = s.fall, s.coefficient
    top, loudest, held, over = 0.0, 0.0, s.peak_hold, 0
    for c in range(s.channels):
        ng.copy_bytes(ng.channel_address(outs, c), ng.channel_address(ins, c), 4 * frames)
        x = ng.channel(ins, c, frames)
        peak, square = levels[2 * c], levels[2 * c + 1]
        for i in range(frames):  # one by one: the same bits for every block size
            sample = np.float64(x[i])
            size = abs(sample)
            peak = max(peak * fall, size)
            held = max(held, size)
            over += 1 if size > 1.0 else 0
            square += coefficient * (sample * sample - square)
        levels[2 * c], levels[2 * c + 1] = peak, square
        top, loudest = max(top, peak), max(loudest, square)
    s.peak, s.rms, s.peak_hold = top, math.sqrt(loudest), held
    s.clipped += over


@ng.node("meter", category="analysis")
class Meter(ng.Node):
    """Pass a signal through unchanged and show its level: ``engine.get("meter.rms")``.

    Readings are linear, 1.0 being full scale, and of the loudest channel:

    * ``peak``: the highest sample, falling by 20 dB a second
    * ``peak_hold``: the highest sample since the last reset
    * ``rms``: the root of the mean square with a time constant of 300 ms (a sine of amplitude 1
      shows 0.707)
    * ``clipped``: how many samples, of all channels, were beyond full scale since the last reset
    """

    reports: ClassVar[tuple[str, ...]] = ("peak", "peak_hold", "rms", "clipped")

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate two numbers per channel, in float64 because both are recursive."""
        made = io.memory.record(
            STATE,
            fall=10.0 ** (-FALL_DB_S / 20.0 / io.spec.rate),
            coefficient=ng.glide_coefficient(MEAN_S, io.spec.rate),
            channels=io.outputs["out"],
            levels=io.memory.state((io.outputs["out"], 2), np.float64),
        )
        return ng.Processor(_meter, made)
