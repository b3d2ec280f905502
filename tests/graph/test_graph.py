import pytest

from namgraph.graph import (
    DuplicateNameError,
    Graph,
    GraphError,
    Kind,
    Port,
    PortError,
    PortRef,
    UnknownNameError,
)

from .racks import Box, chain

TWO = Box(ins=(Port("left"), Port("right")), outs=(Port("low"), Port("high")))
LFO = Box(ins=(), outs=(Port("out", kind=Kind.CONTROL),))
AMP = Box(ins=(Port("in"), Port("gain", kind=Kind.CONTROL)))


def written(graph: Graph) -> list[str]:
    return [f"{source} -> {target}" for source, target in graph.connections]


def test_a_rack_reads_as_the_signal_flows() -> None:
    graph = Graph()
    guitar = graph.input("guitar", channels=1)
    amp = graph.add("amp", Box())
    cab = graph.add("cab", Box())
    guitar >> amp >> cab >> graph.output("out", channels=2)
    assert written(graph) == ["guitar.out -> amp.in", "amp.out -> cab.in", "cab.out -> out.in"]
    assert dict(graph.inputs) == {"guitar": 1}
    assert dict(graph.outputs) == {"out": 2}
    assert list(graph.nodes) == ["amp", "cab"]


def test_handles_and_strings_name_the_same_ports() -> None:
    a, b = Graph(), Graph()
    for graph in (a, b):
        graph.input("x", channels=1)
        graph.add("two", TWO)
        graph.output("y", channels=1)
    a.connect("x", "two.left")
    a.connect("two.high", "y")
    b.handle("x") >> b.handle("two")["left"]
    b.connect(b.handle("two")["high"], "y.in")
    assert a == b
    assert a.connections == b.connections


def test_a_chain_goes_on_from_a_node_entered_by_a_selected_port() -> None:
    graph = Graph()
    amp = graph.add("amp", AMP)
    graph.input("x", channels=1) >> amp["in"] >> graph.output("y", channels=1)
    assert written(graph) == ["x.out -> amp.in", "amp.out -> y.in"]


def test_a_connection_is_a_pair() -> None:
    source, target = chain(1).connections[0]
    assert source == PortRef("in", "out")
    assert target.node == "n0"


def test_handles_are_values() -> None:
    graph = Graph()
    amp = graph.add("amp", AMP)
    assert amp == graph.handle("amp")
    assert len({amp, graph.handle("amp"), amp["gain"]}) == 2
    assert amp != Graph().add("amp", AMP)
    assert amp != "amp"
    assert repr(amp["gain"]) == "<Handle amp.gain>"


@pytest.mark.parametrize("name", ["", "a.b", "x" * 65, "tab\t", 7, None])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(GraphError, match="is no name"):
        Graph().add(name, Box())
    Graph().add("x" * 64, Box())


def test_a_name_is_taken_once() -> None:
    graph = chain(1)
    for again in ("in", "n0", "out"):
        with pytest.raises(DuplicateNameError, match=f"'{again}' is already"):
            graph.add(again, Box())
        with pytest.raises(DuplicateNameError):
            graph.input(again, channels=1)
        with pytest.raises(DuplicateNameError):
            graph.output(again, channels=1)


@pytest.mark.parametrize("channels", [0, 65537, -1, 1.5, True, "2", None])
def test_channels_are_counts(channels: int) -> None:
    with pytest.raises(PortError, match=r"must be an int in \[1, 65536\]"):
        Graph().input("x", channels=channels)
    with pytest.raises(PortError, match=r"must be an int in \[1, 65536\]"):
        Graph().output("x", channels=channels)


def test_only_nodes_are_added() -> None:
    with pytest.raises(GraphError, match="an instance, not the class"):
        Graph().add("amp", Box)  # type: ignore[arg-type]
    with pytest.raises(GraphError, match="must be a Node"):
        Graph().add("amp", "amp")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (Box(ins=(Port("a"), Port("a"))), "inputs a, a: names must differ"),
        (Box(outs=(Port("a", 65537),)), "n.a has 65537 channels"),
        (Box(ins=(Port("a", 2, Kind.CONTROL),)), "n.a is control and has 2 channels"),
    ],
)
def test_a_node_that_contradicts_itself_is_refused(box: Box, message: str) -> None:
    graph = Graph()
    with pytest.raises(PortError, match=message):
        graph.add("n", box)
    assert graph == Graph()


