"""``namgraph bench --suite``: every suite runs, and names its machine."""

import json
from pathlib import Path

import numpy as np
import pytest

from namgraph.cli.benchmarks import MODULES, SUITES, convolve, start, suite_module, walk
from namgraph.cli.benchmarks.convolve import peers
from namgraph.cli.main import main
from namgraph.graph import EngineError, node_types

from .command import refused, rows


def test_walk(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept = tmp_path / "walk.json"
    assert main(["bench", "--suite", "walk", "--quick", "--json", "-o", str(kept)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["suite"], found["quick"]) == ("walk", True)
    assert found["machine"]["lanes"] in (4, 8, 16)
    bare, checked = rows(found, "node")
    assert (bare["output_checked"], checked["output_checked"]) == (False, True)
    assert np.isfinite([bare["ns"], checked["ns"]]).all()
    (rewire,) = rows(found, "rewire")
    assert rewire["nodes"] == walk.NODES
    assert rewire["ms"] > 0
    assert json.loads(kept.read_text()) == found
    assert "bench_nothing" not in node_types()  # what a benchmark plays is no node for presets


def test_convolve_prints_its_machine_and_a_line_for_each_length(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "--suite", "convolve", "--quick"]) == 0
    machine, peak, *lines = capsys.readouterr().out.splitlines()
    assert "lanes" in machine
    assert peak.startswith("peak of one core: ")
    count = len(convolve.LENGTHS) + 2 * len(convolve.WIDE_LENGTHS)
    assert lines[0].startswith("1->1      64 taps: ")
    assert all("taps: " in line and "by position, raw" in line for line in lines[:count])
    exchanges = lines[-len(convolve.PEER_LENGTHS) :]
    assert all(line.startswith("exchange of ") for line in exchanges)
    others = [line for line in lines[count : -len(exchanges)] if "skipped" not in line]
    assert sum(line.startswith("namgraph, kernel ") for line in others) == 3
    assert all(" times ours; off by " in line for line in others)


def test_a_peer_that_plays_something_else_is_not_timed() -> None:
    rng = np.random.default_rng(3)
    response, x = (rng.standard_normal(n).astype(np.float32) for n in (100, 640))
    players, _ = peers._players(response)
    assert all(error < peers.LIMIT for error in peers.check_outputs(players, x, response).values())
    late = {"namgraph": lambda x: np.roll(players[peers.OURS](x), 1)}
    with pytest.raises(EngineError, match="namgraph differs from float64 by"):
        peers.check_outputs(late, x, response)


def test_what_is_measured_is_a_convolution() -> None:
    """A block repeated for ever through as many taps is the circular convolution of both."""
    case = convolve.Case("1->1", convolve.MONO, convolve.BLOCK, np.random.default_rng(0))
    sound = np.random.default_rng(1).standard_normal((4, convolve.BLOCK)).astype(np.float32)
    places = np.array([row.ctypes.data for row in sound])
    case.play(places[:2], places[2:], 4 * convolve.PERIOD)
    taps = np.random.default_rng(0).standard_normal((1, convolve.BLOCK))[0]
    wanted = np.fft.ifft(np.fft.fft(taps) * np.fft.fft(sound[0])).real
    assert np.abs(sound[2] - wanted).max() < 1e-5 * np.abs(wanted).max()
    row = case.row()
    assert 0 < row["least_ns_per_sample"] <= row["ns_per_sample"]
    assert 0 < row["block_ns"]["p50"] <= row["block_ns"]["p99"] <= row["block_ns"]["max"]


def test_automation_is_timed_beside_the_same_render_without(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "--suite", "automation", "--quick", "--json"]) == 0
    found = rows(json.loads(capsys.readouterr().out), "automation")
    assert [row["points"] for row in found] == [576] * 3
    assert all(row["plain_s"] > 0 and row["automated_s"] > 0 for row in found)
    assert main(["bench", "--suite", "automation", "--quick"]) == 0
    assert (
        "576 points move the mix of a cabinet behind it in 0.6 s of audio"
        in capsys.readouterr().out
    )


def test_a_start_compiles_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--suite", "start", "--quick", "--json"]) == 0
    imported, node, warm, cold = rows(json.loads(capsys.readouterr().out), "start")
    assert [row["target_s"] for row in (imported, node, warm, cold)] == [0.15, 0.2, 0.4, 1.5]
    assert 0 < imported["cpu_s"] < node["cpu_s"] < warm["cpu_s"] < cold["cpu_s"]
    assert "kernels not compiled" in start.format_row("start", cold)


def test_a_start_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="a start of namgraph failed: ValueError: no card"):
        start._run(str(tmp_path), "raise ValueError('no card')")
    monkeypatch.setattr(start, "TIMEOUT_S", 0.0)
    with pytest.raises(EngineError, match=r"took longer than 0 s: try again"):
        start._run(str(tmp_path), "pass")


def test_the_list_names_every_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--suite", "list"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown] == list(SUITES)
    assert main(["bench", "--suite", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"suites": SUITES}


def test_every_suite_is_a_module_with_both_functions() -> None:
    here = Path(walk.__file__).parent
    helpers = {"__init__", "machine", "models", "node_targets", "rack", "measuring", "reports"}
    modules = [*here.glob("*.py"), *(path.parent for path in here.glob("*/__init__.py"))]
    named = {MODULES.get(name, name) for name in SUITES}
    assert {path.stem for path in modules} - helpers == named
    for name in SUITES:
        suite = suite_module(name)
        assert callable(suite.steps)
        assert callable(suite.format_row)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "nothing to measure: give a RIG, or --suite"),
        ("--suite pedals", "invalid choice: 'pedals' (choose from "),
        ("crunch --suite walk", "RIG does nothing with --suite walk"),
        ("--suite walk --block 0", "--block does nothing with --suite walk"),
        ("--suite walk --seconds 1", "--seconds does nothing with --suite walk"),
        ("--suite list --quick", "--quick does nothing with --suite list"),
        ("crunch --quick", "--quick goes with --suite"),
        ("crunch -o a.json", "--output goes with --suite"),
        ("--suite walk --quick -o no/a.json", "no/a.json: cannot be written: No such file"),
    ],
)
def test_one_line_says_what_is_wrong(
    there: Path, capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    assert said in refused(capsys, "bench", *arguments.split())


def test_an_unknown_suite_names_all_that_there_are(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = refused(capsys, "bench", "--suite", "pedals")
    assert all(name in found for name in (*SUITES, "list"))


def test_threads_are_timed_beside_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--suite", "threads", "--quick", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    blocks, found = rows(figures, "blocks"), rows(figures, "threads")
    assert [row["block"] for row in blocks] == [64, 256, 64, 256]
    for row in blocks:
        assert 0 < row["two_us"] <= row["two_p99_us"]
        assert 0 <= row["late"] <= 1
    assert {row["name"] for row in found} >= {"A1 standard", "crunch"}
    for row in found:
        assert row["threads"] >= 2
        assert 0 < row["least"] <= row["speed_up"] <= row["most"]
        assert row["cpu_ratio"] > 0
