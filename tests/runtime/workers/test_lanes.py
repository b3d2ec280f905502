"""Rows are shared among threads so that none is played before what it depends on."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

import namgraph as ng
from namgraph.graph import schedule
from namgraph.runtime.workers import plan_lanes
from namgraph.runtime.workers.lanes import Shares, predecessors, share_rows
from namgraph.runtime.workers.plan_lanes import schedule_for_threads

COSTS = st.sampled_from([0.0, 1.0, 3.0, 10.0])


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[float], list[set[int]]]:
    """Costs, and of each row some of those before it."""
    costs = draw(st.lists(COSTS, min_size=1, max_size=14))
    before = [
        draw(st.sets(st.integers(0, k - 1), max_size=3)) if k else set() for k in range(len(costs))
    ]
    return costs, before


def too_early(shares: Shares, before: Sequence[set[int]]) -> list[tuple[int, int]]:
    """Pairs (row, row it depends on) that no chain of waiting segments keeps in order."""
    segment_of = {row: n for n, s in enumerate(shares.segments) for row in s.rows}
    waits: list[set[int]] = []
    for number, segment in enumerate(shares.segments):
        known = set(segment.before)
        for earlier in segment.before:
            assert earlier < number
            known |= waits[earlier]
        waits.append(known)
    found = []
    for row, own in enumerate(before):
        here = segment_of[row]
        order = shares.segments[here].rows
        for k in own:
            there = segment_of[k]
            fine = order.index(k) < order.index(row) if there == here else there in waits[here]
            if not fine:
                found.append((row, k))
    return found


@given(rows(), st.integers(1, 5), st.sampled_from([0.0, 0.5, 5.0]))
def test_every_row_is_played_once_and_after_what_it_needs(
    made: tuple[list[float], list[set[int]]], lanes: int, handover: float
) -> None:
    costs, before = made
    shares = share_rows(costs, before, lanes, handover)
    assert sorted(row for s in shares.segments for row in s.rows) == list(range(len(costs)))
    assert too_early(shares, before) == []
    assert {s.lane for s in shares.segments} == set(range(shares.lanes))
    assert shares.segments[0].lane == 0
    assert shares.cost >= sum(costs) / lanes - 1e-9
    for lane in range(shares.lanes):  # a worker plays its segments in order
        own = [n for n, s in enumerate(shares.segments) if s.lane == lane]
        assert own == sorted(own)


def test_a_lost_wait_is_found() -> None:
    before: list[set[int]] = [set(), {0}, {0}, {1, 2}]
    shares = share_rows([1.0, 9.0, 9.0, 1.0], before, 2, 0.1)
    assert too_early(shares, before) == []
    last = shares.segments[-1]
    lost = replace(last, before=last.before[:-1])
    assert too_early(replace(shares, segments=(*shares.segments[:-1], lost)), before) != []


def test_two_branches_take_the_time_of_one() -> None:
    shares = share_rows([1.0, 9.0, 9.0, 1.0], [set(), {0}, {0}, {1, 2}], 2, 0.25)
    assert shares.lanes == 2
    assert shares.cost == pytest.approx(11.5)  # there and back
    assert share_rows([1.0, 9.0, 9.0, 1.0], [set(), {0}, {0}, {1, 2}], 2, 9.0).lanes == 1


def test_memory_decides_what_a_row_waits_for() -> None:
    reads = [[10], [10], [11], [12], [10]]
    writes = [[11], [12], [13], [13], [11]]
    # The fourth writes over what the third wrote; the last over what the third has read.
    assert predecessors(reads, writes) == [set(), set(), {0}, {1, 2}, {0, 2}]


def test_threads_play_where_it_pays() -> None:
    before: list[set[int]] = [set(), {0}, {0}, {1, 2}]
    short = plan_lanes.choose_shares([100.0, 900.0, 900.0, 100.0], before, 2, 64)
    assert short.shares is None
    assert "2 threads would take 1." in short.reason
    long = plan_lanes.choose_shares([1e3, 9e4, 9e4, 1e3], before, 4, 64)
    assert long.shares is not None
    assert (long.shares.lanes, long.reason) == (2, "")
    assert 1 <= long.least_frames < 8
    chain = plan_lanes.choose_shares([9e4, 9e4, 9e4], [set(), {0}, {1}], 4, 64)
    assert "too quick to be shared" in chain.reason


def test_buffers_are_shared_where_there_are_no_branches() -> None:
    spec = ng.Spec(48_000, 64)
    chain = ng.Graph.chain(*(ng.Gain() for _ in range(6)), channels=1)
    assert schedule_for_threads(chain, spec) == schedule(chain, spec)
    branches = ng.Graph()
    source, sink = branches.input("in", channels=1), branches.output("out", channels=1)
    for k in range(3):
        source >> branches.add(f"a{k}", ng.Gain()) >> branches.add(f"b{k}", ng.Gain()) >> sink
    made = schedule_for_threads(branches, spec)
    assert len(made.buffers) == len({b for op in made.ops for b in (*op.reads, *op.writes)})
    assert len(made.buffers) > len(schedule(branches, spec).buffers)
