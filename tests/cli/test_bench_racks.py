"""``namgraph bench --suite racks``: every shipped rack is played live, and timed."""

import json
import threading

import pytest

from namgraph.cli.benchmarks import racks
from namgraph.cli.main import main
from namgraph.presets.bundled import shipped_presets

from . import command


def test_every_rack_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--suite", "racks", "--quick", "--json"]) == 0
    rows = command.rows(json.loads(capsys.readouterr().out), "rack")
    assert [row["rack"] for row in rows] == list(shipped_presets())
    for row in rows:
        assert 0 < row["p50_us"] <= row["p99_us"] <= row["worst_us"]
        assert row["share"] == pytest.approx(row["p99_us"] / (1e6 * 64 / 48_000))
        assert row["over"] == (row["share"] > racks.MOST)
        assert row["busy_p99_us"] > 0
        assert min(row["lost"], row["busy_lost"]) >= 0
    assert "busy" not in [thread.name for thread in threading.enumerate()]


def test_a_line_says_what_is_over() -> None:
    row = {
        "rack": "loud",
        "p50_us": 100.0,
        "p99_us": 400.0,
        "worst_us": 900.0,
        "share": 0.3,
        "over": True,
        "lost": 0,
        "busy_p99_us": 450.0,
        "busy_lost": 2,
        "priority": True,
    }
    line = racks.format_row("rack", row)
    assert line.startswith("loud         p50  100.0, p99  400.0, worst  900.0 us; p99 is 30.0 %")
    assert line.endswith("busy p99  450.0 us, 2 lost  MISSED: over 25 %")
    refused = racks.format_row("rack", {**row, "priority": False})
    assert "2 lost (no real-time priority)  MISSED" in refused
    assert "MISSED" not in racks.format_row("rack", {**row, "over": False})
