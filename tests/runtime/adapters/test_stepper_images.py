"""Many streams of a whole graph, each in an image of its own: the bits of an engine for each."""

from typing import Any

import numpy as np
import pytest

import namgraph as ng
import namgraph.nodes
from namgraph.graph import Graph, Kind, Node, node_types
from namgraph.runtime.adapters.stepper.images import ImageStreams

from ...nodes.examples import examples
from ..racks import chain, divide, noise, one_pole
from .step_reference import any_order

RATE, STREAMS = 48_000, 3
SHIPPED = {getattr(namgraph.nodes, name) for name in namgraph.nodes.__all__}
TYPES = [name for name, cls in node_types().items() if cls in SHIPPED and cls.category != "control"]
TYPES = [name for name in TYPES if name not in ("click", "looper")]  # no input; no state: refused


def graph_of(node: Node) -> Graph:
    """One input to every audio port of a node, and its first output; a control moves a gain."""
    graph = Graph()
    graph.add("node", node)
    inputs = [port for port in node.inputs if port.kind is Kind.AUDIO]
    outputs = [port for port in node.outputs if port.kind is Kind.AUDIO]
    channels = max((port.channels or 1 for port in inputs), default=1)
    graph.input("in", channels=channels)
    for port in inputs:
        graph.connect("in", f"node.{port.name}")
    for port in node.inputs:
        if port.kind is Kind.CONTROL:
            graph.add("steady", ng.Constant(value=0.3))
            graph.connect("steady", f"node.{port.name}")
    end = graph.output("out", channels=outputs[0].channels or 1 if outputs else channels)
    if outputs:
        graph.connect(f"node.{outputs[0].name}", end)
    else:
        graph.add("gain", ng.Gain())
        graph.connect("in", "gain")
        graph.connect("node", "gain.gain_db", amount=0.2)
        graph.connect("gain", end)
    return graph


def check_streams(graph: Graph, frames: int = 700) -> None:
    """Some steps, tentative ones among them, against an engine for each stream."""
    channels = sum(graph.inputs.values())
    x = np.stack([noise(frames, channels, seed=k) for k in range(STREAMS)])
    stepper = ng.Stepper(graph, RATE, 64, streams=STREAMS)
    assert isinstance(stepper._state, ImageStreams)
    found, at = [], 0
    for count in [1, 64, 1, 30, *[64] * 20]:
        block = x[:, :, at : at + count]
        if not block.size:
            break
        stepper.step(-0.5 * block)
        stepper.rollback()
        found.append(stepper.step(block))
        stepper.commit()
        at += count
    y = np.concatenate(found, axis=2)
    for k in range(STREAMS):
        engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
        np.testing.assert_array_equal(y[k], engine.process(x[k]))


@pytest.mark.parametrize("type_name", TYPES)
def test_every_type_of_node(type_name: str) -> None:
    for node in examples(type_name):
        check_streams(graph_of(node))


def test_parameters_that_control_signals_move() -> None:
    graph = graph_of(ng.Delay(time_ms=1.0))
    graph.add("lfo", ng.Lfo(rate_hz=20.0))
    graph.connect("lfo", "node.mix", 0.5)
    graph.add("follower", ng.EnvelopeFollower())
    graph.connect("in", "follower")
    graph.connect("follower", "node.feedback", -0.5)
    check_streams(graph)


@pytest.mark.parametrize("name", ["crunch-wavenet.nam", "crunch"])
def test_what_ships(name: str) -> None:
    source = ng.load_preset(name) if name == "crunch" else ng.Nam(ng.asset(name))
    graph = source if isinstance(source, Graph) else Graph.chain(source)
    check_streams(graph)


def test_any_order_of_calls_of_a_wavenet_and_a_delay() -> None:
    graph = Graph.chain(ng.Nam(ng.asset("crunch-wavenet.nam")), ng.Delay(time_ms=0.3, feedback=0.8))
    limits = {"nam.input_db": (-9.0, 9.0), "delay.feedback": (0.0, 0.9)}
    any_order(graph, limits, 4, seed=5, calls=150)


