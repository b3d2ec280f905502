"""``namgraph bench --suite instances``: many amps in one graph, timed and drawn."""

import json
from pathlib import Path

import pytest

from namgraph.cli.benchmarks.instances import MODELS, format_row, most_amps
from namgraph.cli.benchmarks.reports.pictures import draw
from namgraph.cli.main import main

from .command import rows


def test_amps_are_timed_by_their_number(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    kept = tmp_path / "amps.json"
    assert main(["bench", "--suite", "instances", "--quick", "-o", str(kept)]) == 0
    found = rows(json.loads(kept.read_text()), "amps")
    assert [(row["model"], row["amps"]) for row in found] == [
        (m, n) for m in MODELS for n in (1, 2)
    ]
    for row in found:
        assert 0 < row["least_ns"] <= row["ns"]
        assert 0 < row["p50_us"] <= row["p99_us"]
        assert row["constant_bytes"] > 4000
    assert found[0]["state_bytes"] > 10 * found[2]["constant_bytes"] > found[-1]["state_bytes"]
    shown = capsys.readouterr().out.splitlines()
    (pair,) = rows(json.loads(kept.read_text()), "together")
    assert shown[1:-1] == [format_row("amps", row) for row in found]
    assert shown[-1] == format_row("together", pair)
    assert pair["times_as_fast"] == pytest.approx(pair["apart_ns"] / pair["least_ns"])
    assert "KiB history" in shown[1]
    draw(json.loads(kept.read_text()), tmp_path / "amps.png")
    assert (tmp_path / "amps.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("limit", [0, 1, 2, 37, 63, 100, 500])
def test_the_most_that_meet_the_deadline(limit: int) -> None:
    asked = list[int]()

    def is_met(amps: int) -> bool:
        asked.append(amps)
        return amps <= limit

    low = next((n for n in (256, 128, 64, 32, 16, 8, 4, 2, 1) if n <= limit), 0)
    found = most_amps(low, 2 * low or 1, is_met)
    assert limit - max(0, limit // 16) <= found <= limit
    assert len(asked) <= 5
    row = {"model": "A1 nano", "frames": 64, "most": found, "deadline_us": 4e3 / 3}
    assert f"{found} play in real time" in format_row("limit", row)
