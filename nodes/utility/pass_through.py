"""PassThrough: hands a signal on; an input or output of a rack inside a rack is one."""

import numpy as np

from ...runtime import authoring as ng

__all__ = ["PassThrough"]

STATE = np.dtype([("channels", np.int64)])


@ng.kernel
def _pass_through(state: int, ins: int, outs: int, frames: int) -> None:
    for c in range(ng.record(state, STATE).channels):
        ng.copy_bytes(ng.channel_address(outs, c), ng.channel_address(ins, c), 4 * frames)


@ng.node("pass_through", category="utility", example="2")
class PassThrough(ng.Node):
    """Copy a signal of ``channels`` channels, without a change of any bit."""

    channels: int = ng.option(default=1, choices=range(1, 65), kw_only=False)

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One port of ``channels`` channels."""
        return (ng.Port("in", channels=self.channels),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One port of ``channels`` channels."""
        return (ng.Port("out", channels=self.channels),)

    def receptive_field(self, spec: ng.Spec) -> int:
        """Return 1: nothing is remembered."""
        return 1

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the record; there is no other memory."""
        return ng.Processor(_pass_through, io.memory.record(STATE, channels=io.outputs["out"]))
