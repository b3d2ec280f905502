"""Map: bend, scale, quantise and invert a control signal."""

import math

import numpy as np

from ...runtime import authoring as ng
from .source import hold

__all__ = ["Map"]

STATE = np.dtype(
    [
        ("low", np.float64),
        ("high", np.float64),
        ("curve", np.float64),
        ("invert", np.int64),
        ("bipolar", np.int64),
        ("steps", np.int64),
        ("power", np.float64),  # 2^(3 curve)
        ("power_curve", np.float64),  # the curve that power is for
        ("frame", np.int64),
        ("held", np.float64),  # the value of this tick
    ]
)


@ng.kernel
def _map(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    x, target = ng.channel(ins, 0, frames), ng.channel_address(outs, 0)
    frame, held = s.frame, s.held
    i = 0
    while i < frames:
        if (frame + i) & 31 == 0:
            share = float(x[i])
            if s.bipolar != 0:
                share = 0.5 * share + 0.5
            if share < 0.0:
                share = 0.0
            if share > 1.0:
                share = 1.0
            if s.invert != 0:
                share = 1.0 - share
            if s.curve != 0.0:
                if s.curve != s.power_curve:
                    s.power_curve, s.power = s.curve, math.pow(2.0, 3.0 * s.curve)
                share = math.pow(share, s.power)
            if s.steps > 1:
                share = math.floor(share * (s.steps - 1) + 0.5) / (s.steps - 1)
            held = s.low + share * (s.high - s.low)
        i = hold(target, frames, i, frame, held)
    s.frame, s.held = frame + frames, held


@ng.node("map", category="control", example="low=0.2, high=0.8, curve=0.5")
class Map(ng.Node):
    """Map a control signal to the range from ``low`` to ``high``, along a ``curve``.

    The input is taken as 0 to 1, or with ``bipolar`` as -1 to 1, and limited to that.  ``curve``
    raises it to the power 2^(3 curve): above 0 it begins slowly, below 0 fast.  ``invert`` turns
    it round, ``steps`` above 1 quantises it.  ``low`` may be above ``high``.
    """

    # Not smoothed: what it moves is.
    low: float = ng.param(default=0.0, low=-1.0, high=1.0, smoothing_s=0.0)
    high: float = ng.param(default=1.0, low=-1.0, high=1.0, smoothing_s=0.0)
    curve: float = ng.param(default=0.0, low=-1.0, high=1.0, smoothing_s=0.0)
    bipolar: bool = ng.option(default=False, choices=(False, True))
    invert: bool = ng.option(default=False, choices=(False, True))
    steps: int = ng.option(default=0, choices=range(65))

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One control port."""
        return (ng.Port("in", kind=ng.Kind.CONTROL),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One control port."""
        return (ng.Port("out", kind=ng.Kind.CONTROL),)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the record; there is no other memory."""
        made = io.memory.record(
            STATE,
            **io.params,
            invert=int(self.invert),
            bipolar=int(self.bipolar),
            steps=self.steps,
        )
        return ng.Processor(_map, made)
