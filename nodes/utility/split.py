"""Split: copies a signal to several outputs, whole or channel by channel."""

import numpy as np

from ...runtime import authoring as ng

__all__ = ["Split"]

STATE = np.dtype([("ins", np.int64), ("outs", np.int64)])


@ng.kernel
def _split(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    width = s.ins
    for k in range(s.outs):
        ng.copy_bytes(ng.channel_address(outs, k), ng.channel_address(ins, k % width), 4 * frames)


@ng.node("split", category="utility", example='mode="channels"')
class Split(ng.Node):
    """Copy a signal to ``count`` outputs, or take a stereo signal apart into "left" and "right".

    With ``mode="copy"`` each of "out1", "out2", ... has all the channels that come in.  Any output
    of a graph may feed many inputs without this node; it gives each branch a name, so that one can
    be rewired without the others.  With ``mode="channels"`` a stereo signal becomes two mono
    signals; no other node does that.  No sample is changed.
    """

    count: int = ng.option(default=2, choices=range(1, 17), kw_only=False)
    mode: str = ng.option(default="copy", choices=("copy", "channels"))

    def __post_init__(self) -> None:
        """Check the fields, and that ``count`` matches ``mode``."""
        super().__post_init__()
        object.__setattr__(self, "count", int(self.count))
        if self.mode == "channels" and self.count != 2:
            raise ng.ParamError(f"count is {self.count}: must be 2 where mode is 'channels'")

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One port: any channel count, or stereo with ``mode="channels"``."""
        return (ng.Port("in", channels=2 if self.mode == "channels" else None),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One port per copy, or "left" and "right"."""
        if self.mode == "channels":
            return (ng.Port("left", channels=1), ng.Port("right", channels=1))
        return tuple(ng.Port(f"out{k}") for k in range(1, self.count + 1))

    def receptive_field(self, spec: ng.Spec) -> int:
        """Return 1: nothing is remembered."""
        return 1

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Count channels: output channel k is a copy of input channel k modulo their number."""
        made = io.memory.record(STATE, ins=io.inputs["in"], outs=sum(io.outputs.values()))
        return ng.Processor(_split, made)
