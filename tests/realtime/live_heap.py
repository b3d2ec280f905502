"""Runs in a process with the heap counter loaded: one thread plays everything; prints counts."""

import ctypes
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import live_racks  # type: ignore[import-not-found]
import numpy as np
from allocating import allocates  # type: ignore[import-not-found]

from namgraph.graph import Graph
from namgraph.nodes.time.delay import Delay
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime import Engine
from namgraph.runtime.adapters.live.clock import run_clock
from namgraph.runtime.adapters.live.null import NullStream
from namgraph.runtime.engine.build import build_plan

BLOCKS = 3_000


def post_swap(engine: Engine, graph: Graph) -> None:
    """Post a swap as ``Engine.swap`` does, but without waiting until the ring is read."""
    queue = engine.queue
    plan = build_plan(graph, engine.spec, queue.plan, int(queue.record["fade_frames"][0]))
    plan.touch()
    queue.post_plan(plan)


def main(library: str) -> None:
    counter: Any = ctypes.CDLL(library).count_heap_calls
    counter.restype = ctypes.c_long
    counter.argtypes = [ctypes.c_void_p, *[ctypes.c_int64] * 3, ctypes.c_int32, ctypes.c_long]
    echo, amp, bad, slow = Delay(time_ms=150.0, feedback=0.2), Gain(), "break", "spin"
    nodes = [("amp", amp), ("bad", live_racks.make(bad)), ("slow", live_racks.make(slow))]
    x = np.sin(np.arange(48_000) / 20).astype(np.float32)
    stream = NullStream(
        live_racks.chain(("echo", echo), *nodes),
        seconds=BLOCKS * 64 / 48_000,
        realtime=False,
        source=x,
        record=48_000,
    )
    stream.store("A")
    stream.mix("amp", 0.5)
    stream.store("B")
    stream.engine.prepare()
    stream.engine.queue.has_audio_thread = (
        True  # so that only the call that is counted reads the ring
    )
    stream.engine.guard(0.004, overruns=3, mute_s=0.05)
    for at in range(0, 64 * BLOCKS // 2, 1_000):
        stream.set("amp.gain_db", -(at % 7), at=at)
        stream.engine.bypass("amp", at % 2_000 == 0, at=at)
    for slot in "ABAB":
        stream.recall(slot)
    stream.set("bad.us", 0.0, at=5_000)
    stream.set("bad.us", 1.0, at=6_000)
    stream.set("slow.us", 20_000.0, at=8_000)
    stream.set("slow.us", 0.0, at=8_640)
    stream.clock["flags"] = 6
    post_swap(stream.engine, live_racks.chain(*nodes))  # the echo rings on
    post_swap(stream.engine, live_racks.chain(("more", Gain(gain_db=-3.0)), *nodes))
    calls = counter(run_clock.address, stream.clock.ctypes.data, 0, 0, 0, 1)
    row = np.zeros(64, np.float32)
    outs = np.array([row.ctypes.data], np.int64)
    found = {
        "heap calls": calls,
        "blocks": int(stream.clock["done"][0]),
        "retired": int(stream.engine.queue.record["retired"][0]),
        "xruns": int(stream.host["xruns"][0]),
        "left in the ring": stream.engine.queue.waiting,
        "rests": sum(n.overruns for n in stream.engine.stats().nodes),
        "positive control": counter(allocates.address, 0, 0, outs.ctypes.data, 64, 10),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
