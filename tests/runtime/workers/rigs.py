"""Graphs with independent branches, a node that takes a random time, and threads that must play."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

import namgraph as ng
from namgraph.graph import Graph, Node, node_types
from namgraph.nodes import Click, Delay, Filter, Gain, Lfo, Limiter
from namgraph.runtime.native.cpu import cycles
from namgraph.runtime.plan.plan import Plan
from namgraph.runtime.workers import plan_lanes, worker_threads

RATE = 48_000
Audio = NDArray[np.float32]

STATE = np.dtype([("seed", np.int64), ("longest", np.int64), ("y", np.float64)])


@ng.kernel
def _dawdle(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    x, y = ng.channel(ins, 0, frames), ng.channel(outs, 0, frames)
    for i in range(frames):  # written early, and again late: who reads in between is found
        y[i] = np.float32(0.0)
    s.seed = (s.seed * 1103515245 + 12345) & 0x7FFFFFFF
    begun, spend = cycles(), (s.longest * (s.seed >> 8)) >> 23
    while cycles() - begun < spend:
        pass
    last = s.y
    for i in range(frames):
        last += 0.1 * (x[i] - last)
        y[i] = np.float32(last)
    s.y = last


@cache
def dawdle_type() -> Any:
    if "test_dawdle" in node_types():
        return node_types()["test_dawdle"]

    @ng.node("test_dawdle")
    class Dawdle(ng.Node):
        """A low-pass that takes up to ``longest`` cycles, another number in each block."""

        seed: int = ng.option(default=1)
        longest: int = ng.option(default=60_000)

        def prepare(self, io: ng.Io) -> ng.Processor:
            made = io.memory.record(STATE, seed=self.seed, longest=self.longest)
            return ng.Processor(_dawdle, made)

    return Dawdle


def dawdle(seed: int, longest: int = 60_000) -> Node:
    made: Node = dawdle_type()(seed=seed, longest=longest)
    return made


def two_branches(longest: int = 60_000) -> Graph:
    """One input, two branches of two nodes, and their sum."""
    graph = Graph()
    source, sink = graph.input("in", channels=1), graph.output("out", channels=1)
    for k, name in enumerate("ab"):
        first, last = graph.add(f"first {name}", dawdle(k, longest)), graph.add(name, dawdle(k + 7))
        source >> first >> last >> sink
    return graph


KINDS: dict[str, Node] = {
    "dawdle": Gain(),
    "gain": Gain(gain_db=-3.0),
    "delay": Delay(time_ms=1.0, feedback=0.3, mix=0.5),
    "filter": Filter(),
    "late": Limiter(),
    "click": Click(),
}


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Random graphs: sums, delays that align branches, mixes, bypasses, control signals."""
    graph = Graph()
    ends = [graph.input("in", channels=1)]
    names: list[str] = []
    has_lfo = draw(st.booleans())
    if has_lfo:
        graph.add("lfo", Lfo(rate_hz=7.0))
    for k in range(draw(st.integers(3, 9))):
        kind = draw(st.sampled_from(sorted(KINDS)))
        here = graph.add(name := f"n{k}", dawdle(k, 20_000) if kind == "dawdle" else KINDS[kind])
        for source in draw(st.sets(st.integers(0, len(ends) - 1), min_size=1, max_size=3)):
            if kind != "click":
                ends[source] >> here
        moved = {"gain": "gain_db", "click": "level_db"}.get(kind)  # a click reads the transport
        if has_lfo and moved and draw(st.booleans()):
            graph.connect("lfo", f"{name}.{moved}", 0.1)
        ends.append(here)
        names += [name] * (kind != "click")
    sink = graph.output("out", channels=1)
    for end in ends[-draw(st.integers(1, 3)) :]:
        end >> sink
    if draw(st.booleans()) and names:
        graph.mix(names[0], 0.4)
    if draw(st.booleans()) and names:
        graph.bypass(names[-1])
    return graph


def spread_out(monkeypatch: pytest.MonkeyPatch, patience_s: float = 30.0) -> None:
    """Share rows of equal costs, and have the audio thread wait for workers that come late."""
    monkeypatch.setattr(plan_lanes, "measure_rows", equal_costs)
    monkeypatch.setattr(worker_threads, "PATIENCE_NS", patience_s * 1e9)
    monkeypatch.setattr(worker_threads, "SETTLE_NS", patience_s * 1e9)


def equal_costs(plan: Plan) -> list[float]:
    return [1e6 if node else 1e3 for node in plan.is_node]


def play(engine: ng.Engine, x: Audio, cuts: list[int]) -> Audio:
    """Play a mono signal in blocks of these lengths, again and again."""
    made, at, k = [], 0, 0
    while at < len(x):
        made.append(engine.process(x[at : at + cuts[k % len(cuts)]]))
        at, k = at + cuts[k % len(cuts)], k + 1
    return np.concatenate(made)


def threads_of(engine: ng.Engine) -> Any:
    found = engine.stats().threads
    assert found is not None
    return found
