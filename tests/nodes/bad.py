"""Nodes that break the contract, each in its own way."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from namgraph.graph import Io, NativeFunction, Node, Processor, param
from namgraph.runtime import kernel
from namgraph.runtime.native.cpu import cycles
from namgraph.runtime.native.pointers import channel, floats, load, record

STATE = np.dtype(
    [
        ("knob", np.float64),
        ("knob_now", np.float64),
        ("memory", np.float64),
        ("elsewhere", np.int64),
        ("channels", np.int64),
    ]
)

COUNTED = np.dtype([("knob", np.float64), ("frame", np.int64), ("channels", np.int64)])


@dataclass(frozen=True)
class Bad(Node):
    """A node that breaks the contract by its kernel."""

    knob: float = param(default=0.5, low=0.0, high=1.0)
    type_name: ClassVar[str] = "bad"  # not registered: it is no node like ours
    description: ClassVar[str] = "A node that breaks the contract by its kernel."
    kernel: ClassVar[NativeFunction]

    def prepare(self, io: Io) -> Processor:
        """Keep something where nothing may be kept."""
        elsewhere = io.memory.scratch(4)
        made = io.memory.record(
            STATE, knob=self.knob, elsewhere=elsewhere, channels=io.outputs["out"]
        )
        return Processor(type(self).kernel, made)


def make(code: NativeFunction, **members: object) -> Node:
    """Return an example of a bad node."""
    made: Any = type("Bad", (Bad,), {"kernel": code, "type_name": "bad", **members})
    example: Node = dataclass(frozen=True)(made)()
    return example


@kernel
def good(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    begin = s.knob if s.knob_now != s.knob_now else s.knob_now
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        s.knob_now = begin
        for i in range(frames):
            s.knob_now += 0.002 * (s.knob - s.knob_now)
            y[i] = np.float32(s.knob_now) * x[i]


@kernel
def jumps(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            y[i] = np.float32(s.knob) * x[i]


@kernel
def hums(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            y[i] = np.float32(s.knob) * x[i] + np.float32(1e-6)


@kernel
def rings(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            s.memory = 0.999 * s.memory + x[i]
            y[i] = np.float32(s.memory)


@kernel
def differs_by_side(state: int, ins: int, outs: int, frames: int) -> None:
    for c in range(record(state, STATE).channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            y[i] = x[i] if c == 0 else -x[i]


@kernel
def counts_in_float(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, COUNTED)
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            y[i] = x[i] * np.float32((np.float32(s.frame + i) * np.float32(0.125)) % 1.0)
    s.frame += frames


@kernel
def reads_the_knob_at_the_end(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a block with the knob as it was in the block before."""
    s = record(state, STATE)
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            y[i] = np.float32(s.memory) * x[i]
    s.memory = s.knob


@kernel
def counts_blocks(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    s.memory += 1.0
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            y[i] = np.float32(s.memory) * x[i]


@kernel
def counts_blocks_silently(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    s.memory += 1.0
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            y[i] = x[i]


@kernel
def glides_by_the_block(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    if s.knob_now != s.knob_now:
        s.knob_now = s.knob
    s.knob_now += 0.1 * (s.knob - s.knob_now)
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            y[i] = np.float32(s.knob_now) * x[i]


@kernel
def remembers_elsewhere(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    kept = floats(s.elsewhere, 1)
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            kept[0] = np.float32(0.5) * kept[0] + x[i]
            y[i] = kept[0]


@kernel
def divides(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            y[i] = x[i] / np.float32(s.memory)


@kernel
def reads_behind(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    for c in range(s.channels):
        x, y = channel(ins, c, frames + 1), channel(outs, c, frames)
        for i in range(frames):
            y[i] = x[i + 1]


@kernel
def writes_behind(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames + 1)
        for i in range(frames):
            y[i + 1] = x[i]
        y[0] = x[0]


@kernel
def leaves_out(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames // 2):
            y[i] = x[i]


@kernel
def looks_at_the_clock(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    for c in range(s.channels):
        y = channel(outs, c, frames)
        for i in range(frames):
            y[i] = np.float32(cycles() & 0xFFFF)


@kernel
def sulks(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    for c in range(s.channels):
        x, y = channel(ins, c, frames), channel(outs, c, frames)
        for i in range(frames):
            if not abs(x[i]) < 10.0:
                s.memory = 1.0
            y[i] = x[i] if s.memory == 0.0 else np.float32(0.0)


@kernel
def is_silent(state: int, ins: int, outs: int, frames: int) -> None:
    for c in range(record(state, STATE).channels):
        y = channel(outs, c, frames)
        for i in range(frames):
            y[i] = 0.0


@kernel
def depends_on_its_address(state: int, ins: int, outs: int, frames: int) -> None:
    for c in range(record(state, STATE).channels):
        y = channel(outs, c, frames)
        for i in range(frames):
            y[i] = np.float32((load(outs, c) >> 6) & 0xFFFFF)
