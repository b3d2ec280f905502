"""Pan: place a mono signal between two speakers."""

import math

import numpy as np

from ..graph import Io, Node, Port, Processor, node, param
from ..runtime.abi import helper, kernel
from ..runtime.pointers import channel, record
from ..runtime.smooth import NEAR, glide_coefficient

__all__ = ["Pan"]

STATE = np.dtype(
    [
        ("position", np.float64),
        ("position_now", np.float64),
        ("coefficient", np.float64),
    ]
)
QUARTER = math.pi / 4


@helper
def _share(towards: float) -> np.float32:
    """Return the gain of the speaker that ``towards`` = 1 points at and -1 points away from.

    The sine-cosine law: the squares of both gains add up to 1 everywhere, so the loudness in a
    room stays.  Written with two sines, silence and full level are exact at the ends.
    """
    return np.float32(math.sin((1.0 + towards) * QUARTER))


@kernel
def _pan(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    x, left, right = channel(ins, 0, frames), channel(outs, 0, frames), channel(outs, 1, frames)
    now, target, coefficient = s.position_now, s.position, s.coefficient
    if now != now:
        now = target
    start = 0
    # The angle glides, not the gains: so the law holds on the way as well.
    while start < frames and now != target:
        now += coefficient * (target - now)
        if abs(target - now) <= NEAR:
            now = target
        left[start] = _share(-now) * x[start]
        right[start] = _share(now) * x[start]
        start += 1
    if start < frames:
        to_left, to_right = _share(-target), _share(target)
        for i in range(start, frames):
            left[i] = to_left * x[i]
            right[i] = to_right * x[i]
    s.position_now = now


@node("pan")
class Pan(Node):
    """Place a mono signal between left (-1) and right (1) at constant power, -3 dB in the middle.

    The sine-cosine pan law: left = sin((1 - p) * pi / 4), right = sin((1 + p) * pi / 4).  At an
    end the signal leaves one side unchanged, and the other is silent.
    """

    position: float = param(default=0.0, low=-1.0, high=1.0)

    @property
    def inputs(self) -> tuple[Port, ...]:
        """One channel."""
        return (Port("in", channels=1),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Two channels, left and right."""
        return (Port("out", channels=2),)

    def prepare(self, io: Io) -> Processor:
        """Ask for the record only."""
        made = io.memory.record(
            STATE,
            position=io.params["position"],
            coefficient=glide_coefficient(self.params()["position"].smoothing_s, io.spec.rate),
        )
        return Processor(_pan, made)
