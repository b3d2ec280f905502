"""Write a node of one's own: a tremolo, with a kernel that runs as native code."""

import math

import numpy as np

import namgraph as ng

STATE = np.dtype(
    [
        ("rate_hz", np.float64),  # parameters by their names: the engine writes them here
        ("depth", np.float64),
        ("phase", np.float64),  # turns, 0 to 1: what the node remembers
        ("frame_s", np.float64),
        ("channels", np.int64),
    ]
)


@ng.kernel
def _tremolo(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    phase = s.phase
    for i in range(frames):
        loudness = 1.0 - s.depth * 0.5 * (1.0 - math.cos(2.0 * math.pi * phase))
        for c in range(s.channels):
            ng.channel(outs, c, frames)[i] = loudness * ng.channel(ins, c, frames)[i]
        phase += s.rate_hz * s.frame_s
        phase -= math.floor(phase)
    s.phase = phase


@ng.node("example_tremolo")
class Tremolo(ng.Node):
    """Let the loudness swing ``rate_hz`` times a second, by ``depth`` of it."""

    rate_hz: float = ng.param(default=5.0, low=0.1, high=20.0, unit="Hz", taper="log")
    depth: float = ng.param(default=0.8, low=0.0, high=1.0)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Ask for the record: a fresh one begins at the loudest."""
        made = io.memory.record(
            STATE, **io.params, frame_s=1.0 / io.spec.rate, channels=io.outputs["out"]
        )
        return ng.Processor(_tremolo, made)


def main() -> None:
    graph = ng.Graph()
    tremolo = graph.add("tremolo", Tremolo(rate_hz=4.0, depth=1.0))
    graph.input("in", channels=1) >> tremolo >> graph.output("out", channels=1)
    y = ng.render(graph, np.ones(48_000, np.float32), sample_rate=48_000)
    print("one swing, eight times looked at:", np.round(y[:12_000:1_500], 2))


if __name__ == "__main__":
    main()
