"""MidSide: left and right to mean and half difference, and back."""

import numpy as np

from ...runtime import authoring as ng

__all__ = ["MidSide"]

STATE = np.dtype([("half", np.float64)])


@ng.kernel
def _mid_side(state: int, ins: int, outs: int, frames: int) -> None:
    half = np.float32(ng.record(state, STATE).half)
    a, b = ng.channel(ins, 0, frames), ng.channel(ins, 1, frames)
    y, z = ng.channel(outs, 0, frames), ng.channel(outs, 1, frames)
    for i in range(frames):
        y[i] = half * (a[i] + b[i])
        z[i] = half * (a[i] - b[i])


@ng.node("mid_side", display_name="Mid/side", category="utility", example='mode="decode"')
class MidSide(ng.Node):
    """Turn left and right into middle and side, or back.

    ``mode`` "encode" has (left + right) / 2 on its first channel and (left - right) / 2 on its
    second; "decode" their sum and difference: left and right again, within rounding.  With two of
    them an effect can work on the middle or the side alone.
    """

    stereo = True

    mode: str = ng.option(default="encode", choices=("encode", "decode"))

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One stereo port."""
        return (ng.Port("in", channels=2),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One stereo port."""
        return (ng.Port("out", channels=2),)

    def receptive_field(self, spec: ng.Spec) -> int:
        """Return 1: nothing is remembered."""
        return 1

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Write the factor of the mode."""
        made = io.memory.record(STATE, half=0.5 if self.mode == "encode" else 1.0)
        return ng.Processor(_mid_side, made)
