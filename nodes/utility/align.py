"""Align: declares the delay that a branch has in itself, and turns its polarity."""

import numpy as np

from ...graph.arguments import check_number, check_text, check_whole
from ...runtime import authoring as ng

__all__ = ["Align"]

LONGEST = 1 << 16
"""Most frames that can be declared."""
STATE = np.dtype([("sign", np.float64), ("channels", np.int64)])


@ng.kernel
def _align(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    for c in range(s.channels):
        ng.amplify(ng.channel_address(outs, c), ng.channel_address(ins, c), s.sign, frames)


@ng.node("align", category="utility", example="frames=17, invert=True")
class Align(ng.Node):
    """Declare that the signal is ``frames`` late, so that the graph delays parallel branches.

    ``Graph.align`` measures branches and puts this node behind each.  It delays nothing itself: the
    delay is that of a model or response, which does not tell of it, and counts as latency from here
    on.  ``frames`` are at the sample rate ``rate`` in Hz, and whole frames at any other.
    ``invert`` turns the polarity.

    ``measured`` identifies what was measured, without its parameters, by options and the bytes of
    its files; ``group`` is the same for all branches that were measured together.
    """

    frames: int = ng.option(default=0)
    invert: bool = ng.option(default=False, choices=(False, True))
    rate: float = ng.option(default=48_000.0, drawn=False)
    measured: str = ng.option(default="", drawn=False)
    group: str = ng.option(default="", drawn=False)

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        object.__setattr__(self, "frames", check_whole("frames", self.frames, 0, LONGEST))
        rate = check_number("rate", self.rate, 1_000.0, 1_000_000.0, "Hz")
        object.__setattr__(self, "rate", rate)
        for name in ("measured", "group"):
            check_text(name, getattr(self, name))

    def latency(self, spec: ng.Spec) -> int:
        """Return the delay at the rate of the stream."""
        return round(self.frames * spec.rate / self.rate)

    def notice(self) -> str:
        """Return the delay and the polarity, "0 frames late" too."""
        late = f"{self.frames} frame{'s' * (self.frames != 1)} late"
        return f"{late}, inverted" if self.invert else late

    def receptive_field(self, spec: ng.Spec) -> int:
        """Return 1: nothing is delayed here."""
        return 1

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Write the sign into the record."""
        made = io.memory.record(
            STATE, sign=-1.0 if self.invert else 1.0, channels=io.outputs["out"]
        )
        return ng.Processor(_align, made)