@pytest.mark.parametrize(
    ("source", "target", "error", "message"),
    [
        ("nobody", "amp.in", UnknownNameError, "nothing called 'nobody' in this graph; it has x"),
        ("x", "amp.nope", UnknownNameError, "amp has no input 'nope'; its inputs: in, gain"),
        ("x", "amp", PortError, "amp has the inputs in, gain: say which, as in amp.in"),
        ("x", "x", PortError, "x has no input port"),
        ("y", "amp.in", PortError, "y has no output port"),
        ("lfo", "amp.in", PortError, "lfo.out is control, amp.in takes audio"),
        ("amp", "amp.gain", PortError, "amp.out is audio, amp.gain takes control"),
        ("x", "amp.", UnknownNameError, "amp has no input ''"),
        ("x", 7, GraphError, "cannot connect 7: must be a handle"),
        ("x", AMP, GraphError, "graph.add returns one"),
    ],
)
def test_what_cannot_be_joined(
    source: str, target: str, error: type[GraphError], message: str
) -> None:
    graph = Graph()
    graph.input("x", channels=1)
    graph.add("amp", AMP)
    graph.add("lfo", LFO)
    graph.output("y", channels=1)
    with pytest.raises(error, match=message):
        graph.connect(source, target)
    assert not graph.connections


def test_a_connection_is_made_once() -> None:
    graph = chain(1)
    with pytest.raises(DuplicateNameError, match=r"in\.out already feeds n0\.in"):
        graph.connect("in", "n0")


def test_a_handle_of_another_graph_is_refused() -> None:
    graph, other = chain(1), chain(1)
    with pytest.raises(GraphError, match="out is a handle of another graph"):
        graph.handle("in") >> other.handle("out")
    with pytest.raises(UnknownNameError, match="n0 has no port 'nope'; it has in, out"):
        graph.handle("n0")["nope"]


def test_what_is_read_cannot_be_written() -> None:
    graph = chain(1)
    for mapping in (graph.nodes, graph.inputs, graph.outputs):
        with pytest.raises(TypeError):
            mapping["new"] = 1  # type: ignore[index]


def test_remove_takes_the_connections_along() -> None:
    graph = chain(3)
    gone = graph.handle("n1")
    graph.remove("n1")
    assert written(graph) == ["in.out -> n0.in", "n2.out -> out.in"]
    assert list(graph.nodes) == ["n0", "n2"]
    with pytest.raises(UnknownNameError):
        gone >> graph.handle("n2")
    graph.remove("in")
    graph.remove("out")
    assert not graph.inputs
    assert not graph.outputs
    with pytest.raises(UnknownNameError, match="nothing called 'n1'"):
        graph.remove("n1")


def test_replace_keeps_name_place_and_connections() -> None:
    graph = chain(3)
    before = graph.connections
    graph.replace("n1", Box(frames=9))
    assert graph.connections == before
    assert list(graph.nodes) == ["n0", "n1", "n2"]
    assert graph.nodes["n1"] == Box(frames=9)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (Box(ins=(Port("other"),)), r"n1\.in \(audio input\) is connected; .* other \(audio\)"),
        (Box(outs=()), r"n1\.out \(audio output\) is connected; .* the outputs none"),
        (Box(outs=(Port("out", kind=Kind.CONTROL),)), r"out \(control\)"),
    ],
)
def test_replace_refuses_to_cut_connections(box: Box, message: str) -> None:
    graph = chain(3)
    before = graph.copy()
    with pytest.raises(PortError, match=message):
        graph.replace("n1", box)
    assert graph == before
    with pytest.raises(UnknownNameError, match="no node 'in' to replace; nodes: n0, n1, n2"):
        graph.replace("in", Box())


def test_a_port_nobody_uses_may_go() -> None:
    graph = chain(1)
    graph.replace("n0", Box(ins=(Port("in"), Port("side")), outs=(Port("out"), Port("more"))))
    graph.replace("n0", Box())
    assert graph == chain(1)


def test_a_copy_is_equal_and_its_own() -> None:
    graph = chain(2)
    copy = graph.copy()
    assert copy == graph
    copy.add("more", Box())
    copy.remove("n0")
    assert copy != graph
    assert graph == chain(2)


def test_equal_graphs_sum_in_the_same_order() -> None:
    def mix(*order: str) -> Graph:
        graph = Graph()
        for name in ("a", "b"):
            graph.input(name, channels=1)
        graph.output("out", channels=1)
        for name in order:
            graph.connect(name, "out")
        return graph

    assert mix("a", "b") == mix("a", "b")
    assert mix("a", "b") != mix("b", "a")
    assert mix("a") != mix("a", "b")
    assert mix() != "graph"


def test_equality_sees_nodes_and_ends() -> None:
    assert chain(1) != chain(1, channels=2)
    assert chain(1) != chain(1, frames=1)
    with pytest.raises(TypeError):
        hash(chain(1))


def test_repr_shows_the_rack() -> None:
    shown = "<Graph in (1 ch) -> n0: Box, n1: Box -> out (1 ch), 3 connections>"
    assert repr(chain(2)) == shown
    assert " more -> out (1 ch), 101 connections>" in repr(chain(100))
    assert repr(Graph()) == "<Graph empty, 0 connections>"
