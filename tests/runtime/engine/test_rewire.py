"""Connections made, removed and changed while it plays: every node keeps its state, to the bit."""

import math
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


MOVED = {
    "echo": "feedback",
    "amp": "input_db",
    "block": "cutoff_hz",
    "swirl": "depth",
}
"""Nodes with the parameter that a control signal moves."""
KINDS: dict[str, Callable[[], ng.Node]] = {
    **NODES,
    "swirl": lambda: ng.Tremolo(rate_hz=9.0, depth=0.5),
}

AMOUNT = 0.25


def modulated(name: str, value: float, *, cable: bool) -> ng.Graph:
    """One node, and a control signal of one value that moves a parameter if ``cable``."""
    graph = ng.Graph()
    node = graph.add(name, KINDS[name]())
    graph.input("in", channels=1) >> node >> graph.output("out", channels=1)
    graph.add("hand", ng.Constant(value=value))
    graph.add("idle", ng.Map())  # reads the signal where the node does not
    graph.connect("hand", "idle")
    if cable:
        graph.connect("hand", f"{name}.{MOVED[name]}", amount=AMOUNT)
    return graph


@pytest.mark.parametrize("name", MOVED)
def test_a_cable_that_moves_nothing_is_not_heard(name: str) -> None:
    x = [noise(416, seed=k) for k in range(3)]
    plain, rewired = (engine(modulated(name, 0.0, cable=False)) for _ in range(2))
    for k, cable in enumerate([False, True, False]):
        if k:
            rewired.swap(modulated(name, 0.0, cable=cable))
        np.testing.assert_array_equal(rewired.process(x[k]), plain.process(x[k]))


@pytest.mark.parametrize("name", MOVED)
def test_a_new_cable_moves_the_node_as_one_that_was_there(name: str) -> None:
    x = [noise(416, seed=k) for k in range(3)]
    there, rewired = (engine(modulated(name, 0.0, cable=cable)) for cable in (True, False))
    np.testing.assert_array_equal(rewired.process(x[0]), there.process(x[0]))
    rewired.swap(modulated(name, 0.0, cable=True))
    for made in (there, rewired):
        made.set("hand.value", 0.9)
    heard = rewired.process(x[1])
    np.testing.assert_array_equal(heard, there.process(x[1]))
    still = engine(modulated(name, 0.0, cable=False))
    still.process(x[0])
    assert not np.array_equal(heard, still.process(x[1])), "the control: it moves"


@pytest.mark.parametrize("name", MOVED)
def test_without_its_cable_a_parameter_goes_back_as_fast_as_one_that_is_set(name: str) -> None:
    x = [noise(416, seed=k) for k in range(2)]
    made = engine(modulated(name, 1.0, cable=True))
    found = [made.process(x[0])]
    made.swap(modulated(name, 1.0, cable=False))
    found.append(made.process(x[1]))

    start = float(getattr(KINDS[name](), MOVED[name]))
    row = KINDS[name]().params()[MOVED[name]]
    moved = min(start + AMOUNT * (row.high - row.low), row.high)
    if row.taper == "log":
        moved = min(start * math.exp(AMOUNT * math.log(row.high / row.low)), row.high)
    by_hand = engine(modulated(name, 1.0, cable=False))
    for value, signal, heard in zip((moved, start), x, found, strict=True):
        by_hand.set(f"{name}.{MOVED[name]}", value)
        np.testing.assert_array_equal(heard, by_hand.process(signal))


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
