"""Pan: places a mono signal in stereo, at constant power."""

import math

import numpy as np

from ...runtime import authoring as ng

__all__ = ["Pan"]

STATE = np.dtype(
    [
        ("position", np.float64),
        ("position_now", np.float64),
        ("coefficient", np.float64),
    ]
)
QUARTER = math.pi / 4
NEAR = 1e-6
"""Distance to the target below which the position jumps to it."""


def _emit_pan_gain(lanes: ng.Lanes, towards: ng.Value) -> ng.Value:
    builder, kind = lanes.builder, towards.type
    sine = builder.module.declare_intrinsic("llvm.sin", [kind])
    angle = builder.fmul(builder.fadd(kind(1.0), towards), kind(QUARTER))
    return builder.call(sine, [angle])


_pan_gain = ng.embed("pan.gain", "d", _emit_pan_gain, gives="d")
"""``_pan_gain(towards)``: the gain of one side; ``towards`` is 1 at that side and -1 at the other.

The sine-cosine law: the squares of both gains add up to 1 (constant power).  With two sines, the
gains 0 and 1 are exact at the ends.
"""


@ng.kernel
def _pan(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    x = ng.channel(ins, 0, frames)
    left, right = ng.channel(outs, 0, frames), ng.channel(outs, 1, frames)
    now, target, coefficient = s.position_now, s.position, s.coefficient
    if now != now:
        now = target
    start = 0
    # The angle is smoothed, not the gains: so the power is constant during a change as well.
    while start < frames and now != target:
        now += coefficient * (target - now)
        if -NEAR <= target - now <= NEAR:
            now = target
        left[start] = np.float32(_pan_gain(-now)) * x[start]
        right[start] = np.float32(_pan_gain(now)) * x[start]
        start += 1
    if start < frames:
        for c in range(2):
            gain = _pan_gain(target if c else -target)
            y, mono = ng.channel_address(outs, c), ng.channel_address(ins, 0)
            ng.amplify(y + 4 * start, mono + 4 * start, gain, frames - start)
    s.position_now = now


@ng.node("pan", category="utility", example="position=-0.3")
class Pan(ng.Node):
    """Place a mono signal between left (-1) and right (1) at constant power, -3 dB in the middle.

    The sine-cosine pan law: left = sin((1 - p) * pi / 4), right = sin((1 + p) * pi / 4).  At an
    end the signal leaves one side unchanged, and the other is silent.
    """

    position: float = ng.param(default=0.0, low=-1.0, high=1.0)

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One mono port."""
        return (ng.Port("in", channels=1),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One stereo port."""
        return (ng.Port("out", channels=2),)

    def receptive_field(self, spec: ng.Spec) -> int:
        """Return 1: nothing but parameters that glide is remembered."""
        return 1

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the record; there is no other memory."""
        made = io.memory.record(
            STATE,
            position=io.params["position"],
            coefficient=io.glide("position"),
        )
        return ng.Processor(_pan, made)
