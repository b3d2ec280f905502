import pytest

from namgraph.graph import Graph, Kind, Port, PortError, schedule

from ..racks import SPEC, Box, chain


def join(box: Box, *, inputs: dict[str, tuple[int, str]], out: int = 1) -> Graph:
    """One node, its ports fed by inputs of given channels."""
    graph = Graph()
    graph.add("n", box)
    for name, (channels, port) in inputs.items():
        graph.input(name, channels=channels)
        graph.connect(name, f"n.{port}")
    if box.outs:
        graph.connect(f"n.{box.outs[0].name}", graph.output("y", channels=out))
    return graph


def counts(graph: Graph) -> tuple[list[int], list[int]]:
    """Channels of what the node reads and of what it writes."""
    compiled = schedule(graph, SPEC)
    op = next(op for op in compiled.ops if op.kind == "process")
    reads = [compiled.buffers[b].channels for b in op.reads]
    return reads, [compiled.buffers[b].channels for b in op.writes]


PAIR = (Port("a"), Port("b"))


@pytest.mark.parametrize("channels", [1, 2, 64])
def test_a_node_follows_what_is_connected(channels: int) -> None:
    assert counts(chain(1, channels=channels)) == ([channels], [channels])


def test_every_port_that_follows_has_the_same_count() -> None:
    graph = join(Box(ins=PAIR), inputs={"x": (2, "b")}, out=2)
    assert counts(graph) == ([2, 2], [2])  # the unconnected port too


def test_nothing_connected_means_one_channel() -> None:
    assert counts(join(Box(ins=PAIR), inputs={})) == ([1, 1], [1])


def test_fixed_ports_settle_nothing() -> None:
    box = Box(ins=(Port("key", 1), Port("a")), outs=(Port("out"), Port("mono", 1)))
    graph = join(box, inputs={"k": (1, "key"), "x": (3, "a")}, out=3)
    assert counts(graph) == ([1, 3], [3, 1])


def test_control_settles_nothing() -> None:
    graph = Graph()
    lfo = graph.add("lfo", Box(ins=(), outs=(Port("out", kind=Kind.CONTROL),)))
    amp = graph.add("amp", Box(ins=(Port("gain", kind=Kind.CONTROL), Port("in"))))
    lfo >> amp["gain"]
    graph.input("x", channels=2) >> amp["in"] >> graph.output("y", channels=2)
    compiled = schedule(graph, SPEC)
    op = next(op for op in compiled.ops if op.node == "amp")
    assert [compiled.buffers[b].channels for b in op.reads] == [1, 2]


def test_an_input_and_an_output_of_one_name_are_not_mistaken() -> None:
    box = Box(ins=(Port("audio", 2),), outs=(Port("audio", 1),))
    assert counts(join(box, inputs={"x": (2, "audio")})) == ([2], [1])


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (
            join(Box(ins=(Port("in", 1),)), inputs={"x": (2, "in")}),
            "x.out has 2 channels, n.in takes 1: put Split(mode='channels') between them",
        ),
        (
            join(Box(ins=(Port("in", 2),)), inputs={"x": (1, "in")}),
            "x.out has 1 channel, n.in takes 2: put Pan() between them",
        ),
        (
            join(Box(ins=PAIR), inputs={"x": (1, "a"), "z": (2, "b")}),
            "z.out has 2 channels, n.b takes 1, following x.out: put Split(mode='channels')",
        ),
        (
            join(Box(ins=PAIR[:1]), inputs={"x": (2, "a"), "z": (1, "a")}),
            "z.out has 1 channel, n.a takes 2, following x.out: put Pan() between them",
        ),
        (
            join(Box(), inputs={"x": (1, "in")}, out=2),
            "n.out has 1 channel, y.in takes 2: put Pan() between them, which places a mono signal "
            "in stereo, or declare the output with channels=1",
        ),
    ],
)
def test_nothing_is_spread_or_mixed_down_silently(graph: Graph, message: str) -> None:
    with pytest.raises(PortError) as caught:
        schedule(graph, SPEC)
    assert str(caught.value).startswith(message)
