"""Constant: a control signal with one value, set by hand."""

import numpy as np

from ...runtime import authoring as ng
from ...runtime.simd.scale import fill
from .source import ControlSource, hold

__all__ = ["Constant"]

STATE = np.dtype(
    [
        ("value", np.float64),
        ("frame", np.int64),
        ("held", np.float64),  # the value of this tick
    ]
)


@ng.kernel
def _constant(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    target, frame, held = ng.channel_address(outs, 0), s.frame, s.held
    if held == s.value:
        fill(target, held, frames)
        s.frame = frame + frames
        return
    i = 0
    while i < frames:
        if (frame + i) & 31 == 0:
            held = s.value
        i = hold(target, frames, i, frame, held)
    s.frame, s.held = frame + frames, held


@ng.node("constant", example="value=0.5")
class Constant(ControlSource):
    """Send ``value`` as a control signal: one knob that moves the parameters of several nodes.

    A new value counts from the next multiple of 32 frames.
    """

    # Not smoothed: what it moves is.
    value: float = ng.param(default=0.0, low=-1.0, high=1.0, smoothing_s=0.0)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the record; there is no other memory."""
        return ng.Processor(_constant, io.memory.record(STATE, **io.params))
