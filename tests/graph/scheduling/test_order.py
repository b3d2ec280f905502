import time
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from namgraph.graph import CycleError, Graph, Port, Spec, schedule
from namgraph.graph.scheduling.order import topological_order

from ..racks import Box


@st.composite
def edges(draw: st.DrawFn, *, loops: bool) -> dict[str, list[str]]:
    """Names that arrive shuffled, and edges: from low to high only, or any."""
    size = draw(st.integers(1, 9))
    pairs = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))
    after: dict[str, list[str]] = {str(i): [] for i in draw(st.permutations(range(size)))}
    for a, b in draw(st.lists(pairs, max_size=20)):
        if loops or a < b:
            after[str(a)].append(str(b))
    return after


@given(edges(loops=False))
def test_every_name_comes_before_its_successors(after: dict[str, list[str]]) -> None:
    order = topological_order(after)
    assert sorted(order) == sorted(after)
    assert all(order.index(a) < order.index(b) for a in after for b in after[a])


@given(edges(loops=True))
def test_there_is_an_order_or_a_loop_that_is_one(after: dict[str, list[str]]) -> None:
    try:
        topological_order(after)
    except CycleError as error:
        words = str(error).removeprefix("these nodes wait for each other: ").split(";")[0]
        loop = words.split(" -> ")
        assert loop[0] == loop[-1]
        assert len(set(loop)) == len(loop) - 1
        assert all(b in after[a] for a, b in pairwise(loop))


def test_ties_are_settled_by_the_order_given() -> None:
    assert topological_order({"c": [], "a": [], "b": []}) == ["c", "a", "b"]
    assert topological_order({"out": [], "b": ["out"], "a": ["out"]}) == ["b", "a", "out"]


@pytest.mark.parametrize(
    ("after", "loop"),
    [
        ({"a": ["b"], "b": ["a"]}, "a -> b -> a"),
        ({"a": ["a"]}, "a -> a"),
        ({"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": []}, "b -> c -> b"),
        ({"d": [], "c": ["b", "d"], "b": ["c"], "a": ["b"]}, "c -> b -> c"),
        ({"x": ["y"], "y": ["z"], "z": ["x"], "tail": []}, "x -> y -> z -> x"),
    ],
)
def test_a_loop_is_named(after: dict[str, list[str]], loop: str) -> None:
    with pytest.raises(CycleError, match=f": {loop};"):
        topological_order(after)


def test_a_long_loop_is_named_in_short() -> None:
    after = {str(i): [str((i + 1) % 10_000)] for i in range(10_000)}
    with pytest.raises(CycleError, match=r"0 -> 1 -> .* \(9989 more\) -> .* -> 9999 -> 0;"):
        topological_order(after)


@pytest.mark.parametrize("shape", ["chain", "star", "web"])
def test_ten_thousand_names_take_no_time(shape: str) -> None:
    size = 10_000
    names = [str(i) for i in range(size)]
    if shape == "chain":
        after = {name: names[i + 1 : i + 2] for i, name in enumerate(names)}
    elif shape == "star":
        after = {name: [] for name in names}
        after["0"] = names[1:]
    else:
        after = {name: names[i + 1 : i + 20] for i, name in enumerate(names)}
    start = time.perf_counter()
    assert topological_order(after) == names
    assert time.perf_counter() - start < 2  # 10 to 40 ms; quadratic would be minutes


def test_a_graph_with_a_loop_says_which() -> None:
    graph = Graph()
    x = graph.input("x", channels=1)
    a, b = graph.add("a", Box(ins=(Port("in"), Port("back")))), graph.add("b", Box())
    x >> a["in"] >> b >> a["back"]
    b >> graph.output("y", channels=1)
    with pytest.raises(CycleError, match="a -> b -> a; feedback is possible only inside one"):
        schedule(graph, Spec(48_000, 64))
