"""Connections made, removed and changed while it plays: every node keeps its state, to the bit."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng

from ..racks import noise

RATE = 48_000
NODES: dict[str, Callable[[], ng.Node]] = {
    "amp": lambda: ng.Nam(ng.asset("crunch-wavenet.nam"), input_db=3.0),
    "cab": lambda: ng.Cab(ng.asset("cab.wav")),
    "echo": lambda: ng.Delay(time_ms=3.0, feedback=0.4),
    "block": lambda: ng.DcBlock(cutoff_hz=60.0),
    "lstm": lambda: ng.Nam(ng.asset("crunch-lstm.nam")),
}


def rack(order: Sequence[str]) -> ng.Graph:
    nodes: dict[str, Any] = {name: NODES[name]() for name in order}
    return ng.Graph.chain(**nodes)


def engine(graph: ng.Graph) -> ng.Engine:
    return ng.Engine(graph, sample_rate=RATE, max_frames=64, fade_s=0.0, strict=None)


def by_hand(parts: Sequence[tuple[Sequence[str], np.ndarray]]) -> list[np.ndarray]:
    """Play signals through engines of one node each, in the order given: the oracle."""
    singles = {name: engine(rack([name])) for name in NODES}
    found = []
    for order, x in parts:
        y = x
        for name in order:
            y = singles[name].process(y)
        found.append(y)
    return found


def test_nodes_change_places() -> None:
    first, second = noise(500, seed=1), noise(700, seed=2)
    orders = [["amp", "block", "cab", "echo", "lstm"], ["block", "lstm", "amp", "echo", "cab"]]
    made = engine(rack(orders[0]))
    found = [made.process(first)]
    made.swap(rack(orders[1]))
    found.append(made.process(second))
    made.swap(rack(orders[0]))
    found.append(made.process(first))
    expected = by_hand([(orders[0], first), (orders[1], second), (orders[0], first)])
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def parallel() -> ng.Graph:
    graph = ng.Graph()
    ends = graph.input("in", channels=1), graph.output("out", channels=1)
    for name in ("amp", "echo"):
        graph.add(name, NODES[name]())
        graph.connect(ends[0], name)
        graph.connect(name, ends[1])
    return graph


def test_inputs_are_disconnected_and_connected_again() -> None:
    x = noise(400, seed=3)
    graph = parallel()
    made = engine(graph)
    singles = {name: engine(rack([name])) for name in ("amp", "echo")}
    silence = np.zeros_like(x)

    def expected(fed: np.ndarray) -> np.ndarray:
        total: np.ndarray = singles["amp"].process(x) + singles["echo"].process(fed)
        return total

    np.testing.assert_array_equal(made.process(x), expected(x))
    graph = graph.copy()
    graph.disconnect("in", "echo")
    made.swap(graph)
    np.testing.assert_array_equal(made.process(x), expected(silence))  # the echo rings on
    graph = graph.copy()
    graph.connect("in", "echo")
    made.swap(graph)
    np.testing.assert_array_equal(made.process(x), expected(x))


def test_values_set_while_it_plays_stay() -> None:
    made = engine(parallel())
    made.set("echo.feedback", 0.9)
    made.process(noise(100))
    graph = made.graph
    graph.disconnect("echo", "out")
    made.swap(graph)
    made.process(noise(100))
    assert made["echo.feedback"] == 0.9


def test_nodes_that_stay_are_not_prepared_again(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [["amp", "cab"], ["cab", "amp"]]
    made = engine(rack(orders[0]))
    prepared: list[ng.Nam] = []
    prepare = ng.Nam.prepare

    def counted(node: ng.Nam, io: ng.Io) -> ng.Processor:
        prepared.append(node)
        return prepare(node, io)

    monkeypatch.setattr(ng.Nam, "prepare", counted)
    for k in range(1, 4):
        made.process(noise(50, seed=k))
        made.swap(rack(orders[k % 2]))
    assert not prepared
    made.swap(ng.Graph.chain(amp=NODES["lstm"]()))
    assert prepared, "the control: another model is prepared"


def test_a_copied_node_resets_to_its_beginning() -> None:
    x = noise(300)
    made = engine(rack(["amp", "echo"]))
    fresh = made.process(x)
    for order in (["echo", "amp"], ["amp", "echo"]):
        made.swap(rack(order))
        made.process(noise(200, seed=5))
    made.reset()
    np.testing.assert_array_equal(made.process(x), fresh)


def test_a_file_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    path, x = tmp_path / "cab.wav", noise(200)

    def write(gain: float) -> None:
        ng.write_audio(path, np.array([[gain, 0.0, 0.5]], np.float32), RATE, subtype="float")

    def graph() -> ng.Graph:
        return ng.Graph.chain(ng.Cab(str(path), gain_rule="none"))

    write(1.0)
    made = engine(graph())
    made.process(x)
    write(-2.0)
    made.swap(graph())
    np.testing.assert_allclose(made.process(x)[:1], -2.0 * x[:1] + 0.5 * x[-2:-1], atol=1e-6)
