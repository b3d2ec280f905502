"""Gain: scales a signal."""

import numpy as np

from ...runtime import authoring as ng

__all__ = ["Gain"]

STATE = np.dtype(
    [
        ("gain_db", np.float64),
        ("gain_db_now", np.float64),  # the current amplitude factor
        ("coefficient", np.float64),
        ("channels", np.int64),
        ("curve", np.int64),
    ]
)


@ng.kernel
def _gain(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    s.gain_db_now = ng.glide(s.curve, s.gain_db_now, ng.decibels(s.gain_db), s.coefficient, frames)
    for c in range(s.channels):
        ng.scale(ng.channel_address(outs, c), ng.channel_address(ins, c), s.curve, frames)


@ng.node("gain", category="utility")
class Gain(ng.Node):
    """Scale every channel by a gain in decibels; changes glide over a few milliseconds."""

    gain_db: float = ng.param(default=0.0, low=-80.0, high=36.0, unit="dB")

    def receptive_field(self, spec: ng.Spec) -> int:
        """Return 1: nothing but parameters that glide is remembered."""
        return 1

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate one gain curve, shared by all channels."""
        made = io.memory.record(
            STATE,
            gain_db=io.params["gain_db"],
            coefficient=io.glide("gain_db"),
            channels=io.outputs["out"],
            curve=io.memory.scratch(io.spec.max_frames),
        )
        return ng.Processor(_gain, made)
