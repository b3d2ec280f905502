"""Readings that a node computes on control threads: their names, their memory, what is refused."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

import namgraph as ng

STATE = np.dtype([("frames", np.int64), ("channels", np.int64)])


@ng.kernel
def _count(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    s.frames += frames
    for c in range(s.channels):
        ng.copy_bytes(ng.channel_address(outs, c), ng.channel_address(ins, c), 4 * frames)


@ng.node("test_counter", category="analysis")
class Counter(ng.Node):
    """Count frames: a reading that is returned, and one that is only announced."""

    reports: ClassVar[tuple[str, ...]] = ("frames", "missing")

    def prepare(self, io: ng.Io) -> ng.Processor:
        made: Any = io.memory.record(STATE, channels=io.outputs["out"])

        def analysis() -> Mapping[str, float]:
            return {"frames": made.content["frames"][0]}

        return ng.Processor(_count, made, analysis=analysis)


def test_a_reading_is_computed_when_it_is_asked_for() -> None:
    engine = ng.Engine(ng.Graph.chain(Counter()), sample_rate=48_000)
    for frames in (0, 100, 250):
        engine.process(np.zeros(frames, np.float32))
    found = engine.get("test_counter.frames")
    assert (found, type(found)) == (350.0, float)


def test_a_swap_reads_the_memory_of_the_new_plan() -> None:
    engine = ng.Engine(ng.Graph.chain(Counter()), sample_rate=48_000, fade_s=0.0)
    engine.process(np.zeros(100, np.float32))
    engine.swap(engine.graph)
    engine.process(np.zeros(50, np.float32))
    assert engine.get("test_counter.frames") == 150.0


def test_a_reading_that_is_not_returned_is_named() -> None:
    engine = ng.Engine(ng.Graph.chain(Counter()), sample_rate=48_000)
    wanted = "node test_counter: its analysis returns no 'missing', as each name in reports"
    with pytest.raises(ng.EngineError, match=wanted):
        engine.get("test_counter.missing")
    with pytest.raises(ng.EngineError, match=wanted):
        engine.stats()
