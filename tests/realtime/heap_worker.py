"""Runs inside a process with the heap counter loaded: prints counts as JSON."""

import ctypes
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from allocating import allocates  # type: ignore[import-not-found]

import namgraph as ng

BLOCKS = 2_000


def params(graph: ng.Graph) -> dict[str, ng.Param]:
    return {
        f"{name}.{param}": row
        for name, node in graph.nodes.items()
        for param, row in node.params().items()
    }


def main(library: str, rig: str) -> None:
    counter = ctypes.CDLL(library).count_heap_calls
    counter.restype = ctypes.c_long
    counter.argtypes = [ctypes.c_void_p, *[ctypes.c_int64] * 3, ctypes.c_int32, ctypes.c_long]
    graph = ng.load_preset(rig)
    engine = ng.Engine(graph, sample_rate=48_000, max_frames=64)
    rng = np.random.default_rng(0)
    x = rng.uniform(-0.3, 0.3, (sum(graph.inputs.values()), 64)).astype(np.float32)
    y = np.zeros((sum(graph.outputs.values()), 64), np.float32)
    ins = np.array([row.ctypes.data for row in x], np.int64)
    outs = np.array([row.ctypes.data for row in y], np.int64)

    def heap_calls(address: int, state: int, frames: int) -> int:
        return int(counter(address, state, ins.ctypes.data, outs.ctypes.data, frames, BLOCKS))

    found = {f"block of {n}": heap_calls(engine.address, engine.state, n) for n in (64, 17, 1)}
    # Messages, a swap and its fade are taken without the heap too.  ``driven`` leaves them in the
    # ring, so that only the calls that are counted read it.
    engine.queue.has_audio_thread = True
    engine.swap(graph.copy())
    for at in range(engine.frame, engine.frame + 6_400, 100):
        for name, row in params(graph).items():
            engine.set(name, row.default, at=at)
    found["with messages and a swap"] = heap_calls(engine.address, engine.state, 64)
    found["messages left"] = engine.queue.waiting
    found["positive control"] = heap_calls(allocates.address, 0, 64)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
