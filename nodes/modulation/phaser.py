"""Phaser: a signal and itself through all-pass filters, which cancel at moving frequencies."""

import math

import numpy as np

from ...runtime import authoring as ng
from ..dsp.modulation.lfo_phase import lfo_record
from .phaser_kernel import STATE, phaser_kernel, phaser_tick

__all__ = ["Phaser"]

CAPACITORS_NF = (15.0, 220.0, 0.47, 4.7)
"""Of the four stages of the Uni-Vibe; their frequencies are in inverse proportion."""
RISE_S, FALL_S = 0.02, 0.08
"""Time constants of its lamp."""
SILENCE_NEPERS = 11.6
"""100 dB."""
LONGEST_TAIL_S = 30.0


@ng.node("phaser", category="modulation", example="rate_hz=0.3, feedback=0.6")
class Phaser(ng.Node):
    """Mix a signal with itself through ``stages`` all-pass filters of the first order.

    Their frequency swings ``rate_hz`` times a second around ``center_hz``, over ``range_octaves``
    times ``depth``.  Half and half, N stages of the frequency f have notches at f tan((2k + 1) pi /
    2N): two of 0.414 f and 2.414 f for four.  ``feedback`` around the stages sharpens the peaks
    between them to 1 / (1 - feedback).  Each channel is ``spread`` turns ahead of the one before.
    ``character`` "modern" swings as a sine, "ninety" as a triangle; "vibe" has the four unequal
    stages of a Uni-Vibe and its lamp, which lights up faster than it goes out.
    """

    stereo = True  # by ``spread``

    rate_hz: float = ng.param(
        default=0.5, low=0.01, high=10.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    depth: float = ng.param(default=1.0, low=0.0, high=1.0, smoothing_s=0.05)
    center_hz: float = ng.param(
        default=600.0, low=100.0, high=4000.0, unit="Hz", taper="log", smoothing_s=0.05
    )
    range_octaves: float = ng.param(
        default=3.0, low=0.0, high=6.0, unit="octaves", smoothing_s=0.05
    )
    feedback: float = ng.param(default=0.3, low=-0.9, high=0.9, smoothing_s=0.05)
    mix: float = ng.param(default=0.5, low=0.0, high=1.0, smoothing_s=0.03)
    # Half a turn at most: more would only exchange the channels.
    spread: float = ng.param(default=0.25, low=0.0, high=0.5, unit="turns", smoothing_s=0.15)
    stages: int = ng.option(default=4, choices=(2, 4, 6, 8, 10, 12))
    character: str = ng.option(default="modern", choices=("modern", "ninety", "vibe"))

    def __post_init__(self) -> None:
        """Check that "vibe" has its four stages, too."""
        super().__post_init__()
        if self.character == "vibe" and self.stages != 4:
            raise ng.ParamError(f'stages is {self.stages}: must be 4 with character="vibe"')

    def _octaves(self) -> list[float]:
        """Return how far each stage is above the middle."""
        if self.character != "vibe":
            return [0.0] * self.stages
        mean = sum(math.log2(c) for c in CAPACITORS_NF) / 4
        return [mean - math.log2(c) for c in CAPACITORS_NF]

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until it is 100 dB down, where the stages are slowest."""
        lowest = min(self._octaves()) - 0.5 * self.range_octaves * self.depth
        decay = 2.0 * math.pi * self.center_hz * math.pow(2.0, lowest)
        slower = 1.0
        if self.feedback:
            slower = min(1.0, -math.log(abs(self.feedback)) / (2 * self.stages))
        seconds = (SILENCE_NEPERS + 3.0 * self.stages * slower) / (decay * slower)
        return math.ceil(min(seconds, LONGEST_TAIL_S) * spec.rate)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the states of the stages of each channel."""
        memory, rate = io.memory, io.spec.rate
        channels, stages = io.outputs["out"], self.stages
        triangle = self.character == "ninety"
        made = memory.record(
            STATE,
            **io.params,
            center_hz_step=io.glide("center_hz", 32),
            range_octaves_step=io.glide("range_octaves", 32),
            depth_step=io.glide("depth", 32),
            feedback_coefficient=io.glide("feedback"),
            mix_coefficient=io.glide("mix"),
            turn=math.pi / rate,
            lamp=self.character == "vibe",
            rise=1.0 - math.exp(-32.0 / (RISE_S * rate)),
            fall=1.0 - math.exp(-32.0 / (FALL_S * rate)),
            channels=channels,
            stages=stages,
            lfo=lfo_record(
                memory,
                rate,
                "triangle" if triangle else "sine",
                [(0.25 if triangle else 0.0, float(c)) for c in range(channels)],
                spread_step=io.glide("spread", 32),
            ),
            tick=phaser_tick.address,
            octaves=memory.constant(np.array(self._octaves())),
            lights=memory.state(channels, np.float64),
            spans=memory.state((channels, stages, 3), np.float64),
            states=memory.state((channels, stages), np.float64),
            work=memory.scratch((channels, stages, 2), np.float64),
            curves=memory.scratch(2 * io.spec.max_frames),
        )
        return ng.Processor(phaser_kernel, made)
