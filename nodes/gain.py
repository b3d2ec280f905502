"""Gain: scale a signal."""

import numpy as np

from ..graph import Io, Node, Processor, node, param
from ..runtime.abi import kernel
from ..runtime.pointers import load, record
from ..runtime.simd.scale import scale
from ..runtime.smooth import decibels, glide, glide_coefficient

__all__ = ["Gain"]

STATE = np.dtype(
    [
        ("gain_db", np.float64),
        ("gain_db_now", np.float64),  # the amplitude factor on its way
        ("coefficient", np.float64),
        ("channels", np.int64),
        ("curve", np.int64),
    ]
)


@kernel
def _gain(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    s.gain_db_now = glide(s.curve, s.gain_db_now, decibels(s.gain_db), s.coefficient, frames)
    for c in range(s.channels):
        scale(load(outs, c), load(ins, c), s.curve, frames)


@node("gain")
class Gain(Node):
    """Scale every channel by a gain in decibels; changes glide over a few milliseconds."""

    gain_db: float = param(default=0.0, low=-80.0, high=36.0, unit="dB")

    def prepare(self, io: Io) -> Processor:
        """Ask for one curve, shared by all channels."""
        made = io.memory.record(
            STATE,
            gain_db=io.params["gain_db"],
            coefficient=glide_coefficient(self.params()["gain_db"].smoothing_s, io.spec.rate),
            channels=io.outputs["out"],
            curve=io.memory.scratch(io.spec.max_frames),
        )
        return Processor(_gain, made)
