import pickle
import sys

import pytest

from namgraph.graph import (
    Graph,
    GraphError,
    Port,
    Schedule,
    Space,
    schedule,
    tail,
    unshared_schedule,
)

from ..racks import SPEC, Box, chain, diamond
from .oracle import check_meaning, check_sound


def kinds(compiled: Schedule) -> list[str]:
    return [op.kind for op in compiled.ops]


def compile_checked(graph: Graph) -> Schedule:
    compiled = schedule(graph, SPEC)
    check_meaning(graph, compiled)
    check_sound(graph, compiled)
    return compiled


def test_a_chain_is_a_list_of_processes() -> None:
    compiled = compile_checked(chain(3))
    assert [str(op) for op in compiled.ops] == [
        "process n0 b0 -> b2",
        "process n1 b2 -> b3",
        "process n2 b3 -> b1",
    ]
    assert compiled.inputs == {"in": 0}
    assert compiled.outputs == {"out": 1}
    assert compiled.spec is SPEC


def test_inputs_into_one_port_are_copied_then_added_in_the_order_connected() -> None:
    graph = Graph()
    y = graph.output("y", channels=1)
    for name in "abc":
        graph.input(name, channels=1)
    for name in "cab":
        graph.handle(name) >> y
    compiled = compile_checked(graph)
    assert kinds(compiled) == ["copy", "add", "add"]
    assert [op.reads[0] for op in compiled.ops] == [compiled.inputs[n] for n in "cab"]


def test_the_early_branch_waits_for_the_late_one() -> None:
    compiled = compile_checked(diamond(early=2, late=7))
    assert [op.frames for op in compiled.ops if op.kind == "delay"] == [5]
    assert compiled.latency == 7
    assert compiled.lags == {"early": 2, "late": 7, "meet": 7}
    assert "delay" not in kinds(schedule(diamond(7, 7), SPEC))


def test_ports_of_one_node_are_balanced_and_so_are_outputs() -> None:
    graph = Graph()
    x = graph.input("x", channels=1)
    both = graph.add("both", Box(ins=(Port("a"), Port("b"))))
    x >> both["a"]
    x >> graph.add("slow", Box(frames=9)) >> both["b"]
    both >> graph.output("y", channels=1)
    x >> graph.output("dry", channels=1)
    compiled = compile_checked(graph)
    assert kinds(compiled).count("delay") == 1  # shared: x is wanted 9 frames late twice
    assert compiled.latency == 9


def test_a_node_that_leads_nowhere_delays_nobody() -> None:
    graph = chain(1)
    graph.handle("in") >> graph.add("meter", Box(outs=(), frames=50))
    compiled = compile_checked(graph)
    assert compiled.latency == 0
    assert compiled.lags["meter"] == 50


def test_ports_nobody_feeds_read_one_silence() -> None:
    graph = Graph()
    for name in "ab":
        graph.add(name, Box(ins=(Port("p"), Port("q", 2), Port("r"))))
    graph.output("y", channels=1)
    compiled = compile_checked(graph)
    assert kinds(compiled) == ["clear", "clear", "process", "process", "copy"]
    reads = [op.reads for op in compiled.ops if op.kind == "process"]
    assert reads[0] == reads[1]
    assert reads[0][0] == reads[0][2] != reads[0][1]


def test_an_input_may_be_an_output_and_one_value_several() -> None:
    graph = chain(1)
    for name, source in (("again", "n0"), ("dry", "in"), ("dry too", "in"), ("silent", "")):
        graph.output(name, channels=1)
        if source:
            graph.connect(source, name)
    compiled = compile_checked(graph)
    ends = [*compiled.inputs.values(), *compiled.outputs.values()]
    assert len(set(ends)) == 6
    assert kinds(compiled).count("copy") == 4


