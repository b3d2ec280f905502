"""Connections to parameters, and editing of graphs: insert, rename, replace."""

import pytest

from namgraph.graph import (
    DuplicateNameError,
    Graph,
    GraphError,
    Kind,
    Modulation,
    ParamError,
    Port,
    PortError,
    PortRef,
    Spec,
    UnknownNameError,
    schedule,
    svg,
)
from namgraph.nodes import (
    Constant,
    Curve,
    DcBlock,
    Delay,
    EnvelopeFollower,
    Gain,
    Gate,
    Map,
    Mix,
)

from .racks import Box


def rack(amount: float | None = 0.5) -> Graph:
    graph = Graph()
    graph.add("knob", Constant())
    gain = graph.add("gain", Gain())
    graph.input("in", channels=1) >> gain >> graph.output("out", channels=1)
    graph.connect("knob", "gain.gain_db", amount)
    return graph


def test_a_control_output_connects_to_a_parameter() -> None:
    graph = rack()
    ends = PortRef("knob", "out"), PortRef("gain", "gain_db")
    assert graph.modulations == (Modulation(*ends, 0.5),)
    assert repr(graph.modulations[0]) == "<Modulation knob.out >> gain.gain_db by 0.5>"
    assert graph.check() == ()
    assert rack(None).modulations[0].amount == 1.0


def test_handles_connect_to_parameters_too() -> None:
    graph = rack()
    graph.disconnect("knob", "gain.gain_db")
    graph.handle("knob") >> graph.handle("gain")["gain_db"]
    assert graph.modulations[0].amount == 1.0
    with pytest.raises(UnknownNameError, match="gain has no port 'depth'"):
        graph.handle("gain")["depth"]


def test_the_signal_is_read_after_the_ports() -> None:
    op = next(op for op in schedule(rack(), Spec(48_000, 64)).ops if op.node == "gain")
    assert len(op.reads) == 2
    assert [op.node for op in schedule(rack(), Spec(48_000, 64)).ops] == ["knob", "gain"]


def test_a_port_goes_before_a_parameter_of_its_name() -> None:
    graph = Graph()
    graph.add("knob", Constant())
    graph.add("box", Box(ins=(Port("gain_db", kind=Kind.CONTROL),)))
    graph.connect("knob", "box.gain_db")
    assert len(graph.connections) == 1
    assert not graph.modulations


@pytest.mark.parametrize(
    ("source", "target", "amount", "error", "message"),
    [
        ("in", "gain.gain_db", 0.5, PortError, "in.out is audio, the parameter gain.gain_db takes"),
        ("knob", "gain.gain_db", 0.1, DuplicateNameError, "knob.out already moves gain.gain_db"),
        ("knob", "gain.gain", 0.1, UnknownNameError, "no input 'gain'.*; its parameters: gain_db"),
        ("knob", "out", None, PortError, "out.in already has the audio of gain.out: give it an"),
        ("knob", "gain.in", None, PortError, "knob.out is control, gain.in takes audio"),
        ("in", "gain", 0.5, ParamError, "amount is 0.5: goes with a parameter; gain.in is a port"),
        (
            "knob",
            "knob.value",
            1.5,
            ParamError,
            "amount is 1.5: must .*of the parameter's range",
        ),
        ("knob", "knob.value", "x", ParamError, "amount is 'x'"),
        ("knob", "knob.value", float("nan"), ParamError, "amount is nan"),
    ],
)
def test_what_cannot_be_connected(
    source: str, target: str, amount: float | None, error: type[Exception], message: str
) -> None:
    graph = rack()
    before = graph.modulations, graph.connections
    with pytest.raises(error, match=message):
        graph.connect(source, target, amount)
    assert (graph.modulations, graph.connections) == before


def test_a_parameter_that_moves_itself_is_a_loop() -> None:
    graph = Graph()
    graph.add("knob", Constant())
    graph.connect("knob", "knob.value")
    with pytest.raises(GraphError, match="knob"):
        schedule(graph, Spec(48_000, 64))


def test_the_ends_of_a_graph_carry_control_signals() -> None:
    graph = Graph()
    pedal, curve = graph.input("pedal", channels=1), graph.add("map", Map())
    pedal >> curve >> graph.output("scope", channels=1)
    assert len(schedule(graph, Spec(48_000, 64)).ops) == 1


def test_modulations_are_part_of_equality_and_of_copies() -> None:
    assert rack() == rack() == rack().copy()
    assert rack() != rack(0.25)
    other = rack()
    other.disconnect("knob", "gain.gain_db")
    assert other != rack()
    assert rack().with_params({"gain.gain_db": 3.0}).modulations == rack().modulations


