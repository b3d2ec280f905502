"""Octaver: one and two octaves below a single note, and one above, without latency."""

import math

from ...runtime import authoring as ng
from ..dsp.oversampling.adaa import SHAPERS
from .octaver_kernel import (
    BLOCK_HZ,
    CHANNEL,
    HELD_S,
    LEVELS,
    STATE,
    octaver_kernel,
    octaver_tick,
    octaves_down,
)

__all__ = ["Octaver"]

FIRST_HZ = 100.0
"""What is tracked at first."""


@ng.node("octaver", category="pitch", example="down1=0.8, down2=0.3, dry=0.7")
class Octaver(ng.Node):
    """Add octaves to a single note, in the manner of analogue pedals; chords sputter.

    ``down1`` and ``down2`` are one and two octaves lower: the signal behind a low-pass of 12 dB per
    octave at twice the tracked pitch, its sign turned once in a period, so that it is as dynamic
    as the signal, and another low-pass at ``tone_hz``.  ``up1`` is one octave higher: the rectified
    signal without its constant part.  ``dry`` is the signal.  At 1 each octave of a sine is as loud
    as the sine.  Each channel is tracked by itself, from 20 Hz to 1.5 kHz.
    """

    down1: float = ng.param(default=0.7, low=0.0, high=1.0)
    down2: float = ng.param(default=0.0, low=0.0, high=1.0)
    up1: float = ng.param(default=0.0, low=0.0, high=1.0)
    dry: float = ng.param(default=1.0, low=0.0, high=1.0)
    tone_hz: float = ng.param(
        default=800.0, low=200.0, high=8000.0, unit="Hz", taper="log", smoothing_s=0.03
    )

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the slowest filter, the high-pass, is 100 dB down."""
        return math.ceil(12.0 * spec.rate / (2.0 * math.pi * BLOCK_HZ))

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate a tracker per channel."""
        memory, spec, channels = io.memory, io.spec, io.outputs["out"]
        fresh = {
            "rate": spec.rate,
            "fall": math.exp(-1.0 / (HELD_S * spec.rate)),
            "hertz": FIRST_HZ,
            "sign1": 1.0,
            "sign2": 1.0,
        }
        made = memory.record(
            STATE,
            **io.params,
            **{f"{name}_coefficient": io.glide(name) for name in LEVELS},
            tone_hz_step=io.glide("tone_hz", 32),
            curves=memory.scratch((len(LEVELS), spec.max_frames)),
            most_frames=spec.max_frames,
            rate=spec.rate,
            block=1.0 - math.exp(-2.0 * math.pi * BLOCK_HZ / spec.rate),
            channels=channels,
            channel=memory.records(CHANNEL, [fresh for _ in range(channels)]),
            tick=octaver_tick.address,
            down=octaves_down.address,
            rectify=SHAPERS["rectifier", 1].address,
            rows=memory.scratch((2, 32)),
        )
        return ng.Processor(octaver_kernel, made)
