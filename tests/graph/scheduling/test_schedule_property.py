"""Ten thousand random graphs (HYPOTHESIS_PROFILE=thorough), and proof that the checks can fail."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from namgraph.graph import Graph, Op, Port, Schedule, Space, schedule, unshared_schedule

from ..racks import SPEC, Box, diamond, graphs
from .oracle import check_meaning, check_sound

EXAMPLES = min(max(300, settings().max_examples), 6 * settings().max_examples)
many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@many
@given(graphs())
def test_random_graphs_compile_to_what_they_say(graph: Graph) -> None:
    plain, shared = unshared_schedule(graph, SPEC), schedule(graph, SPEC)
    for compiled in (plain, shared):
        check_meaning(graph, compiled)
        check_sound(graph, compiled)
    assert [op.kind for op in plain.ops] == [op.kind for op in shared.ops]
    assert len(shared.buffers) <= len(plain.buffers)
    check_no_buffer_holds_two(plain, shared)


def check_no_buffer_holds_two(plain: Schedule, shared: Schedule) -> None:
    """By brute force, step by step: two values alive at one step are in two buffers."""
    place = dict(zip(plain.inputs.values(), shared.inputs.values(), strict=True))
    place.update(zip(plain.outputs.values(), shared.outputs.values(), strict=True))
    pinned = set(place)
    alive: dict[int, set[int]] = {v: set(range(-1, len(plain.ops) + 1)) for v in pinned}
    for step, (a, b) in enumerate(zip(plain.ops, shared.ops, strict=True)):
        for value, buffer in zip((*a.reads, *a.writes), (*b.reads, *b.writes), strict=True):
            assert place.setdefault(value, buffer) == buffer, "a value moved"
            since = min(alive.setdefault(value, {step}))
            alive[value] |= set(range(since, step + 1))
    for v, steps in alive.items():
        for w in range(v):
            if w in alive and place[v] == place[w]:
                assert not steps & alive[w], f"values {v} and {w} share b{place[v]}"


@many
@given(graphs())
def test_what_leaves_a_pipelined_device_late_is_waited_for(graph: Graph) -> None:
    spec = replace(SPEC, max_frames=3, pipelined=True)  # shorter than nodes' latencies, and longer
    for compiled in (unshared_schedule(graph, spec), schedule(graph, spec)):
        check_meaning(graph, compiled)
        check_sound(graph, compiled)


def test_a_device_that_is_not_waited_for_would_be_heard() -> None:
    there = Box(ins=(Port("in", space=Space.DEVICE),), outs=(Port("out", space=Space.DEVICE),))
    graph = Graph()
    x, y = graph.input("x", channels=1), graph.output("y", channels=1)
    x >> graph.add("gpu", there) >> y
    x >> y
    late = replace(SPEC, pipelined=True)
    check_sound(graph, schedule(graph, late))
    with pytest.raises(AssertionError):
        check_sound(graph, replace(schedule(graph, SPEC), spec=late))


@settings(max_examples=30, deadline=None)
@given(graphs())
def test_the_same_graph_gives_the_same_schedule(graph: Graph) -> None:
    assert schedule(graph, SPEC) == schedule(graph.copy(), SPEC)


Breakage = Callable[[Schedule], Schedule]


def _without_delays(s: Schedule) -> Schedule:
    return replace(
        s, ops=tuple(Op("copy", o.reads, o.writes) if o.kind == "delay" else o for o in s.ops)
    )


def _delays_too_long(s: Schedule) -> Schedule:
    return replace(s, ops=tuple(o._replace(frames=o.frames + (o.frames > 0)) for o in s.ops))


def _merged(s: Schedule) -> Schedule:
    """What ``early`` writes goes where ``late`` writes too."""
    a, b = (next(o for o in s.ops if o.node == n).writes[0] for n in ("early", "late"))

    def move(buffers: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(a if x == b else x for x in buffers)

    return replace(
        s, ops=tuple(o._replace(reads=move(o.reads), writes=move(o.writes)) for o in s.ops)
    )


def _swapped(s: Schedule) -> Schedule:
    return replace(s, ops=(*s.ops[:-2], s.ops[-1], s.ops[-2]))


def _first_last(s: Schedule) -> Schedule:
    return replace(s, ops=(*s.ops[1:], s.ops[0]))


def _unsummed(s: Schedule) -> Schedule:
    return replace(s, ops=tuple(o for o in s.ops if o.kind != "add"))


def _added_twice(s: Schedule) -> Schedule:
    return replace(s, ops=tuple(x for o in s.ops for x in ([o, o] if o.kind == "add" else [o])))


def _missing_node(s: Schedule) -> Schedule:
    return replace(s, ops=tuple(o for o in s.ops if o.node != "early"))


def _in_place(s: Schedule) -> Schedule:
    last = s.ops[-1]
    return replace(s, ops=(*s.ops[:-1], last._replace(writes=last.reads)))


BREAKAGES = [
    _without_delays,
    _delays_too_long,
    _merged,
    _swapped,
    _first_last,
    _unsummed,
    _added_twice,
    _missing_node,
    _in_place,
]


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda f: f.__name__.strip("_"))
@pytest.mark.parametrize("check", [check_meaning, check_sound])
def test_a_broken_schedule_is_caught(
    breakage: Breakage, check: Callable[[Graph, Schedule], None]
) -> None:
    graph = diamond(early=2, late=7)
    sound = unshared_schedule(graph, SPEC)
    assert "delay" in {op.kind for op in sound.ops}
    check(graph, sound)
    with pytest.raises(AssertionError):
        check(graph, breakage(sound))


def test_a_wrong_latency_is_caught() -> None:
    graph = diamond()
    with pytest.raises(AssertionError):
        check_sound(graph, replace(schedule(graph, SPEC), latency=6))


def test_sharing_between_living_values_is_caught() -> None:
    graph = diamond()
    plain = unshared_schedule(graph, SPEC)
    with pytest.raises(AssertionError, match="share"):
        check_no_buffer_holds_two(plain, _merged(plain))


def test_ends_that_share_are_caught() -> None:
    graph = Graph()
    x = graph.input("x", channels=1)
    x >> graph.output("y", channels=1)
    compiled = schedule(graph, SPEC)
    with pytest.raises(AssertionError, match="share"):
        check_meaning(graph, replace(compiled, outputs={"y": compiled.inputs["x"]}))


def test_a_node_that_is_unbalanced_between_its_ports_would_be_heard() -> None:
    graph = Graph()
    x = graph.input("x", channels=1)
    both = graph.add("both", Box(ins=(Port("a"), Port("b"))))
    x >> both["a"]
    x >> graph.add("slow", Box(frames=9)) >> both["b"]
    both >> graph.output("y", channels=1)
    compiled = schedule(graph, SPEC)
    check_sound(graph, compiled)
    with pytest.raises(AssertionError):
        check_sound(graph, _without_delays(compiled))
