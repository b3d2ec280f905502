"""Write a node: a throb with a kernel that is compiled to native code, and test it."""

import math

import numpy as np

import namgraph as ng
from namgraph.nodes.testing import check_node

STATE = np.dtype(
    [
        ("rate_hz", np.float64),  # a parameter has a float64 field of its name: its target
        ("depth", np.float64),
        ("depth_now", np.float64),  # NAME_now: the smoothed value
        ("coefficient", np.float64),
        ("phase", np.float64),  # in turns, 0 to 1
        ("frame_s", np.float64),
        ("channels", np.int64),
        ("curve", np.int64),  # the address of scratch memory
    ]
)


@ng.kernel
def _throb(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    s.depth_now = ng.glide(s.curve, s.depth_now, s.depth, s.coefficient, frames)
    curve, phase, step = ng.floats(s.curve, frames), s.phase, s.rate_hz * s.frame_s
    for i in range(frames):
        swing = 0.5 - 0.5 * math.cos(2.0 * math.pi * phase)
        curve[i] = np.float32(1.0 - curve[i] * swing)
        phase += step
        if phase >= 1.0:
            phase -= 1.0
    s.phase = phase
    for c in range(s.channels):
        ng.scale(ng.channel_address(outs, c), ng.channel_address(ins, c), s.curve, frames)


@ng.node("example_throb")
class Throb(ng.Node):
    """Let the level swing ``rate_hz`` times a second, down to 1 - ``depth``."""

    rate_hz: float = ng.param(default=5.0, low=0.1, high=20.0, unit="Hz", taper="log")
    depth: float = ng.param(default=0.7, low=0.0, high=1.0)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the record and one curve, shared by all channels."""
        made = io.memory.record(
            STATE,
            **io.params,
            coefficient=io.glide("depth"),
            frame_s=1.0 / io.spec.rate,
            channels=io.outputs["out"],
            curve=io.memory.scratch(io.spec.max_frames),
        )
        return ng.Processor(_throb, made)


def main() -> None:
    check_node(Throb())  # raises if the node breaks the contract of nodes
    graph = ng.Graph()
    throb = graph.add("throb", Throb(rate_hz=4.0, depth=1.0))
    graph.input("in", channels=1) >> throb >> graph.output("out", channels=1)
    y = ng.render(graph, np.ones(48_000, np.float32), sample_rate=48_000)
    print("one swing, eight times looked at:", np.round(y[:12_000:1_500], 2))


if __name__ == "__main__":
    main()
