"""Worker threads end: with their engine, at exit, and none is started where none is of use."""

import gc
import subprocess
import sys
import threading
import time
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Graph
from namgraph.runtime.native.cpu import processors
from namgraph.runtime.workers.plan_lanes import PlanLanes
from namgraph.runtime.workers.worker_threads import WorkerThreads, make_workers

from .rigs import RATE, play, spread_out, threads_of, two_branches

NOISE = np.random.default_rng(2).uniform(-0.5, 0.5, 1000).astype(np.float32)


def workers() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("namgraph-worker")]


def left_after(seconds: float) -> list[threading.Thread]:
    """Return the workers that live, after waiting for them to end."""
    deadline = time.monotonic() + seconds
    while workers() and time.monotonic() < deadline:
        time.sleep(0.005)
    return workers()


def test_they_end_when_the_engine_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    spread_out(monkeypatch)
    gc.collect()
    assert left_after(5.0) == []
    engine = ng.Engine(two_branches(), sample_rate=RATE, max_frames=64, threads=2)
    plan = weakref.ref(engine.plan)
    play(engine, NOISE, [64])
    assert len(workers()) == 1
    del engine
    gc.collect()
    assert left_after(5.0) == []
    assert plan() is None


def test_a_plan_is_freed_after_a_swap(monkeypatch: pytest.MonkeyPatch) -> None:
    spread_out(monkeypatch)
    engine = ng.Engine(two_branches(), sample_rate=RATE, max_frames=64, threads=3)
    play(engine, NOISE, [64])
    plan = weakref.ref(engine.plan)
    engine.swap(two_branches(1000))
    play(engine, np.tile(NOISE, 2), [64])
    assert engine.queue.count_old_plans() == 0
    gc.collect()
    assert plan() is None
    assert threads_of(engine).lanes


SCRIPT = """
import numpy as np, namgraph as ng
from namgraph.runtime.workers import plan_lanes
plan_lanes.measure_rows = lambda plan: [1e6] * len(plan.names)
graph = ng.Graph()
source, sink = graph.input("in", channels=1), graph.output("out", channels=1)
for name in "ab":
    source >> graph.add(name, ng.Gain(gain_db=-3.0)) >> graph.add(name + "2", ng.Gain()) >> sink
stream = ng.NullStream(graph, 64, threads=2).start()
engine = ng.Engine(graph, sample_rate=48_000, max_frames=64, threads=2)
engine.process(np.zeros(64, np.float32))
assert stream.engine.stats().threads.engaged and engine.stats().threads.engaged
print("end")
"""


def test_they_end_at_the_exit_of_python() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


def test_none_is_started_where_one_thread_is_as_fast() -> None:
    graph = Graph.chain(ng.Gain(), channels=1)
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64, threads=2)
    play(engine, NOISE, [64])
    found = threads_of(engine)
    assert (found.engaged, found.blocks, found.lanes) == (False, 0, (("gain",),))
    assert found.reason == "no two of its nodes are independent"
    assert "threads: one plays alone: no two of its nodes" in str(engine.stats())
    assert engine.queue.workers is not None
    assert engine.queue.workers._shared.threads == []
    cheap = Graph()
    source, sink = cheap.input("in", channels=1), cheap.output("out", channels=1)
    for name in "ab":
        source >> cheap.add(name, ng.Gain(gain_db=1.0)) >> sink
    short = threads_of(ng.Engine(cheap, sample_rate=RATE, max_frames=16, threads=2))
    assert not short.engaged
    assert "us" in short.reason or "too quick" in short.reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"executor": object()}, "on a GPU"), ({"executor": None, "afters": (print,)}, "call Python")],
)
def test_nodes_on_a_gpu_or_with_python_are_played_by_one(fields: Any, reason: str) -> None:
    plan: Any = SimpleNamespace(
        names=["a"], rows={}, header={}, is_node=[True], lanes=None, **fields
    )
    assert reason in PlanLanes(plan, 2, 0).choice.reason
    assert not plan.lanes.engaged


def test_numbers_of_threads() -> None:
    assert make_workers(1) is None
    many = make_workers(None)
    assert many is not None
    assert many.threads == processors()
    for wrong in (0, 257, "2", 1.5):
        with pytest.raises(ng.ParamError, match="threads is"):
            ng.Engine(two_branches(), sample_rate=RATE, threads=wrong)  # type: ignore[arg-type]


def test_a_refused_priority_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    spread_out(monkeypatch)
    engine = ng.Engine(two_branches(), sample_rate=RATE, max_frames=64, threads=2)
    held = engine.queue.workers
    assert isinstance(held, WorkerThreads)
    assert "nvalid" in held.raise_priority(1000) or sys.platform == "win32"


def test_a_plan_whose_swap_cannot_be_posted_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    spread_out(monkeypatch)
    engine = ng.Engine(two_branches(), sample_rate=RATE, max_frames=64, threads=2)
    play(engine, NOISE, [64])
    queue, before = engine.queue, engine.graph
    assert queue.workers is not None
    plans = queue.workers._shared.plans

    def refuse() -> None:
        raise ng.EngineError("the message queue is full")

    with monkeypatch.context() as patch:
        patch.setattr(type(queue.ring), "full", True)
        patch.setattr(queue, "drain", refuse)
        with pytest.raises(ng.EngineError, match="queue is full"):
            engine.swap(two_branches(1000))
    assert plans == [engine.plan]
    assert (queue.old_plans, engine.stats().swaps) == ([], 0)
    assert engine.graph == before
    engine.swap(two_branches(1000))
    play(engine, NOISE, [64])
    assert engine.graph == two_branches(1000)
