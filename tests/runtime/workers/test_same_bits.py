"""Several threads play a graph within a block with the bits of one."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import namgraph as ng
from namgraph.graph import Graph
from namgraph.nodes.testing import same_bits
from namgraph.runtime.plan.plan import Plan
from namgraph.runtime.workers import plan_lanes
from namgraph.runtime.workers.row_times import rows_before

from .rigs import RATE, dawdle, graphs, play, spread_out, threads_of, two_branches

NOISE = np.random.default_rng(2).uniform(-0.5, 0.5, 1200).astype(np.float32)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    graph=graphs(),
    threads=st.sampled_from([2, 3, 4]),
    cuts=st.lists(st.integers(1, 90), min_size=1),
)
def test_random_graphs(
    monkeypatch: pytest.MonkeyPatch, graph: Graph, threads: int, cuts: list[int]
) -> None:
    spread_out(monkeypatch)
    one, several = (
        ng.Engine(graph, sample_rate=RATE, max_frames=64, strict=None, threads=n)
        for n in (1, threads)
    )
    same_bits(play(several, NOISE[:500], cuts), play(one, NOISE[:500], cuts))
    assert one.stats().threads is None


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_workers_that_must_play(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    spread_out(monkeypatch)
    graph = Graph()
    source, sink = graph.input("in", channels=1), graph.output("out", channels=1)
    for k in range(4):
        source >> graph.add(f"a{k}", dawdle(k)) >> graph.add(f"b{k}", dawdle(k + 9)) >> sink
    one, several = (
        ng.Engine(graph, sample_rate=RATE, max_frames=64, threads=n) for n in (1, threads)
    )
    same_bits(play(one, NOISE, [64]), play(several, NOISE, [64]))
    found = threads_of(several)
    assert found.engaged
    assert len(found.lanes) == threads
    assert (found.taken, found.blocks) == (0, 19)
    assert found.entered == (19,) * (threads - 1)
    played = sorted(name for lane in found.lanes for name in lane if name[0] != "<")
    assert played == sorted(graph.nodes)


def test_a_lost_dependency_changes_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sum no longer waits for the branch of the other thread: the comparison must see it."""

    def without_one(plan: Plan) -> list[set[int]]:
        found = rows_before(plan)
        lost = plan.names.index("b")
        return [own - {lost} for own in found]

    spread_out(monkeypatch)
    graph = two_branches(2_000_000)
    one = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    monkeypatch.setattr(plan_lanes, "rows_before", without_one)
    several = ng.Engine(graph, sample_rate=RATE, max_frames=64, threads=2)
    assert threads_of(several).engaged
    with pytest.raises(AssertionError, match="not equal"):
        same_bits(play(one, NOISE, [64]), play(several, NOISE, [64]))
