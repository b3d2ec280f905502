"""Pan: place a mono signal between two speakers."""

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
"""A position this close to its target has arrived."""


def _emit_share(lanes: ng.Lanes, towards: ng.Value) -> ng.Value:
    builder, kind = lanes.builder, towards.type
    sine = builder.module.declare_intrinsic("llvm.sin", [kind])
    angle = builder.fmul(builder.fadd(kind(1.0), towards), kind(QUARTER))
    return builder.call(sine, [angle])


_share = ng.embed("pan.share", "d", _emit_share, gives="d")
"""``_share(towards)``: the gain of the speaker that 1 points at and -1 points away from.

The sine-cosine law: the squares of both gains add up to 1 everywhere, so the loudness in a room
stays.  Written with two sines, silence and full level are exact at the ends.
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
    # The angle glides, not the gains: so the law holds on the way as well.
    while start < frames and now != target:
        now += coefficient * (target - now)
        if -NEAR <= target - now <= NEAR:
            now = target
        left[start] = np.float32(_share(-now)) * x[start]
        right[start] = np.float32(_share(now)) * x[start]
        start += 1
    if start < frames:
        for c in range(2):
            gain = _share(target if c else -target)
            y, mono = ng.channel_address(outs, c), ng.channel_address(ins, 0)
            ng.amplify(y + 4 * start, mono + 4 * start, gain, frames - start)
    s.position_now = now


@ng.node("pan")
class Pan(ng.Node):
    """Place a mono signal between left (-1) and right (1) at constant power, -3 dB in the middle.

    The sine-cosine pan law: left = sin((1 - p) * pi / 4), right = sin((1 + p) * pi / 4).  At an
    end the signal leaves one side unchanged, and the other is silent.
    """

    position: float = ng.param(default=0.0, low=-1.0, high=1.0)

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One channel."""
        return (ng.Port("in", channels=1),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """Two channels, left and right."""
        return (ng.Port("out", channels=2),)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Ask for the record only."""
        made = io.memory.record(
            STATE,
            position=io.params["position"],
            coefficient=ng.glide_coefficient(self.params()["position"].smoothing_s, io.spec.rate),
        )
        return ng.Processor(_pan, made)
