"""Memory of a graph: its limit is found while nodes prepare, and the largest nodes are named."""

import re
import tracemalloc

import numpy as np
import pytest

import namgraph as ng
from namgraph.runtime.adapters import offline
from namgraph.runtime.limits import MAX_GRAPH_BYTES, format_bytes
from namgraph.runtime.plan.arena import ALIGN, Arena, Memory, TooLargeError
from namgraph.runtime.plan.layout import memory as plan_memory

MIB = 1 << 20


def delays(count: int) -> ng.Graph:
    graph = ng.Graph()
    end = graph.input("in", channels=1)
    for k in range(count):
        end = end >> graph.add(f"d{k}", ng.Delay(time_ms=2000.0))
    end >> graph.output("out", channels=1)
    return graph


def test_many_delays_are_refused_before_their_memory_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plan_memory, "MAX_GRAPH_BYTES", 20 * MIB)
    ng.Engine(delays(9), sample_rate=48_000, max_frames=64)  # 2 MiB each
    tracemalloc.start()
    with pytest.raises(ng.EngineError) as caught:
        ng.Engine(delays(200), sample_rate=48_000, max_frames=64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * MIB
    said = str(caught.value)
    assert re.search(r"needs \d+\.\d MiB of memory with 10 of its nodes", said)
    assert "d0 2.0 MiB, d1 2.0 MiB, d2 2.0 MiB" in said
    assert f"at most {format_bytes(MAX_GRAPH_BYTES)}" in said


@pytest.mark.parametrize("ask", ["state", "scratch"])
def test_one_block_is_refused_before_it_is_allocated(ask: str) -> None:
    memory = Memory()
    with pytest.raises(TooLargeError, match=r"needs .* GiB of memory: at most 4\.0 GiB"):
        getattr(memory, ask)((1 << 20, 1 << 20))
    assert not memory.blocks


def test_a_node_that_needs_too_much_memory_is_named() -> None:
    @ng.node("greedy_for_limits")
    class Greedy(ng.Node):
        def prepare(self, io: ng.Io) -> ng.Processor:
            return ng.Processor(None, io.memory.state(1 << 40))  # type: ignore[arg-type]

    graph = ng.Graph()
    graph.input("in", channels=1) >> graph.add("g", Greedy()) >> graph.output("out", channels=1)
    with pytest.raises(ng.EngineError, match=r"^node g \(greedy_for_limits\): needs 8192\.0 GiB"):
        ng.Engine(graph, sample_rate=48_000, max_frames=64)


def test_what_is_counted_is_what_an_arena_has() -> None:
    memory = Memory()
    memory.state((3, 100))
    memory.scratch(77, np.float64)
    memory.constant(np.ones(13))
    memory.pointers([memory.record(np.dtype([("a", np.float64)]), a=1.0)])
    assert Arena([memory]).nbytes == memory.nbytes + ALIGN


def test_a_result_has_the_limit_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "MAX_AUDIO_SAMPLES", 1000)
    graph = ng.Graph()
    graph.input("in", channels=1) >> graph.add("p", ng.Pan()) >> graph.output("out", channels=2)
    assert ng.render(graph, np.zeros(500, np.float32), 48_000).shape == (2, 500)
    with pytest.raises(ng.EngineError, match="501 frames of 2 channels: at most 1000 samples"):
        ng.render(graph, np.zeros(501, np.float32), 48_000)


@pytest.mark.parametrize(
    ("count", "said"), [(17, "17 bytes"), (2048, "2.0 KiB"), (3 << 30, "3.0 GiB")]
)
def test_sizes_are_spelled(count: int, said: str) -> None:
    assert format_bytes(count) == said
