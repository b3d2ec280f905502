"""Tone stack: bass, middle and treble, as in the NAM plugin or as in amplifiers."""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.simd.loops.recursive import biquads3_run, state_space3_run
from ..dsp.filters.tone_stacks import (
    BIQUADS,
    CIRCUITS,
    MATRIX,
    STATE,
    bass_share,
    design_nam,
    design_passive,
)

__all__ = ["ToneStack"]

MODELS = ("nam", *CIRCUITS)
ARRIVED = 1e-6
SILENCE = math.log(1e5)
"""Time constants until an exponential is 100 dB down."""
NAM_TAIL_S = 0.04
"""15 time constants of the slowest pole: 150 Hz, 20 dB up."""


@ng.kernel
def _tone_stack(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    knobs = ng.numbers(state, 9, np.float64)  # three targets, current values, coefficients
    width, frame, done = s.width, s.frame, 0
    rows = ng.numbers(s.coefficients, 2 * width, np.float64)
    while done < frames:
        at = frame & 31
        if at == 0:
            fresh, moved = knobs[3] != knobs[3], False
            for n in range(3):
                target, now = knobs[n], knobs[3 + n]
                if now != target:
                    now += knobs[6 + n] * (target - now)
                    knobs[3 + n] = now if abs(target - now) > ARRIVED else target  # NaN, too
                    moved = True
            for n in range(width):
                rows[n] = rows[width + n]
            if moved:
                ng.call_node(s.design, state, 0, 0, np.int32(0))
            if fresh:
                for n in range(width):
                    rows[n] = rows[width + n]
            s.moving = 1 if moved and not fresh else 0
        count = min(32 - at, frames - done)
        for c in range(s.channels):
            x = ng.channel_address(ins, c) + 4 * done
            y, memory = ng.channel_address(outs, c) + 4 * done, s.memory + s.memory_bytes * c
            if width == BIQUADS:
                biquads3_run(y, x, count, at, s.moving, s.coefficients, memory)
            else:
                state_space3_run(y, x, count, at, s.moving, s.coefficients, memory)
        done += count
        frame += count
    s.frame = frame


@ng.node("tone_stack", category="filter", example="bass=6.0, treble=7.0")
class ToneStack(ng.Node):
    """Turn bass, middle and treble, each from 0 to 10, as the tone controls of an amplifier.

    ``model`` "nam" is the tone stack of the NAM plugin, three equalizer bands that do nothing at 5,
    with its bits while the knobs rest.  The others are passive circuits in the manner of the
    amplifiers they are named after: they have no neutral setting, and are quieter than their input;
    ``makeup`` returns pink noise from 80 Hz to 8 kHz to its level with all knobs at 5.  "ac30" has
    no middle control.  At 48 kHz a circuit's response up to 20 kHz is that of its nodal equations
    within 0.3 dB, wherever it is above -26 dB.  Moved knobs glide.
    """

    bass: float = ng.param(default=5.0, low=0.0, high=10.0)
    middle: float = ng.param(default=5.0, low=0.0, high=10.0)
    treble: float = ng.param(default=5.0, low=0.0, high=10.0)
    model: str = ng.option(default="nam", choices=MODELS)
    makeup: bool = ng.option(default=False, choices=(False, True))

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the slowest pole is 100 dB down."""
        if self.model == "nam":
            return math.ceil(NAM_TAIL_S * spec.rate)
        c = CIRCUITS[self.model]
        # The sum of all time constants, the first coefficient of the denominator.
        middle = 0.1 * (self.middle if math.isnan(c.middle) else c.middle)
        slow = c.c1 * c.r1 + (c.c1 + c.c2) * c.r3 + (c.c2 + c.c3) * c.r4 + middle * c.c3 * c.r3
        slow += bass_share(self.bass) * (c.c1 + c.c2) * c.r2
        return math.ceil((SILENCE + 2.0) * slow * spec.rate)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate two rows of coefficients, and per channel what its filter remembers."""
        memory, channels = io.memory, io.outputs["out"]
        passive = self.model != "nam"
        width, kept = (MATRIX, 3) if passive else (BIQUADS, 8)
        circuit = [0.0] * 10
        if passive:
            parts = CIRCUITS[self.model]
            makeup = 10.0 ** (parts.loss_db / 20.0) if self.makeup else 1.0
            circuit = [*parts[:7], 0.0, parts.middle, makeup]
        made = memory.record(
            STATE,
            **io.params,
            **{f"{name}_coefficient": io.glide(name, 32) for name in io.params},
            rate=io.spec.rate,
            channels=channels,
            design=(design_passive if passive else design_nam).address,
            width=width,
            memory_bytes=8 * kept,
            coefficients=memory.state((2, width), np.float64),
            memory=memory.state((channels, kept), np.float64),
            circuit=memory.constant(np.array(circuit)),
            work=memory.scratch(32, np.float64),
        )
        return ng.Processor(_tone_stack, made)
