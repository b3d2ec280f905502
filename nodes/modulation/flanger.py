"""Flanger: a signal and itself a moment later, which cancel at evenly spaced frequencies."""

import math

import numpy as np

from ...runtime import authoring as ng
from ..dsp.modulation.delay_line import READER, SHORTEST, line_frames, read_cubic
from ..dsp.modulation.lfo_phase import lfo_record
from .flanger_kernel import STATE, flanger_kernel, flanger_tick

__all__ = ["Flanger"]

LONGEST_MS = 20.0
"""delay_ms and width_ms at their highest."""
LOOP_HIGH_HZ, LOOP_LOW_HZ = 12_000.0, 20.0
"""Pass band of the feedback."""
SILENCE_DB = 100.0


@ng.node("flanger", category="modulation", example="rate_hz=0.3, feedback=0.6")
class Flanger(ng.Node):
    """Mix a signal with itself, late by ``delay_ms`` up to ``delay_ms`` + ``width_ms``.

    The delay is swept ``rate_hz`` times a second over the share ``depth`` of the way, evenly on a
    logarithmic scale.  Mixed half and half, frequencies (2k + 1) / (2 delay) cancel.  ``feedback``
    sharpens it (between 20 Hz and 12 kHz).  Each channel is ``spread`` turns ahead of the one
    before.  ``invert`` turns the delayed signal over: then 0 Hz cancels.  With ``through_zero`` the
    dry signal is late by the ``width_ms`` that the node is made with, so that the delayed one
    overtakes it where their delays are equal; this is the latency, and a new ``width_ms`` does not
    change it.  The delay is never shorter than two frames (0.042 ms at 48 kHz).
    """

    stereo = True  # by ``spread``

    rate_hz: float = ng.param(
        default=0.2, low=0.01, high=5.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    depth: float = ng.param(default=0.8, low=0.0, high=1.0, smoothing_s=0.03)
    delay_ms: float = ng.param(
        default=1.0, low=0.05, high=10.0, unit="ms", taper="log", smoothing_s=0.03
    )
    width_ms: float = ng.param(default=4.0, low=0.0, high=10.0, unit="ms", smoothing_s=0.03)
    feedback: float = ng.param(default=0.5, low=-0.95, high=0.95, smoothing_s=0.06)
    mix: float = ng.param(default=0.5, low=0.0, high=1.0, smoothing_s=0.03)
    # Half a turn at most: more would only exchange the channels.
    spread: float = ng.param(default=0.5, low=0.0, high=0.5, unit="turns", smoothing_s=0.03)
    through_zero: bool = ng.option(default=False, choices=(False, True))
    invert: bool = ng.option(default=False, choices=(False, True))

    def latency(self, spec: ng.Spec) -> int:
        """Return the frames by which the dry signal is late: ``width_ms`` with ``through_zero``."""
        if not self.through_zero:
            return 0
        return max(math.floor(1e-3 * self.width_ms * spec.rate + 0.5), int(SHORTEST))

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the feedback is 100 dB down."""
        echoes = 1
        if self.feedback:
            echoes += math.floor(-SILENCE_DB / (20.0 * math.log10(abs(self.feedback))))
        late = 1e-3 * (self.delay_ms + self.width_ms) * spec.rate + SHORTEST
        smear = spec.rate / (2.0 * math.pi * LOOP_HIGH_HZ)
        slow = 12.0 * spec.rate / (2.0 * math.pi * LOOP_LOW_HZ) if self.feedback else 0.0
        return math.ceil(echoes * (late + smear) + slow) + 5

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate a line for each channel, and one for the dry signal with ``through_zero``."""
        memory, rate, channels = io.memory, io.spec.rate, io.outputs["out"]
        size = line_frames(LONGEST_MS * 1e-3 * rate + 32.0)
        late = self.through_zero
        made = memory.record(
            STATE,
            **io.params,
            delay_ms_step=io.glide("delay_ms", 32),
            width_ms_step=io.glide("width_ms", 32),
            depth_step=io.glide("depth", 32),
            feedback_coefficient=io.glide("feedback"),
            mix_coefficient=io.glide("mix"),
            sign=-1.0 if self.invert else 1.0,
            rate=rate,
            bright=1.0 - math.exp(-2.0 * math.pi * LOOP_HIGH_HZ / rate),
            block=1.0 - math.exp(-2.0 * math.pi * LOOP_LOW_HZ / rate),
            lag=self.latency(io.spec),
            channels=channels,
            mask=size - 1,
            # It begins at its shortest delay.
            lfo=lfo_record(
                memory,
                rate,
                "sine",
                [(0.75, float(c)) for c in range(channels)],
                spread_step=io.glide("spread", 32),
            ),
            tick=flanger_tick.address,
            reader=memory.record(READER, mask=size - 1),
            read=read_cubic.address,
            spans=memory.state((channels, 2), np.float64),
            last=memory.state((channels, 2), np.float64),
            ring=memory.state((channels, size)),
            dry_ring=memory.state((channels, size)) if late else 0,
            wet=memory.scratch(32),
            line=memory.scratch(32),
            dry=memory.scratch(32),
            curves=memory.scratch(2 * io.spec.max_frames),
        )
        return ng.Processor(flanger_kernel, made)
