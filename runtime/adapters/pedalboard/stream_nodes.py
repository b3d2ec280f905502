"""Nodes between a host's stream and a graph: channels joined at its input, bypass at its output.

They are added around a graph by ``channels.wrap``, and are no registered node types: a graph that
a user sees has none of them.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ... import authoring as ng

__all__ = ["StreamInput", "StreamOutput"]

INPUT = np.dtype([("ins", np.int64), ("outs", np.int64), ("mean", np.int64)])
OUTPUT = np.dtype(
    [
        ("mix", np.float64),  # 0: dry, the stream's input; 1: wet, the graph's output
        ("bypass", np.float64),  # 1 while bypassed
        ("share", np.float64),  # of the wet signal now; NaN before the first block
        ("coefficient", np.float64),
        ("stream", np.int64),  # channels of the stream
        ("graph", np.int64),  # channels of the graph's output
        ("curve", np.int64),  # scratch: the share of each frame
    ]
)
SMOOTHING_S = 0.01


@ng.helper
def _mean(target: int, sources: int, first: int, count: int, frames: int) -> None:
    """Store the mean of ``count`` channels of ``sources`` in the channel at ``target``."""
    y = ng.floats(target, frames)
    ng.copy_bytes(target, ng.channel_address(sources, first), 4 * frames)
    for c in range(1, count):
        ng.add_to(target, ng.channel_address(sources, first + c), frames)
    part = np.float32(1.0) / np.float32(count)
    for i in range(frames):
        y[i] *= part


@ng.kernel
def _input(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, INPUT)
    if s.mean != 0:
        _mean(ng.channel_address(outs, 0), ins, 0, s.ins, frames)
    else:
        for c in range(s.outs):
            source = ng.channel_address(ins, min(c, s.ins - 1))
            ng.copy_bytes(ng.channel_address(outs, c), source, 4 * frames)


@ng.kernel
def _output(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, OUTPUT)
    target = s.mix * (1.0 - s.bypass)
    glides = s.share == s.share and s.share != target
    if glides:
        s.share = ng.glide(s.curve, s.share, target, s.coefficient, frames)
    else:
        s.share = target
    curve = ng.floats(s.curve, frames)
    for c in range(s.stream):
        place = ng.channel_address(outs, c)
        if not glides and target == 0.0:
            ng.copy_bytes(place, ng.channel_address(ins, c), 4 * frames)
            continue
        if s.stream == 1 and s.graph > 1:
            _mean(place, ins, 1, s.graph, frames)
        else:
            source = s.stream + (c if s.graph > 1 else 0)
            ng.copy_bytes(place, ng.channel_address(ins, source), 4 * frames)
        if glides or target != 1.0:
            y, dry = ng.floats(place, frames), ng.channel(ins, c, frames)
            for i in range(frames):
                wet = curve[i] if glides else np.float32(target)
                y[i] = wet * y[i] + (np.float32(1.0) - wet) * dry[i]


@dataclass(frozen=True)
class StreamInput(ng.Node):
    """Give a graph its input channels: the first ones of the stream, copies of one, or the mean."""

    type_name: ClassVar[str] = "stream_input"
    stream: int
    graph: int
    mean: bool = False

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """The channels of the stream."""
        return (ng.Port("in", channels=self.stream),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """The channels of the graph's input."""
        return (ng.Port("out", channels=self.graph),)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the record; there is no other memory."""
        made = io.memory.record(INPUT, ins=self.stream, outs=self.graph, mean=int(self.mean))
        return ng.Processor(_input, made)


@dataclass(frozen=True)
class StreamOutput(ng.Node):
    """Mix a graph's output with the stream's input, which the schedule delays by its latency.

    A settled mix of 1 and a settled bypass are bit-exact copies.  Changes glide with a time
    constant of 10 ms.  The graph's one channel goes to every channel of the stream; a stream of one
    channel gets the mean of the graph's.
    """

    type_name: ClassVar[str] = "stream_output"
    stream: int
    graph: int
    mix: float = ng.param(default=1.0, low=0.0, high=1.0, smoothing_s=SMOOTHING_S)
    bypass: float = ng.param(default=0.0, low=0.0, high=1.0, smoothing_s=SMOOTHING_S)

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """The stream's input and the graph's output."""
        return (ng.Port("dry", channels=self.stream), ng.Port("wet", channels=self.graph))

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """The channels of the stream."""
        return (ng.Port("out", channels=self.stream),)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the record and the curve of the mix."""
        made = io.memory.record(
            OUTPUT,
            mix=io.params["mix"],
            bypass=io.params["bypass"],
            share=np.nan,
            coefficient=ng.glide_coefficient(SMOOTHING_S, io.spec.rate),
            stream=self.stream,
            graph=self.graph,
            curve=io.memory.scratch(io.spec.max_frames),
        )
        return ng.Processor(_output, made)
