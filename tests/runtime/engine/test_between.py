"""Statistics list the rows that an engine adds between nodes apart from the nodes."""

import json
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.runtime.adapters.live.null import NullStream


def two_sides() -> ng.Graph:
    """A sum of two branches, one of them late: needs a copy, a sum and a delay."""
    graph = ng.Graph()
    source, out = graph.input("in", channels=1), graph.output("out", channels=1)
    left, right = graph.add("left", ng.Gain(gain_db=-6.0)), graph.add("right", ng.Gain())
    source >> left >> out
    source >> right >> out
    return graph


def test_stats_list_the_nodes_of_the_graph_and_the_rest_apart() -> None:
    engine = ng.Engine(two_sides(), sample_rate=48_000, max_frames=64)
    engine.play([np.ones(64, np.float32)], [np.zeros(64, np.float32)], 64, 64)
    stats = engine.stats()
    assert [n.name for n in stats.nodes] == ["left", "right"]
    assert {n.name for n in stats.between} == {"copy", "add"}
    assert len({n.calls for n in (*stats.nodes, *stats.between)}) == 1
    assert engine.plan.names.count("left") == 1
    assert len(engine.plan.names) == len(stats.nodes) + len(stats.between)


def test_live_stats_list_the_nodes_and_blame_what_is_between_them_by_one_name() -> None:
    stream = NullStream(two_sides(), sample_rate=48_000, realtime=False)
    try:
        assert [n.name for n in stream.stats().nodes] == ["left", "right"]
        rows = stream.engine.plan.rows
        for k, name in enumerate(stream.engine.plan.names):
            rows[k]["late"] = 2 if name.startswith("<") else 0
            rows[k]["xruns"] = 1 if name == "right" else 0
        assert stream.stats().blamed == {"right": 1, "between nodes": 4}
    finally:
        stream.stop()


def test_bench_names_no_row_that_is_not_the_users(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ng.save_preset(two_sides(), tmp_path / "two.json")
    words = ["bench", str(tmp_path / "two.json"), "--seconds", "0.1"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [n["name"] for n in found["nodes"]] == ["left", "right"]
    assert set(found["between_ns_per_sample"]) == {"copy", "add"}
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "<" not in out
    assert out.count("between nodes") == 1
    assert main(["live", str(tmp_path / "two.json"), "--null", "--fast", "--seconds", "0.1"]) == 0
    assert "<" not in capsys.readouterr().out
