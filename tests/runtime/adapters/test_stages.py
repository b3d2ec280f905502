"""Where rows are cut into stages: memory, cost, what may be handed over."""

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Spec, schedule
from namgraph.runtime.adapters.parallel.stages import (
    LONGEST_FIELD,
    receptive_fields,
    speed_up,
    split,
)

SPEC = Spec(48_000, 512)


def chain(*nodes: ng.Node) -> ng.Graph:
    return ng.Graph.chain(*nodes)


def cut(graph: ng.Graph, costs: list[float], threads: int) -> list[tuple[int, int, int | None]]:
    order = schedule(graph, SPEC)
    fields = receptive_fields(graph, order, ())
    return [(s.begin, s.end, s.field) for s in split(order, fields, costs, threads)]


def test_finite_memories_in_a_row_are_one_stage_and_add_up() -> None:
    late = ng.Blend(delay_ms=1.0)  # 49 frames
    graph = ng.Graph()
    guitar = graph.input("guitar", channels=1)
    for name in ("a", "b"):
        graph.add(name, late)
        guitar >> graph.handle(name)["a"]
        guitar >> graph.handle(name)["b"]
    graph.handle("a") >> graph.add("c", ng.Gain()) >> graph.add("d", late)["a"]
    graph.handle("b") >> graph.handle("d")["b"] >> graph.output("out", channels=1)
    assert cut(graph, [1.0] * 4, 2) == [(0, 4, 97)]  # a and b are side by side


def test_what_remembers_is_cut_into_shares() -> None:
    graph, filters = chain(*(ng.DcBlock() for _ in range(6))), [1.0, 9.0, 1.0, 1.0, 1.0, 1.0]
    assert cut(graph, [1.0] * 6, 2) == [(0, 3, None), (3, 6, None)]
    assert cut(graph, filters, 2) == [
        (0, 1, None),
        (1, 2, None),
        (2, 6, None),
    ]
    assert len(cut(graph, [1.0] * 6, 6)) == 6


def test_cheap_rows_are_no_stage_of_their_own() -> None:
    graph = chain(ng.DcBlock(), ng.Gain(), ng.DcBlock(), ng.Gain())
    assert cut(graph, [4.0, 0.1, 4.0, 0.1], 2) == [(0, 2, None), (2, 4, None)]
    assert cut(graph, [1.0, 9.0, 1.0, 0.1], 2) == [(0, 1, None), (1, 2, 1), (2, 4, None)]


def test_a_sum_is_not_handed_over() -> None:
    graph = ng.Graph()
    guitar = graph.input("guitar", channels=1)
    end = graph.add("end", ng.DcBlock())
    for name in ("a", "b"):
        guitar >> graph.add(name, ng.DcBlock()) >> end
    end >> graph.output("out", channels=1)
    kinds = [op.kind for op in schedule(graph, SPEC).ops]
    assert kinds == ["process", "process", "copy", "add", "process"]
    assert [begin for begin, _, _ in cut(graph, [1.0] * 5, 50)] == [0, 1, 2, 3]


def test_too_long_a_memory_plays_in_order() -> None:
    response = np.full(LONGEST_FIELD + 1, 1e-3)
    graph = chain(ng.Cab(response, 48_000), ng.Gain())
    assert cut(graph, [5.0, 5.0], 2) == [(0, 1, None), (1, 2, 1)]


def test_parameters_that_move_are_remembered() -> None:
    graph = chain(ng.Gain())
    order = schedule(graph, SPEC)
    assert receptive_fields(graph, order, ()) == [1]
    assert receptive_fields(graph, order, {"gain"}) == [None]
    graph.add("lfo", ng.Lfo())
    graph.connect("lfo", "gain.gain_db", amount=0.1)
    assert None in receptive_fields(graph, schedule(graph, SPEC), ())


def test_speed_up() -> None:
    graph = chain(ng.DcBlock(), ng.Gain())
    order = schedule(graph, SPEC)
    stages = split(order, receptive_fields(graph, order, ()), [3.0, 9.0], 4)
    assert speed_up(stages, 4) == pytest.approx(4.0)
    assert speed_up(stages, 8) == pytest.approx(4.0)  # the filter alone takes a quarter
    assert speed_up([], 3) == 1.0
