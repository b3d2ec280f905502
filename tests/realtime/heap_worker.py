"""Runs inside a process with the heap counter loaded: prints counts as JSON."""

import ctypes
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from allocating import allocates  # type: ignore[import-not-found]

import namgraph as ng
from namgraph.runtime.workers import plan_lanes

BLOCKS = 2_000
RACK_BLOCKS = 500


def params(graph: ng.Graph) -> dict[str, ng.Param]:
    return {
        f"{name}.{param}": row
        for name, node in graph.nodes.items()
        for param, row in node.params().items()
    }


def python_calls(library: ctypes.CDLL) -> dict[str, int]:
    """Count the heap calls of calls from Python: those that are given their memory make none."""
    model = ng.load_nam(ng.asset("crunch-lstm.nam"))
    engine = ng.Engine(ng.Graph.chain(ng.Gain(), channels=2), sample_rate=48_000, max_frames=512)
    x, y = (np.full((2, 512), 0.1, np.float32) for _ in range(2))
    stepper, one, out = ng.Stepper(model, 48_000), np.zeros(1, np.float32), np.zeros(1, np.float32)
    many = ng.Stepper(model, 48_000, streams=8)
    wide, wide_out = (np.zeros((8, 1), np.float32) for _ in range(2))
    player, state, saved = model.player(), stepper.save_state(), engine.save_state()

    def step_and_commit() -> None:
        stepper.step(one, out)
        stepper.commit()

    def step_and_rollback() -> None:
        stepper.step(one, out)
        stepper.rollback()

    calls: dict[str, Callable[[], object]] = {
        "process with out": lambda: engine.process(x, y),
        "set": lambda: engine.set("gain.gain_db", 3.0),
        "save_state into": lambda: engine.save_state(into=saved),
        "restore_state": lambda: engine.restore_state(saved),
        "process_sample": lambda: player.process_sample(0.1),
        "step with out": lambda: stepper.step(one, out),
        "step and commit": step_and_commit,
        "step and rollback": step_and_rollback,
        "step of many": lambda: many.step(wide, wide_out),
        "saved steps": lambda: stepper.restore_state(stepper.save_state(into=state)),
        "control in Python": lambda: engine.process(x),
    }
    found = dict[str, int]()
    for name, call in calls.items():
        for _ in range(500):
            call()
        library.count_from_here()
        for _ in range(BLOCKS):
            call()
        found[name] = int(library.counted())
    return found


def rack_calls(counter: Any, name: str, threads: int = 1) -> dict[str, int]:
    """Count the heap calls of a rack: in blocks of three lengths, with messages, and in a swap."""
    graph = ng.load_preset(name)
    engine = ng.Engine(graph, sample_rate=48_000, max_frames=64, threads=threads)
    if threads > 1:
        name = f"{name} on {threads} threads"
        assert engine.plan.lanes.engaged
    rng = np.random.default_rng(0)
    x = rng.uniform(-0.3, 0.3, (sum(graph.inputs.values()), 64)).astype(np.float32)
    y = np.zeros((sum(graph.outputs.values()), 64), np.float32)
    ins = np.array([row.ctypes.data for row in x], np.int64)
    outs = np.array([row.ctypes.data for row in y], np.int64)

    def heap_calls(frames: int) -> int:
        at = engine.address, engine.state, ins.ctypes.data, outs.ctypes.data
        return int(counter(*at, frames, RACK_BLOCKS))

    found = {f"{name}, block of {n}": heap_calls(n) for n in (64, 17, 1)}
    # Messages, a swap and its fade are taken without the heap too.  ``driven`` leaves them in the
    # ring, so that only the calls that are counted read it.
    engine.queue.has_audio_thread = True
    engine.swap(graph.copy())
    for at in range(engine.frame, engine.frame + 6_400, 1_600):
        for param, row in params(graph).items():
            engine.set(param, row.default, at=at)
    found[f"{name}, with messages and a swap"] = heap_calls(64)
    found[f"{name}, messages left"] = engine.queue.waiting
    return found


def main(library: str, *racks: str) -> None:
    counter = ctypes.CDLL(library).count_heap_calls
    counter.restype = ctypes.c_long
    counter.argtypes = [ctypes.c_void_p, *[ctypes.c_int64] * 3, ctypes.c_int32, ctypes.c_long]
    found = dict[str, int]()
    for name in racks:
        found |= rack_calls(counter, name)
    vars(plan_lanes)["measure_rows"] = lambda plan: [1e5] * len(plan.names)
    found |= rack_calls(counter, "two-amps", threads=2)
    found |= python_calls(ctypes.CDLL(library))
    y = np.zeros((1, 64), np.float32)
    outs = np.array([y.ctypes.data], np.int64)
    found["positive control"] = int(counter(allocates.address, 0, 0, outs.ctypes.data, 64, BLOCKS))
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
