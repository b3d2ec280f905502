"""Steps, commits, rollbacks and so on of some streams in any order, against an engine for each."""

from collections.abc import Mapping
from typing import Any

import numpy as np

import namgraph as ng

__all__ = ["any_order"]

RATE, MOST = 48_000, 7
CALLS = [*["step"] * 3, "commit", "rollback", "reset", "select", "save", "restore", "set"]


class Reference:
    """The states of each stream as saved states of one engine."""

    def __init__(self, graph: ng.Graph, streams: int) -> None:
        self.engine = ng.Engine(graph, sample_rate=RATE, max_frames=MOST, fade_s=0.0)
        first = self.engine.save_state()
        self.first, self.streams = first, range(streams)
        self.tentative = [first] * streams
        self.committed = [first] * streams

    def step(self, block: Any) -> Any:
        outputs = []
        for k in self.streams:
            self.engine.restore_state(self.tentative[k])
            outputs.append(self.engine.process(block[k]))
            self.tentative[k] = self.engine.save_state()
        return np.stack(outputs)


def chosen(rng: Any, streams: int) -> tuple[Any, list[int]]:
    """Streams as an argument (``None``, a mask or numbers) and as numbers."""
    kind = rng.integers(3)
    mask = rng.random(streams) < 0.5 if kind else np.ones(streams, bool)
    numbers = np.flatnonzero(mask)
    return (None, mask, numbers)[kind], numbers.tolist()


def any_order(
    graph: ng.Graph,
    limits: Mapping[str, tuple[float, float]],
    streams: int,
    seed: int,
    calls: int = 400,
) -> ng.Stepper:
    """Make calls in a random order; every step must give the bits of the reference.

    ``limits`` are the parameters to set, and their ranges.  Return the stepper.
    """
    rng = np.random.default_rng(seed)
    made, wanted = ng.Stepper(graph, RATE, MOST, streams=streams), Reference(graph, streams)
    kept: list[tuple[ng.EngineState, ng.EngineState]] = []
    for _ in range(calls):
        call = rng.choice(CALLS)
        which, numbers = chosen(rng, streams)
        if call == "step":
            frames = int(rng.integers(1, MOST + 1))
            block = rng.standard_normal((streams, 1, frames)).astype(np.float32)
            expected = wanted.step(block)
            np.testing.assert_array_equal(made.step(block), expected)
        elif call == "commit":
            made.commit(which)
            for k in numbers:
                wanted.committed[k] = wanted.tentative[k]
        elif call == "rollback":
            made.rollback(which)
            for k in numbers:
                wanted.tentative[k] = wanted.committed[k]
        elif call == "reset":
            made.reset(which)
            for k in numbers:
                wanted.committed[k] = wanted.tentative[k] = wanted.first
        elif call == "select":
            sources = rng.integers(0, streams, streams)
            made.select(sources)
            wanted.tentative = [wanted.tentative[k] for k in sources]
        elif call == "save":
            stream = int(rng.integers(streams))
            mine, reference = made.save_state(stream=stream), wanted.tentative[stream]
            assert mine.frame == reference.frame
            kept.append((mine, reference))
        elif call == "restore" and kept:
            # The engine's own state is as good as the stepper's.
            number, own = rng.integers(len(kept)), rng.random() < 0.5
            mine, reference = kept[number]
            made.restore_state(mine if own else reference, streams=which)
            for k in numbers:
                wanted.tentative[k] = reference
        elif call == "set" and limits:
            name = str(rng.choice(list(limits)))
            value = float(rng.uniform(*limits[name]))
            made.set(name, value)
            wanted.engine.set(name, value)
    return made
