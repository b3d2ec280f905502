"""Engine overhead: time of a node that does nothing, and of changing a graph while it plays.

The time of a node is the difference between chains of 1 and of 101 such nodes in the same round,
so that the call itself cancels; medians over rounds.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import types

from ...graph import Graph, Io, Node, Processor, Spec
from ...nodes.utility.gain import Gain
from ...runtime.engine.engine import Engine
from ...runtime.native.abi import kernel, native
from ...runtime.native.pointers import call_node
from ...runtime.plan.plan import Plan
from ...runtime.plan.player import walk

__all__ = ["format_row", "steps"]

NODES, FEW, FRAMES, RATE = 100, 20, 64, 48_000
Row = dict[str, Any]


@kernel
def _nothing(state: int, ins: int, outs: int, frames: int) -> None:
    pass


class Nothing(Node):
    """A node whose kernel returns at once.  It is not registered: presets cannot name it."""

    type_name = "bench_nothing"

    def prepare(self, io: Io) -> Processor:
        """Allocate the smallest record."""
        return Processor(_nothing, io.memory.record(np.dtype([("unused", np.int64)])))


@native(types.void(types.int64, types.int64, types.int64, types.int64))
def _again(function: int, plan: int, frames: int, times: int) -> None:
    for _ in range(times):
        call_node(function, plan, 0, 0, np.int32(frames))


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield nanoseconds per node and block, then milliseconds per change of the graph."""
    rounds, repeats = (3, 200) if quick else (25, 2_000)
    for checked in (False, True):
        ns = _node_ns(checked, rounds, repeats)
        yield "node", {"frames": FRAMES, "output_checked": checked, "ns": ns}
    yield "exchange", {"nodes": FEW, "ms": _exchange_ms(3 if quick else 50)}
    yield "rewire", {"nodes": NODES, "ms": _rewire_ms(3 if quick else 20)}


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    if name == "exchange":
        return f"two neighbours of {row['nodes']} change places: {row['ms']:.2f} ms to prepare"
    if name == "rewire":
        return f"taking one node out of a playing graph of {row['nodes']}: {row['ms']:.2f} ms"
    checked = f"its output of {row['frames']} frames " + (
        "checked for numbers that are not finite" if row["output_checked"] else "not checked"
    )
    return f"a node that does nothing, {checked}: {row['ns']:.2f} ns a block"


def _chain(made: type[Node], count: int) -> Graph:
    graph = Graph()
    last = graph.input("in", channels=1)
    for k in range(count):
        last = last >> graph.add(f"n{k}", made())
    last >> graph.output("out", channels=1)
    return graph


def _node_ns(checked: bool, rounds: int, repeats: int) -> float:
    short, long = (Plan(_chain(Nothing, n), Spec(RATE, FRAMES)) for n in (1, 1 + NODES))
    if not checked:
        short.rows["checked"] = long.rows["checked"] = 0

    def ns(plan: Plan) -> float:
        begun = time.perf_counter_ns()
        _again.ctypes(walk.address, plan.address, FRAMES, repeats)
        return (time.perf_counter_ns() - begun) / repeats

    return float(np.median([(ns(long) - ns(short)) / NODES for _ in range(rounds)]))


def _exchange_ms(rounds: int) -> float:
    """Return the median time of ``swap`` to a chain in which two of 20 nodes change places."""
    names = [f"n{k}" for k in range(FEW)]
    nodes: dict[str, Any] = {name: Gain() for name in names}
    order = [*names[:5], names[6], names[5], *names[7:]]
    graphs = [Graph.chain(**nodes), Graph.chain(**{name: nodes[name] for name in order})]
    engine = Engine(graphs[0], sample_rate=RATE, max_frames=FRAMES)
    found = []
    for k in range(1, rounds + 1):
        engine.process(np.zeros(4_000, np.float32))
        begun = time.perf_counter()
        engine.swap(graphs[k % 2])
        found.append(time.perf_counter() - begun)
    return float(np.median(found)) * 1e3


def _rewire_ms(rounds: int) -> float:
    """Remove nodes from a playing graph of 100 one by one; return the median time of ``swap``."""
    graph = _chain(Gain, NODES)
    engine = Engine(graph, sample_rate=RATE, max_frames=FRAMES)
    found = []
    for k in range(1, 2 * rounds, 2):
        graph = graph.copy()
        graph.remove(f"n{k}")
        graph.connect(f"n{k - 1}", f"n{k + 1}")
        begun = time.perf_counter()
        engine.swap(graph)
        found.append(time.perf_counter() - begun)
        engine.process(np.zeros(4_000, np.float32))
    return float(np.median(found)) * 1e3
