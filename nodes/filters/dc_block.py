"""DC block: first-order high-pass that removes a signal's constant part."""

import math

import numpy as np

from ...runtime import authoring as ng

__all__ = ["DcBlock"]

STATE = np.dtype(
    [
        ("cutoff_hz", np.float64),
        ("cutoff_hz_now", np.float64),  # the filter's coefficient, on its way
        ("cutoff_hz_coefficient", np.float64),
        ("turn", np.float64),  # 2 pi / sample rate
        ("channels", np.int64),
        ("last", np.int64),  # per channel: last input, last output
    ]
)

NEAR = 1e-9
"""Distance to its target at which the coefficient jumps there."""
SILENCE = math.log(1e5)
"""Time constants until an exponential is 100 dB down."""


@ng.kernel
def _dc_block(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    target, share = 1.0 / (1.0 + s.turn * s.cutoff_hz), s.cutoff_hz_coefficient
    begin = target if s.cutoff_hz_now != s.cutoff_hz_now else s.cutoff_hz_now
    a = begin
    last = ng.numbers(s.last, 2 * s.channels, np.float64)
    for c in range(s.channels):
        x, y = ng.channel(ins, c, frames), ng.channel(outs, c, frames)
        before, now, a = last[2 * c], last[2 * c + 1], begin
        for i in range(frames):
            if a != target:
                a += share * (target - a)
                if abs(target - a) < NEAR:
                    a = target
            sample = np.float64(x[i])
            now = a * (now + (sample - before))
            before = sample
            y[i] = np.float32(now)
        last[2 * c], last[2 * c + 1] = before, now
    s.cutoff_hz_now = a


@ng.node("dc_block", display_name="DC block", category="filter")
class DcBlock(ng.Node):
    """Remove what is constant or slower than ``cutoff_hz`` (-3 dB there, 6 dB per octave below).

    One pole and one zero, the RC high-pass by backward difference, as the NAM plug-in has it after
    the model: y[n] = a (y[n-1] + x[n] - x[n-1]) with a = 1 / (1 + 2 pi f / rate).
    """

    cutoff_hz: float = ng.param(default=5.0, low=1.0, high=100.0, unit="Hz", taper="log")

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until what is left of a step is 100 dB down."""
        return math.ceil(SILENCE * spec.rate / (2 * math.pi * self.cutoff_hz))

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate two numbers per channel, in float64 because the filter is recursive."""
        made = io.memory.record(
            STATE,
            cutoff_hz=io.params["cutoff_hz"],
            cutoff_hz_coefficient=io.glide("cutoff_hz"),
            turn=2 * math.pi / io.spec.rate,
            channels=io.outputs["out"],
            last=io.memory.state((io.outputs["out"], 2), np.float64),
        )
        return ng.Processor(_dc_block, made)