def test_a_graph_without_nodes() -> None:
    graph = Graph()
    graph.connect(graph.input("in", channels=1), graph.output("out", channels=1))
    x = noise(4).reshape(2, 2)
    stepper = ng.Stepper(graph, RATE, 2, streams=2)
    np.testing.assert_array_equal(stepper.step(x), x)
    stepper.commit()
    stepper.rollback()
    np.testing.assert_array_equal(stepper.step(x), x)


def test_a_node_whose_output_is_not_finite_is_muted_and_reset_in_that_stream_alone() -> None:
    graph = chain(("broken", divide()), ("after", one_pole()))
    check_faults(graph, [1.0, 2.0, 0.0, 3.0, 4.0, 5.0], [1.0] * 6)


def test_a_node_that_is_reset_in_an_image_still_finds_its_own_memory() -> None:
    """A delay of which dry and wet overflow together has addresses of memory in its state."""
    graph = chain(("echo", ng.Delay(time_ms=2 / 48, feedback=0.9, mix=0.5)))
    check_faults(graph, [3e38, 3e38, 3e38, 3e38, 3e38, 3e38, 0.5, 0.25, 1.0, 0.0, 0.0, 0.0])


def check_faults(graph: Graph, *signals: Any) -> None:
    """Play signals that make nodes fail and others, in steps of two frames."""
    quiet = 0.1 * noise(len(signals[0]))
    x = np.stack([quiet, *np.array(signals, np.float32), quiet])
    stepper = ng.Stepper(graph, RATE, 2, streams=len(x))
    found = np.concatenate([stepper.step(x[:, k : k + 2]) for k in range(0, x.shape[1], 2)], axis=1)
    faults = []
    for row, y in zip(x, found, strict=True):
        engine = ng.Engine(graph, sample_rate=RATE, max_frames=2)
        played = [engine.process(row[k : k + 2]) for k in range(0, len(row), 2)]
        np.testing.assert_array_equal(y, np.concatenate(played))
        faults.append(sum(node.faults for node in engine.stats().nodes))
    assert faults[0] == faults[-1] == 0
    assert faults[1] > 0


@pytest.mark.parametrize("streams", [1, 3])
def test_a_meter_reads_the_last_stream(streams: int) -> None:
    graph = Graph.chain(ng.Meter())
    x = np.stack([np.full(64, 0.1 * (k + 1), np.float32) for k in range(streams)])
    stepper = ng.Stepper(graph, RATE, 64, streams=streams)
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    for _ in range(5):
        stepper.step(x if streams > 1 else x[0])
        engine.process(x[-1])
    name = next(iter(engine.plan.reports))
    assert stepper.get(name) == engine.get(name) != 0.0
    with pytest.raises(ng.UnknownNameError, match="no parameter or reading"):
        stepper.get("meter.nothing")
    with pytest.raises(ng.UnknownNameError, match="no parameter or reading"):
        stepper.get(5)  # type: ignore[arg-type]


def test_streams_that_have_not_changed_are_not_copied() -> None:
    stepper = ng.Stepper(rack(), RATE, 8, streams=4)
    stepper.step(np.ones((4, 8), np.float32))
    stepper.commit([0, 2])
    state = stepper._state
    assert isinstance(state, ImageStreams)
    assert state._changed.tolist() == [False, True, False, True]
    stepper.rollback([1])
    assert state._changed.tolist() == [False, False, False, True]
    stepper.select([0, 0, 2, 3])
    assert state._changed.tolist() == [False, True, False, True]
    stepper.commit()
    assert not state._changed.any()


def rack() -> Graph:
    return chain(("a", one_pole()), ("echo", ng.Delay(time_ms=1.0, feedback=0.5)))
