"""Graphs and signals for the tests of the pedalboard adapter."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import namgraph as ng

Audio = NDArray[np.float32]
RATE = 48_000
LAG = 100


class Late(ng.Delay):
    """A delay of whole frames that reports its time as latency."""

    def latency(self, spec: ng.Spec) -> int:
        return round(self.time_ms * 1e-3 * spec.rate)

    def tail(self, spec: ng.Spec) -> int:
        return 0


class Only48k(ng.Gain):
    """A gain that raises ``EngineError`` at any sample rate but 48 kHz."""

    def prepare(self, io: ng.Io) -> ng.Processor:
        if io.spec.rate != RATE:
            raise ng.EngineError(f"only48k: the rate is {io.spec.rate:g}: must be {RATE}")
        return super().prepare(io)


def noise(channels: int, frames: int = 9000, seed: int = 0) -> Audio:
    return (0.3 * np.random.default_rng(seed).standard_normal((channels, frames))).astype("f4")


def echo_graph(channels: int = 2, lag: int = 0, gain_db: float = -6.0) -> ng.Graph:
    """Gain and echo, with ``lag`` frames of latency."""
    graph = ng.Graph()
    end = graph.input("in", channels=channels) >> graph.add("amp", ng.Gain(gain_db=gain_db))
    end = end >> graph.add("echo", ng.Delay(time_ms=3.0, feedback=0.5))
    if lag:
        late = Late(time_ms=lag * 1e3 / RATE, feedback=0.0, mix=1.0)
        end = end >> graph.add("late", late)
    end >> graph.output("out", channels=channels)
    return graph


def around(node: ng.Node, channels: int = 2) -> ng.Graph:
    graph = ng.Graph()
    graph.input("in", channels=channels) >> graph.add("fx", node)
    graph.handle("fx") >> graph.output("out", channels=channels)
    return graph


def wire(channels: int = 2) -> ng.Graph:
    graph = ng.Graph()
    graph.input("in", channels=channels) >> graph.output("out", channels=channels)
    return graph


def rendered(graph: ng.Graph, audio: Audio, rate: float = RATE) -> Audio:
    return ng.render(graph, audio, rate, tail=False)


def play(made: Any, x: Audio, rate: float = RATE, reset: bool = True) -> Audio:
    """Process audio with a ``GraphPlugin``, or with a ``GraphEffect`` on a board."""
    from namgraph.runtime.adapters.pedalboard import Board, GraphEffect

    board = Board([made]) if isinstance(made, GraphEffect) else made
    out: Audio = board(x, rate, reset=reset)
    return out
