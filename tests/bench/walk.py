"""What the engine itself costs: a node that does nothing, and a graph that is rewired.

Run as ``python -m namgraph.tests.bench.walk``; it prints the machine and medians, and judges
nothing.
"""

import time

import numpy as np
from numba import types

from namgraph.graph import Graph, Io, Node, Processor, Spec, node
from namgraph.nodes.gain import Gain
from namgraph.presets.bench import machine
from namgraph.runtime import Engine, Plan
from namgraph.runtime.abi import kernel, native
from namgraph.runtime.player import walk
from namgraph.runtime.pointers import call_node

NODES, FRAMES, REPEATS, ROUNDS = 100, 64, 2_000, 25


@kernel
def _nothing(state: int, ins: int, outs: int, frames: int) -> None:
    pass


@node("bench_nothing")
class Nothing(Node):
    """Does nothing, as fast as a node can."""

    def prepare(self, io: Io) -> Processor:
        return Processor(_nothing, io.memory.record(np.dtype([("unused", np.int64)])))


@native(types.void(types.int64, types.int64, types.int64, types.int64))
def _again(function: int, plan: int, frames: int, times: int) -> None:
    for _ in range(times):
        call_node(function, plan, 0, 0, np.int32(frames))


def chain(made: type[Node], count: int) -> Graph:
    graph = Graph()
    last = graph.input("in", channels=1)
    for k in range(count):
        last = last >> graph.add(f"n{k}", made())
    last >> graph.output("out", channels=1)
    return graph


def nanoseconds(plan: Plan) -> float:
    begun = time.perf_counter_ns()
    _again.ctypes(walk.address, plan.address, FRAMES, REPEATS)
    return (time.perf_counter_ns() - begun) / REPEATS


def per_node(checked: bool) -> float:
    """Take the difference of two chains, round by round, so that the call itself drops out."""
    short, long = (Plan(chain(Nothing, n), Spec(48_000, FRAMES)) for n in (1, 1 + NODES))
    if not checked:
        short.rows["checked"] = long.rows["checked"] = 0
    found = [(nanoseconds(long) - nanoseconds(short)) / NODES for _ in range(ROUNDS)]
    return float(np.median(found))


def rewire() -> float:
    """Take a node out of a playing rack of 100, again and again."""
    graph = chain(Gain, NODES)
    engine = Engine(graph, sample_rate=48_000, max_frames=FRAMES)
    found = []
    for k in range(1, 40, 2):
        graph = graph.copy()
        graph.remove(f"n{k}")
        graph.connect(f"n{k - 1}", f"n{k + 1}")
        begun = time.perf_counter()
        engine.swap(graph)
        found.append(time.perf_counter() - begun)
        engine.process(np.zeros(4_000, np.float32))
    return float(np.median(found)) * 1e3


def main() -> None:
    print(machine())
    print(f"a node that does nothing: {per_node(False):.2f} ns")
    print(f"the same with its output of {FRAMES} frames checked: {per_node(True):.2f} ns")
    print(f"rewiring a rack of {NODES} nodes: {rewire():.2f} ms")


if __name__ == "__main__":
    main()