def test_the_error_of_disconnect_lists_parameters() -> None:
    graph = rack()
    with pytest.raises(GraphError, match=r"does not feed .*; it feeds gain"):
        graph.disconnect("knob", "gain.in")


def test_removing_a_node_removes_what_it_moves() -> None:
    for name in ("knob", "gain"):
        graph = rack()
        graph.remove(name)
        assert not graph.modulations


def test_a_replacement_keeps_the_parameter_or_is_refused() -> None:
    graph = rack()
    graph.replace("gain", Gain(gain_db=-6.0))
    assert graph.modulations == rack().modulations
    with pytest.raises(UnknownNameError, match=r"moves .*; the new node has the param"):
        graph.replace("gain", DcBlock())
    with pytest.raises(PortError, match=r"knob.out \(control output\) is connected"):
        graph.replace("knob", Gain())
    assert graph["gain"] == Gain(gain_db=-6.0)


def test_a_node_is_inserted_into_a_connection() -> None:
    graph = rack()
    handle = graph.insert("dc", DcBlock(), between=("in", "gain"))
    assert str(handle) == "dc"
    assert [str(c.target) for c in graph.connections] == ["dc.in", "gain.in", "out.in"]
    assert graph.modulations == rack().modulations


def test_a_sum_keeps_its_order_when_a_node_is_inserted() -> None:
    graph = Graph()
    for name in ("a", "b", "c"):
        graph.add(name, Gain())
    graph.output("out", channels=1)
    for name in ("a", "b", "c"):
        graph.connect(name, "out")
    graph.insert("echo", Delay(), between=("b", "out"))
    assert [str(s) for s in graph.sources()[PortRef("out", "in")]] == ["a.out", "echo.out", "c.out"]


@pytest.mark.parametrize(
    ("node", "between", "message"),
    [
        (DcBlock(), ("in", "out"), "in.out does not feed out.in; it feeds gain.in"),
        (DcBlock(), ("in",), "between is .*: must be the two ends"),
        (DcBlock(), "in", "between is 'in': must be the two ends"),
        (Constant(), ("in", "gain"), "dc has no input port"),
        (EnvelopeFollower(), ("in", "gain"), "dc.out is control, in.out is audio"),
        (None, ("in", "gain"), "the node dc is None"),
    ],
)
def test_what_cannot_be_inserted(node: object, between: object, message: str) -> None:
    graph = rack()
    with pytest.raises(GraphError, match=message):
        graph.insert("dc", node, between=between)  # type: ignore[arg-type]
    assert graph == rack()


def test_an_inserted_node_needs_a_free_name() -> None:
    graph = rack()
    with pytest.raises(DuplicateNameError, match="'gain' is already in this graph"):
        graph.insert("gain", DcBlock(), between=("in", "gain"))
    assert graph == rack()


def test_a_renamed_node_keeps_its_place_and_its_connections() -> None:
    graph = rack()
    graph.rename("gain", "boost")
    graph.rename("knob", "pedal")
    assert list(graph.nodes) == ["pedal", "boost"]
    assert [str(c.target) for c in graph.connections] == ["boost.in", "out.in"]
    assert str(graph.modulations[0].target) == "boost.gain_db"
    graph.rename("boost", "boost")
    graph.rename("out", "main")
    assert dict(graph.outputs) == {"main": 1}
    schedule(graph, Spec(48_000, 64))
    with pytest.raises(DuplicateNameError, match="'pedal' is already"):
        graph.rename("boost", "pedal")
    with pytest.raises(UnknownNameError, match="nothing called 'x'"):
        graph.rename("x", "y")
    with pytest.raises(GraphError, match=r"'a[.]b' is no name"):
        graph.rename("boost", "a.b")
    assert list(graph.nodes) == ["pedal", "boost"]


def test_several_signals_may_move_one_parameter() -> None:
    graph = rack()
    graph.add("other", Constant())
    graph.connect("other", "gain.gain_db", -0.25)
    assert [m.amount for m in graph.modulations] == [0.5, -0.25]
    graph.add("mix", Mix())
    graph.connect("other", "mix.gain2_db", -0.25)
    assert len(graph.modulations) == 3


def test_a_side_chain_without_a_signal_is_said() -> None:
    graph = Graph()
    gate = graph.add("gate", Gate(sidechain=True))
    graph.input("in", channels=1) >> gate["in"] >> graph.output("out", channels=1)
    assert graph.check() == ("gate.key gets no input",)
    graph.connect("in", "gate.key")
    assert graph.check() == ()


def test_a_long_curve_is_drawn_at_once() -> None:
    graph = rack()
    graph.add("lane", Curve(tuple((k / 100, 0.5) for k in range(20_000))))
    graph.connect("lane", "gain.gain_db", absolute=True)
    picture = svg(graph)
    assert "20000 points" in picture
    assert len(picture) < 10_000