def test_device_ports_are_reached_by_one_upload_and_left_by_one_download() -> None:
    there = Port("in", space=Space.DEVICE), Port("out", space=Space.DEVICE)
    gpu = Box(ins=there[:1], outs=there[1:])
    graph = Graph()
    x = graph.input("x", channels=1)
    a, b, c = (graph.add(name, gpu) for name in "abc")
    x >> a >> b >> graph.output("y", channels=1)
    x >> c
    b >> graph.output("z", channels=1)
    compiled = compile_checked(graph)
    assert kinds(compiled) == ["upload", "process", "process", "process", "download", "copy"]
    device = {b for b, kind in enumerate(compiled.buffers) if kind.space is Space.DEVICE}
    for op in compiled.ops:
        if op.kind == "process":
            assert {*op.reads, *op.writes} <= device
    assert not device & {*compiled.inputs.values(), *compiled.outputs.values()}


THERE = (Port("in", space=Space.DEVICE),)


def meeting(other: Box) -> Schedule:
    """An input meets itself, having gone through another node, on a device."""
    graph = Graph()
    x = graph.input("x", channels=1)
    meet = graph.add("meet", Box(ins=THERE))
    x >> meet
    x >> graph.add("other", other) >> meet
    meet >> graph.output("y", channels=1)
    return compile_checked(graph)


def test_what_is_on_the_host_waits_and_is_summed_there() -> None:
    compiled = meeting(Box(frames=3))
    assert kinds(compiled) == ["process", "delay", "copy", "add", "upload", "process"]


def test_what_is_on_both_sides_is_summed_on_the_device() -> None:
    compiled = meeting(Box(ins=THERE, outs=(Port("out", space=Space.DEVICE),)))
    assert kinds(compiled) == ["upload", "process", "copy", "add", "process"]


@pytest.mark.parametrize("frames", [-1, 1.5, None])
def test_a_latency_or_tail_that_cannot_be_is_refused(frames: object) -> None:
    with pytest.raises(GraphError, match=r"n0 has a latency of .*: must be an int, 0 or more"):
        schedule(chain(1, frames=frames), SPEC)  # type: ignore[arg-type]
    graph = chain(1)
    graph.replace("n0", Box(rings=frames))
    with pytest.raises(GraphError, match="n0 has a tail of"):
        tail(graph, SPEC)


def test_tails_add_up_along_the_longest_way() -> None:
    graph = diamond()
    assert tail(graph, SPEC) == 0
    graph.replace("early", Box(rings=30))
    graph.replace("late", Box(rings=20, frames=7))
    graph.replace("meet", Box(rings=5))
    assert tail(graph, SPEC) == 35
    graph.handle("late") >> graph.add("meter", Box(outs=(), rings=1000))
    assert tail(graph, SPEC) == 35  # the tail of a meter reaches no output


def test_nothing_is_a_schedule_too() -> None:
    compiled = schedule(Graph(), SPEC)
    assert compiled.ops == ()
    assert compiled.buffers == ()
    assert compiled.latency == 0
    assert tail(Graph(), SPEC) == 0


def test_the_same_graph_gives_the_same_bytes() -> None:
    assert pickle.dumps(schedule(diamond(), SPEC)) == pickle.dumps(schedule(diamond(), SPEC))
    assert schedule(diamond(), SPEC) == schedule(diamond(), SPEC)


def test_values_are_written_once_and_only_added_to() -> None:
    for op in (plain := unshared_schedule(diamond(), SPEC)).ops:
        assert op.kind in ("process", "copy", "add", "delay")
    written = [b for op in plain.ops if op.kind != "add" for b in op.writes]
    assert len(written) == len(set(written))


def calls_to_schedule(nodes: int) -> int:
    """Count the calls of Python functions that a chain of so many nodes takes."""
    graph, calls = chain(nodes, frames=1), 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        schedule(graph, SPEC)
    finally:
        sys.setprofile(before)
    return calls


def test_work_grows_with_the_nodes_and_not_with_their_square() -> None:
    assert calls_to_schedule(2000) < 2.2 * calls_to_schedule(1000)
