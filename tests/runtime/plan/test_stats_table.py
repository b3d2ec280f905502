"""``print(stats)`` is a table, and a notebook shows the same."""

import numpy as np
import pytest

import namgraph as ng
from namgraph.runtime.plan.stats import NodeStats, node_table

from ...graph.test_text_tables import Cells

BLOCK = {"p50": 3.0, "p99": 5.0, "max": 9.0}


def row(name: str, mean: float = 1.0, calls: int = 10, **more: float) -> NodeStats:
    return NodeStats(name, 0, calls, mean, 4 * mean, mean, 2 * mean, **more)  # type: ignore[arg-type]


def test_shares_sum_up_and_the_slowest_is_marked() -> None:
    nodes = [row("amp", 3.0), row("cab", 0.75, late=2, mix=0.5), row("eq", 0.0, 0, bypassed=True)]
    between = [row("add", 0.25), row("copy", 0.0, 0)]
    table = node_table("Title", nodes, between, BLOCK, ["a note"])
    assert table.rows == [
        ("amp", "10", "3.00", "3.00", "6.00", "12.00", "75%", "slowest"),
        ("cab", "10", "0.75", "0.75", "1.50", "3.00", "19%", "late 2, mix 0.5"),
        ("eq", "0", "-", "-", "-", "-", "-", "bypassed"),
        ("(add)", "10", "0.25", "0.25", "0.50", "1.00", "6%", ""),
        ("whole block", "10", "4.00", "3.00", "5.00", "9.00", "100%", ""),
    ]
    assert table.notes == ["a note"]


def test_one_node_is_not_the_slowest_and_untimed_ones_say_so() -> None:
    assert [cells[-1] for cells in node_table("", [row("amp")], (), BLOCK).rows] == ["", ""]
    table = node_table("", [row("amp", 0.0, 0)], (), dict.fromkeys(BLOCK, 0.0))
    assert [cells[0] for cells in table.rows] == ["amp"]
    assert "stats(timed=True)" in table.notes[0]
    assert node_table("", [], (), BLOCK).rows == []


def test_stats_of_an_engine_are_a_table() -> None:
    graph = ng.Graph.chain(ng.Gain(), meter=ng.Meter())
    engine = ng.Engine(graph, sample_rate=48_000, max_frames=64)
    assert "nodes were not timed" in str(engine.stats())
    engine.stats(timed=True)
    for _ in range(5):
        engine.process(np.full((1, 64), 0.5, np.float32))
    stats = engine.stats()
    lines = str(stats).splitlines()
    assert lines[0] == "Stats: 5 blocks, 320 frames, latency 0 frames"
    assert lines[1].split() == ["node", "calls", "mean", "us", "p50", "us", "p99", "us", "max",
                                "us", "share"]  # fmt: skip
    assert [line.split()[0] for line in lines[2:5]] == ["gain", "meter", "whole"]
    assert lines[-1].startswith("meter: ")
    assert "peak" in lines[-1]
    assert max(map(len, lines)) <= 120
    assert len(repr(stats).splitlines()) == 1  # at a prompt
    cells = Cells(stats._repr_html_()).rows
    assert [cell[0] for cell in cells] == ["node", "gain", "meter", "whole block"]


def test_a_node_that_broke_is_told() -> None:
    engine = ng.Engine(ng.Graph.chain(ng.Gain()), sample_rate=48_000, max_frames=64)
    engine.process(np.full((1, 64), np.nan, np.float32))
    assert "bad inputs 64" in str(engine.stats()).splitlines()[0]


def test_stats_of_a_stream_have_levels_too() -> None:
    source = np.full((1, 64), 0.5, np.float32)
    with ng.NullStream(ng.Gain(), realtime=False, seconds=0.05, source=source) as stream:
        stream.wait(10)
        stats = stream.stats()
    lines = str(stats).splitlines()
    assert lines[0].startswith("LiveStats: ended, 0.1 s, 38 blocks of 64 at 48000 Hz, latency 0.0")
    at = lines.index("Levels in dB of full scale")
    assert [line.split()[0] for line in lines[at + 1 :]] == ["channel", "input", "output"]
    assert lines[at + 2].split()[-4:] == ["-6.0", "-6.0", "-6.0", "0"]
    html = Cells(stats._repr_html_()).rows
    assert [cells[0] for cells in html if cells[0].startswith("input")] == ["input in"]
    with pytest.raises(AssertionError):  # the reader of the HTML can fail
        Cells(stats._repr_html_().replace("</td>", "", 1))
