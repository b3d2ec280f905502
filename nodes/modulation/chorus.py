"""Chorus: a signal with copies of itself, a few milliseconds later and slowly moving."""

import math

import numpy as np

from ...runtime import authoring as ng
from ..dsp.modulation.bbd import bbd_in, bbd_out, bbd_records
from ..dsp.modulation.delay_line import READER, line_frames, read_cubic
from ..dsp.modulation.lfo_phase import lfo_record
from .chorus_kernel import OPEN_HZ, STATE, chorus_kernel, chorus_tick

__all__ = ["Chorus"]

LONGEST_MS = 40.0
"""delay_ms and depth_ms at their highest."""
SILENCE_DB = 100.0


@ng.node("chorus", category="modulation", example="rate_hz=0.6, depth_ms=2.5")
class Chorus(ng.Node):
    """Add ``voices`` copies, late by ``delay_ms`` plus or minus ``depth_ms``, which slowly move.

    The copies swing ``rate_hz`` times a second, evenly apart in phase, and the wet signal is their
    mean; a voice is out of tune by at most 1200 log2(1 + 2 pi rate depth) cents (15.6 by default).
    Each channel is ``spread`` quarter turns ahead of the one before.  With ``to_stereo`` the input
    is mono and the output stereo.  ``tone_hz`` is a low-pass of the copies (20 kHz: none),
    ``feedback`` goes through it, too.  ``character`` "bbd" has the compander, the soft clip and the
    low-pass of a bucket brigade delay around the copies.
    """

    stereo = True  # by ``spread``

    rate_hz: float = ng.param(
        default=0.8, low=0.01, high=10.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    depth_ms: float = ng.param(default=1.8, low=0.0, high=10.0, unit="ms", smoothing_s=0.03)
    delay_ms: float = ng.param(default=7.0, low=1.0, high=30.0, unit="ms", smoothing_s=0.03)
    feedback: float = ng.param(default=0.0, low=-0.7, high=0.7)
    spread: float = ng.param(default=1.0, low=0.0, high=1.0, smoothing_s=0.03)
    tone_hz: float = ng.param(default=8000.0, low=1000.0, high=OPEN_HZ, unit="Hz", taper="log")
    mix: float = ng.param(default=0.5, low=0.0, high=1.0, smoothing_s=0.02)
    voices: int = ng.option(default=2, choices=(1, 2, 3, 4))
    shape: str = ng.option(default="sine", choices=("sine", "triangle"))
    character: str = ng.option(default="clean", choices=("clean", "bbd"))
    to_stereo: bool = ng.option(default=False, choices=(False, True))

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One port, mono with ``to_stereo``."""
        return (ng.Port("in", channels=1 if self.to_stereo else None),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One port, stereo with ``to_stereo``."""
        return (ng.Port("out", channels=2 if self.to_stereo else None),)

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the copies are 100 dB down."""
        echoes = 1
        if self.feedback:
            echoes += math.floor(-SILENCE_DB / (20.0 * math.log10(abs(self.feedback))))
        smear_s = 1.0 / (2.0 * math.pi * self.tone_hz)
        if self.character == "bbd":
            smear_s += 4.0 / (2.0 * math.pi * 7_000.0)
        late_s = 1e-3 * (self.delay_ms + self.depth_ms)
        seconds = echoes * (late_s + smear_s) + 12.0 * smear_s
        return math.ceil(seconds * spec.rate) + 5

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate a line for each channel, and a tap of the LFO for each of its voices."""
        memory, rate = io.memory, io.spec.rate
        channels, voices = io.outputs["out"], self.voices
        size = line_frames(LONGEST_MS * 1e-3 * rate + 32.0)
        taps = [(k / voices, 0.25 * c) for c in range(channels) for k in range(voices)]
        bbd = self.character == "bbd"
        made = memory.record(
            STATE,
            **io.params,
            depth_step=io.glide("depth_ms", 32),
            delay_step=io.glide("delay_ms", 32),
            feedback_coefficient=io.glide("feedback"),
            mix_coefficient=io.glide("mix"),
            tone_coefficient=io.glide("tone_hz"),
            rate=rate,
            voices=voices,
            inputs=io.inputs["in"],
            channels=channels,
            mask=size - 1,
            lfo=lfo_record(memory, rate, self.shape, taps, spread_step=io.glide("spread", 32)),
            tick=chorus_tick.address,
            reader=memory.record(READER, mask=size - 1),
            read=read_cubic.address,
            bbd=bbd_records(memory, rate, range(channels)) if bbd else 0,
            bbd_in=bbd_in.address if bbd else 0,
            bbd_out=bbd_out.address if bbd else 0,
            spans=memory.state((channels, voices, 2), np.float64),
            low=memory.state(channels, np.float64),
            ring=memory.state((channels, size)),
            wet=memory.scratch(32),
            line=memory.scratch(32),
            curves=memory.scratch(3 * io.spec.max_frames),
        )
        return ng.Processor(chorus_kernel, made)
