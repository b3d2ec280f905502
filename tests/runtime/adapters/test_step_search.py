"""A search loop drives a ``Stepper``: candidates from the same commit, two networks in one step."""

import gc
import tracemalloc

import numpy as np

import namgraph as ng

from ..racks import noise

RATE = 48_000
LSTM = ng.asset("crunch-lstm.nam")


def two_networks() -> ng.Graph:
    """The input goes to one model, and its output with the input to another."""
    graph = ng.Graph()
    first, second = (graph.add(name, ng.Nam(LSTM)) for name in ("predict", "join"))
    start = graph.input("in", channels=1)
    start >> first >> second >> graph.output("out", channels=1)
    graph.connect("in", "join")
    return graph


def heard(graph: ng.Graph, x: list[float]) -> float:
    """The last frame of an engine that plays a whole prefix: the oracle."""
    made = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    return float(made.process(np.array(x, np.float32))[-1])


def test_candidates_are_all_tried_from_the_same_commit() -> None:
    stepper, kept = ng.Stepper(two_networks(), RATE), list[float]()
    for choices in noise(12).reshape(4, 3).tolist():
        tried = []
        for choice in choices:
            tried.append(stepper.step(choice))
            stepper.rollback()
        assert tried == [heard(two_networks(), [*kept, choice]) for choice in choices]
        best = choices[int(np.argmax(tried))]
        assert stepper.step(best) == max(tried)
        if best > 0.0:  # as after a blank, nothing is committed otherwise
            stepper.commit()
            kept.append(best)
        stepper.rollback()
    assert kept
    assert stepper.stats().steps == 16
    assert stepper.stats().commits == len(kept)


def test_a_commit_takes_the_state_of_both_networks() -> None:
    x = noise(40)
    stepper = ng.Stepper(two_networks(), RATE, 8)
    stepper.step(x[:8])
    stepper.commit()
    stepper.step(-x[8:16])
    stepper.rollback()
    rest = np.concatenate([stepper.step(x[k : k + 8]) for k in range(8, 40, 8)])
    whole = ng.Engine(two_networks(), sample_rate=RATE, max_frames=64).process(x)
    np.testing.assert_array_equal(rest, whole[8:])


def test_steps_commits_and_saves_allocate_nothing() -> None:
    stepper = ng.Stepper(two_networks(), RATE, 64)
    x, out = noise(64), np.empty(64, np.float32)
    state = stepper.save_state()

    def peak(allocate: bool) -> int:
        kept: list[np.ndarray | None] = [None] * 100
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for k in range(100):
            kept[k] = stepper.step(x) if allocate else stepper.step(x, out)
            stepper.commit()
            stepper.rollback()
            stepper.save_state(into=state)
            stepper.restore_state(state)
        most = tracemalloc.get_traced_memory()[1] - before
        tracemalloc.stop()
        return most

    peak(False)
    assert peak(True) > 100 * x.nbytes, "the positive control: arrays are counted"
    assert peak(False) < 20 * x.nbytes, "numbers and references only"
