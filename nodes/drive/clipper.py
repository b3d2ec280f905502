"""Clipper: a curve that bounds the signal, oversampled and without most of its aliases."""

import math

import numpy as np

from ...runtime import authoring as ng
from ..dsp.oversampling.adaa import SHAPERS
from ..dsp.oversampling.curves import CURVES
from ..dsp.oversampling.half_band import filter_frames, latency
from ..dsp.oversampling.oversampler import (
    OVERSAMPLER,
    RUN,
    allocate_oversamplers,
    downsample,
    upsample,
)

__all__ = ["Clipper"]

GLIDES = ("drive_db", "ceiling_db", "softness")
CURVE_FIELDS = ("drives", "ceilings", "shares")
SCRATCH = (*CURVE_FIELDS, "low", "high", "other")
STATE = np.dtype(
    [
        *((name, np.float64) for name in GLIDES),
        *((f"{name}_now", np.float64) for name in GLIDES),  # amplitudes, share of the curve
        *((f"{name}_coefficient", np.float64) for name in GLIDES),
        ("channels", np.int64),
        ("stages", np.int64),
        ("plain", np.int64),  # 1: the curve is hard itself
        ("oversamplers", np.int64),
        ("before", np.int64),  # the last sample of each channel, float64
        ("upsample", np.int64),  # addresses of C functions
        ("downsample", np.int64),
        ("curve", np.int64),
        ("hard", np.int64),
        *((name, np.int64) for name in SCRATCH),
    ]
)
OWN = OVERSAMPLER.itemsize


@ng.kernel
def _clip(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    drive, ceiling, done = ng.decibels(s.drive_db), ng.decibels(s.ceiling_db), 0
    stages = s.stages
    shares = ng.floats(s.shares, RUN)
    while done < frames:
        n = frames - done
        n = n if n < RUN else RUN
        s.drive_db_now = ng.glide(s.drives, s.drive_db_now, drive, s.drive_db_coefficient, n)
        s.ceiling_db_now = ng.glide(
            s.ceilings, s.ceiling_db_now, ceiling, s.ceiling_db_coefficient, n
        )
        s.softness_now = ng.glide(s.shares, s.softness_now, s.softness, s.softness_coefficient, n)
        # 1 only where the curve alone is heard, and 0 where the hard one alone is.
        soft = 1 if s.plain == 1 or (shares[0] == 1.0 and shares[n - 1] == 1.0) else 0
        both = 0 if soft == 1 or (shares[0] == 0.0 and shares[n - 1] == 0.0) else 1
        count = np.int32(n << stages)
        for c in range(s.channels):
            over, before = s.oversamplers + c * OWN, s.before + 8 * c
            place = ng.channel_address(outs, c) + 4 * done
            ng.scale(s.low, ng.channel_address(ins, c) + 4 * done, s.drives, n)
            ng.call_node(s.upsample, over, s.low, s.high, np.int32(n))
            if both == 1:
                kept = ng.numbers(before, 1, np.float64)
                last = kept[0]
                ng.call_node(s.hard, before, s.high, s.other, count)
                kept[0] = last
                ng.call_node(s.curve, before, s.high, s.high, count)
                y, hard = ng.floats(s.high, count), ng.floats(s.other, count)
                for i in range(np.int64(count)):
                    share = shares[i >> stages]
                    y[i] = share * y[i] + (np.float32(1.0) - share) * hard[i]
            else:
                ng.call_node(s.curve if soft == 1 else s.hard, before, s.high, s.high, count)
            ng.call_node(s.downsample, over, s.high, s.low, np.int32(n))
            ng.scale(place, s.low, s.ceilings, n)
        done += n


@ng.node("clipper", category="drive", example='drive_db=12.0, curve="tanh"')
class Clipper(ng.Node):
    """Amplify by ``drive_db``, and bound the signal by a curve at ``ceiling_db``.

    ``curve`` "hard" cuts off; "tanh", "algebraic" (x / sqrt(1 + x^2)) and "cubic" (1.5 x - 0.5 x^3)
    round off; "asinh" is a pair of diodes, which goes on to rise slowly above the ceiling; "fold"
    and "sine" come back from it.  ``softness`` blends from hard (0) to the curve (1).

    The curve is computed at ``oversample`` times the sample rate, 1, 2, 4 or 8 ("auto": 4, or 2
    with ``quality`` "live"), and with first-order antiderivative anti-aliasing if ``adaa`` is 1:
    20 dB over the ceiling a hard clipped 5 kHz sine at 48 kHz then has aliases of -67 dB at 4 times
    the rate, -46 dB at 2.  The filters of "studio" are flat to 20 kHz of 48 kHz, those of "live" to
    18 kHz with less than half the latency.  They ring: peaks may pass the ceiling by some tenths.
    ``oversample=1, adaa=0`` applies the curve to each sample, without latency; with ``adaa=1`` it
    is half a frame late and 3 dB down at a quarter of the sample rate.
    """

    drive_db: float = ng.param(default=0.0, low=-12.0, high=48.0, unit="dB")
    ceiling_db: float = ng.param(default=0.0, low=-24.0, high=0.0, unit="dB")
    softness: float = ng.param(default=1.0, low=0.0, high=1.0)
    curve: str = ng.option(default="hard", choices=tuple(CURVES))
    oversample: int | str = ng.option(default="auto", choices=("auto", 1, 2, 4, 8))
    adaa: int = ng.option(default=1, choices=(0, 1))
    quality: str = ng.option(default="studio", choices=("studio", "live"))

    def _times(self) -> int:
        if self.oversample == "auto":
            return 4 if self.quality == "studio" else 2
        return int(self.oversample)

    def latency(self, spec: ng.Spec) -> int:
        """Return the delay of the filters; 0 without oversampling."""
        return latency(self._times(), self.quality, self.adaa)

    def tail(self, spec: ng.Spec) -> int:
        """Return the length of the filters."""
        return 2 * self.latency(spec) + self.adaa

    def receptive_field(self, spec: ng.Spec) -> int:
        """Return the length of the filters, and of the curve with antiderivatives."""
        return filter_frames(self._times(), self.quality, self.adaa)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the filters of each channel."""
        memory, channels, times = io.memory, io.outputs["out"], self._times()
        made = memory.record(
            STATE,
            **io.params,
            **{f"{name}_coefficient": io.glide(name) for name in GLIDES},
            **{name: memory.scratch(RUN) for name in (*CURVE_FIELDS, "low")},
            high=memory.scratch(RUN * times),
            other=memory.scratch(RUN * times),
            channels=channels,
            stages=int(math.log2(times)),
            plain=int(self.curve == "hard"),
            oversamplers=allocate_oversamplers(memory, channels, times, self.quality, self.adaa),
            before=memory.state(channels, np.float64),
            upsample=upsample.address,
            downsample=downsample.address,
            curve=SHAPERS[self.curve, self.adaa].address,
            hard=SHAPERS["hard", self.adaa].address,
        )
        return ng.Processor(_clip, made)
