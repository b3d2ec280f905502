"""``namgraph bench --suite growth`` and ``peers``: fits, jumps, convolvers that are compared."""

import json
import sys

import numpy as np
import pytest

from namgraph.cli.benchmarks import growth, models, peers
from namgraph.cli.benchmarks.growth import sweeps
from namgraph.cli.benchmarks.growth.curve_fit import fit
from namgraph.cli.benchmarks.peers.convolvers import Player, players
from namgraph.cli.main import main
from namgraph.graph import EngineError

from . import command

SIZES = [1, 2, 4, 8, 16]
STILL = [0.01] * 5


def test_a_line_is_found() -> None:
    found = fit(SIZES, [3.0 + 2.0 * n for n in SIZES], STILL)
    assert (found["form"], found["jumps"], found["drops"]) == ("line", [], [])
    assert (found["fixed_ns"], found["slope_ns"]) == (pytest.approx(3.0), pytest.approx(2.0))
    assert found["worst_line"] == pytest.approx(0.0, abs=1e-9)
    assert found["worst_power"] > 0.05


def test_a_power_is_found() -> None:
    found = fit(SIZES, [5.0 * n**1.5 for n in SIZES], STILL)
    assert (found["form"], found["jumps"]) == ("power", [])
    assert found["exponent"] == pytest.approx(1.5)
    assert found["worst_power"] == pytest.approx(0.0, abs=1e-9)


def test_a_jump_and_a_drop_are_flagged_and_noise_is_not() -> None:
    times = [1.0, 2.0, 4.0, 16.0, 32.0]
    (jump,) = fit(SIZES, times, STILL)["jumps"]
    assert (jump["from"], jump["to"]) == (4, 8)
    assert jump["times"] > 1.5
    assert fit(SIZES, times, [1.0] * 5)["jumps"] == []
    (drop,) = fit(SIZES, [4.0, 2.0, 2.1, 2.2, 2.3], STILL)["drops"]
    assert drop == {"from": 1, "to": 2, "times": 0.5}
    assert fit(SIZES, [2.0, 1.95, 2.1, 2.2, 2.3], STILL)["drops"] == []


def test_every_sweep_has_points_and_a_fit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = (
        sweeps.Sweep("LSTM, units", (2, 3, 4, 5), lambda n: sweeps._net(models.lstm(n, 1))),
        next(s for s in sweeps.SWEEPS if s.name == "graph, nodes"),
    )
    monkeypatch.setattr(growth, "SWEEPS", small)
    assert main(["bench", "--suite", "growth", "--quick", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    points, fits = command.rows(found, "point"), command.rows(found, "fit")
    assert [row["sweep"] for row in fits] == ["LSTM, units", "graph, nodes"]
    assert [row["size"] for row in points[:2]] == [2, 4]
    assert points[0]["kernels"] == ["nam.lstm.h2.d1.w4"]
    assert all(0 < row["least_ns"] <= row["ns"] for row in points)


def test_a_line_names_a_jump_and_its_kernels() -> None:
    row = {"sweep": "LSTM, units", "form": "power", "exponent": 1.4, "fixed_ns": 1.0}
    row |= {"slope_ns": 2.0, "worst_line": 0.5, "worst_power": 0.25, "drops": []}
    row["jumps"] = [{"from": 40, "to": 48, "times": 1.6, "kernels": [["a.w16"], ["b.w16"]]}]
    line = growth.format_row("fit", row)
    assert "fit: n^1.40 (worst 25 % off); else 1 + 2 n ns (worst 50 % off)" in line
    assert line.endswith("JUMP 40 to 48: 1.60 times the fit (a.w16 -> b.w16)")


def test_sweeps_cover_what_the_suite_promises() -> None:
    names = {sweep.name for sweep in sweeps.SWEEPS}
    assert names >= {"WaveNet, channels", "WaveNet, taps", "WaveNet, layers", "LSTM, units"}
    assert names >= {"GRU, units", "convolver, taps", "graph, nodes"}
    for sweep in sweeps.SWEEPS:
        assert sweep.sizes == tuple(sorted(sweep.sizes))
        assert len(sweep.sizes) >= 6


def test_convolvers_are_compared_and_timed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--suite", "peers", "--quick", "--json"]) == 0
    found = command.rows(json.loads(capsys.readouterr().out), "convolution")
    names = {row["player"] for row in found}
    assert names == {"namgraph Cab", "pedalboard.Convolution", "scipy.signal.lfilter",
                     "scipy.signal.oaconvolve"}  # fmt: skip
    assert all(row["error"] < 1e-5 and row["ratio"] > 0 for row in found)
    assert [row["ratio"] for row in found if row["player"] == "namgraph Cab"] == [1.0] * 3


def test_a_convolver_that_is_wrong_is_not_timed() -> None:
    sound = np.random.default_rng(0).normal(0.0, 0.1, 4096).astype(np.float32)
    response = np.array([1.0, 0.5], np.float32)
    late = Player("late", 64, lambda x: np.roll(x, 1))
    with pytest.raises(EngineError, match="late, 2 taps, blocks of 64: is off by"):
        peers._error(late, response, sound)


def test_what_is_not_installed_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pedalboard", "scipy.signal"):
        monkeypatch.setitem(sys.modules, name, None)
    found, missing = players(np.ones(1, np.float32), 64)
    assert [one.name for one in found] == ["namgraph Cab"]
    assert "pip install" in missing["pedalboard"]
    assert "scipy" in missing["scipy"]
    line = peers.format_row("skipped", {"what": "scipy", "reason": missing["scipy"]})
    assert line.startswith("scipy: skipped: not installed (import of scipy.signal halted")
