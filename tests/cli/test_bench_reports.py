"""``namgraph bench --suite all``: files, pictures, a page; what may be written over."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from namgraph.cli import benchmarks
from namgraph.cli.benchmarks.machine import format_machine, machine
from namgraph.cli.benchmarks.reports import everything, page, pictures
from namgraph.cli.benchmarks.reports.bars import draw_bars
from namgraph.cli.benchmarks.reports.document import (
    read_document,
    write_document,
)
from namgraph.cli.benchmarks.reports.everything import measure_all
from namgraph.cli.benchmarks.reports.tables import tables
from namgraph.cli.main import main
from namgraph.graph import CudaError, FileError, NamgraphError
from namgraph.runtime.io.atomic_write import alone_in

from .command import refused
from .figures import Rows, document, model


class Suite:
    """A module of a suite that measures nothing."""

    def __init__(self, rows: Rows, error: BaseException | None = None) -> None:
        self.rows, self.error = rows, error

    def steps(self, quick: bool, *models: str) -> Iterator[tuple[str, dict[str, Any]]]:
        yield from self.rows
        if self.error is not None:
            raise self.error

    def format_row(self, step: str, row: dict[str, Any]) -> str:
        return f"{step} {row}"


class NoDevice(Suite):
    def steps(self, quick: bool, *models: str) -> Any:
        raise CudaError("no CUDA driver on this machine")


@pytest.fixture
def suites(monkeypatch: pytest.MonkeyPatch) -> dict[str, Suite]:
    """Suites of the same names as some real ones, in their place."""
    made = {
        "models": Suite([model(16, 9.0), model(64, 8.0)]),
        "walk": Suite([("node", {"frames": 64, "output_checked": True, "ns": 2.0})]),
        "gpu": NoDevice([]),
    }
    names = {name: benchmarks.SUITES[name] for name in made}
    monkeypatch.setattr(benchmarks, "suite_module", made.__getitem__)
    monkeypatch.setattr(everything, "SUITES", names)
    monkeypatch.setattr(measure_all, "__kwdefaults__", {**(measure_all.__kwdefaults__ or {}),
                                                        "suites": tuple(names)})  # fmt: skip
    return made


@pytest.fixture
def undrawn(suites: dict[str, Suite], monkeypatch: pytest.MonkeyPatch) -> dict[str, Suite]:
    """The same without pictures, which take a second each."""
    monkeypatch.setattr(page, "_draw", lambda document, picture: None)
    return suites


def test_one_command_writes_files_pictures_and_a_page(
    suites: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "figures"
    assert main(["bench", "--suite", "all", "--quick", "-o", str(place), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == [str(place / "models.json"), str(place / "walk.json")]
    assert told["skipped"] == {"gpu": "no CUDA driver on this machine"}
    names = {path.name for path in place.iterdir()}
    assert names == {"models.json", "models.png", "walk.json", "walk.png", "report.md"}
    text = (place / "report.md").read_text(encoding="utf-8")
    assert format_machine(machine()) in text
    assert "Skipped: gpu: no CUDA driver on this machine" in text
    assert "![models](models.png)" in text
    assert "| model | 16 | 64 |" in text
    assert "| A | 9 | 8 |" in text
    assert (place / "walk.png").read_bytes()[:4] == b"\x89PNG"
    found = read_document(place / "walk.json")
    assert (found["format"], found["complete"], found["quick"]) == (1, True, True)
    assert found["rows"] == [{"step": "node", "frames": 64, "output_checked": True, "ns": 2.0}]


def test_without_matplotlib_there_are_no_pictures(
    suites: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *r: None if n == "matplotlib" else real(n, *r)
    )
    told = measure_all(tmp_path)
    assert "matplotlib" in told["skipped"]["pictures"]
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".md"}


def test_a_suite_that_fails_costs_only_itself(
    undrawn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(page, "_draw", lambda document, picture: drawn.append(document["suite"]))
    undrawn["models"].error = NamgraphError("other bits")
    with pytest.raises(
        NamgraphError, match=r"has the rest; suites that failed: models \(other bits"
    ):
        measure_all(tmp_path)
    assert read_document(tmp_path / "walk.json")["complete"]
    failed = read_document(tmp_path / "models.json")
    assert (len(failed["rows"]), failed["complete"]) == (2, False)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert text.index("## models") < text.index("## walk")
    assert drawn == ["models", "walk"]
    assert "Failed: models: other bits" in text
    assert "interrupted: rows are missing" in text


def test_an_interrupted_run_keeps_what_is_done(undrawn: Any, tmp_path: Path) -> None:
    undrawn["walk"].error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        measure_all(tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "## models" in text
    assert "## walk" in text
    assert read_document(tmp_path / "walk.json")["rows"]


def test_figures_of_a_suite_that_is_skipped_now_do_not_stay(undrawn: Any, tmp_path: Path) -> None:
    write_document(document([], "gpu"), tmp_path / "gpu.json")
    measure_all(tmp_path)
    assert not (tmp_path / "gpu.json").exists()


def test_the_machine_is_named() -> None:
    found = machine()
    assert found["cores"] >= 1
    assert {"namgraph", "numpy", "numba", "llvmlite", "python", "processor"} <= found.keys()
    assert f"{found['lanes']} lanes" in format_machine(found)
    assert "1 core," in format_machine({**found, "cores": 1, "caches": {}})


# --- what may be written over


def test_figures_are_written_over_and_nothing_else(suites: Any, tmp_path: Path) -> None:
    measure = benchmarks.measure
    for _ in range(2):
        measure("walk", output=tmp_path / "walk.json")
    (tmp_path / "empty.json").touch()
    measure("walk", output=tmp_path / "empty.json")
    notes, amp = tmp_path / "notes.json", tmp_path / "amp.json"
    for path in (notes, amp):
        path.write_text('{"architecture": "LSTM"}')
    with pytest.raises(FileError, match=r"notes\.json: is there, and holds no figures"):
        measure("walk", output=notes)
    with pytest.raises(FileError, match=r"amp\.json: is a model that is measured"):
        measure("models", output=amp, models=[str(amp)])
    with pytest.raises(FileError, match=r"take\.wav: the name .* must end in \.json"):
        measure("walk", output=tmp_path / "take.wav")
    assert notes.read_text() == amp.read_text() == '{"architecture": "LSTM"}'


@pytest.mark.parametrize("name", ["models.json", "report.md", "walk.png"])
def test_a_folder_with_a_file_of_the_same_name_is_left_alone(
    undrawn: Any, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("mine")
    (tmp_path / "other.txt").write_text("mine")
    with pytest.raises(FileError, match=name):
        measure_all(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        name: "mine", "other.txt": "mine"
    }  # fmt: skip
    (tmp_path / name).unlink()
    for _ in range(2):  # its own files of an earlier run are replaced
        measure_all(tmp_path)
    assert (tmp_path / "other.txt").read_text() == "mine"


def test_a_file_is_no_folder_and_two_runs_do_not_share_one(undrawn: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(FileError, match="a: is a file: must be a folder"):
        measure_all(tmp_path / "a")
    with alone_in(tmp_path / "b"), pytest.raises(FileError, match="another run is at work there"):
        measure_all(tmp_path / "b")


# --- pictures and tables


def shown(figure: Any) -> list[Any]:
    return [axes for axes in figure.axes if axes.get_visible()]


def test_models_are_drawn_beside_pytorch() -> None:
    peer = {"model": "A", "architecture": "LSTM", "peer": "PyTorch", "least_ns": 9.0}
    ratios = [("peer", {**peer, "block": block, "ratio": 3.0}) for block in (16, 48_000)]
    rows = document([model(16, 9.0), model(64, 8.0), *ratios])["rows"]
    times, share, ratio = shown(pictures._models(rows))
    assert list(times.lines[0].get_ydata()) == [9.0, 8.0]
    assert list(share.lines[0].get_ydata()) == [50.0, 50.0]
    assert [label.get_text() for label in ratio.get_xticklabels()] == ["16", "1 s"]
    assert len(shown(pictures._models(rows[:2]))) == 2
    assert pictures._models([]) is None


GROWTH = {"sweep": "LSTM, units", "exponent": 1.0, "form": "power", "worst_power": 0.1}
GROWTH |= {"fixed_ns": 1.0, "slope_ns": 2.0, "worst_line": 0.1, "drops": []}
GROWTH |= {"jumps": [{"from": 2, "to": 4, "times": 1.5, "kernels": [["a|b"], ["c"]]}]}


def test_a_jump_of_growth_is_drawn_and_told() -> None:
    points = [("point", {"sweep": "LSTM, units", "size": n, "least_ns": float(n)}) for n in (2, 4)]
    made = document([*points, ("fit", GROWTH)], "growth")
    (axes,) = shown(pictures._growth(made["rows"]))
    *_, jump = axes.lines
    assert (list(jump.get_xdata()), jump.get_color()) == ([2.0, 4.0], pictures.FLAG)
    line = axes.lines[0].get_ydata()
    assert (line[0], line[-1]) == (pytest.approx(2.0), pytest.approx(4.0))
    text = "\n".join(line for table in tables(made) for line in table)
    assert "from=2, to=4, times=1.5" in text
    assert "a\\|b" in text  # or the table has a column more


def test_lengths_of_convolutions_are_a_curve_and_other_rows_bars() -> None:
    row = {"channels": "1->1", "taps": 64, "ns_per_sample": 2.0, "least_ns_per_sample": 1.0}
    (axes,) = shown(pictures._convolve([{"step": "response", **row}]))
    assert list(axes.lines[0].get_ydata()) == [1.0]
    assert pictures._convolve([{"step": "response", "taps": 64, "us": 1.0}]) is None
    peers = [{"step": "peer", "player": "a", "taps": n, "least_ns": 3.0} for n in (64, 128)]
    _, others = shown(pictures._convolve([{"step": "response", **row}, *peers]))
    assert [list(line.get_ydata()) for line in others.lines] == [[3.0, 3.0]]
    targets = [
        ("a_node", {"type": "gain", "ns": 2.0, "target_ns": 1.0}),
        ("a_node", {"type": "x", "ns": 0.0}),
    ]
    (axes,) = shown(draw_bars(document(targets, "nodes2")))
    assert [bar.get_width() for bar in axes.patches] == [2.0]
    assert list(axes.lines[0].get_xdata()) == [1.0, 1.0]
    assert axes.get_title(loc="left") == "a node: ns; red: the target"
    assert [text.get_text() for text in axes.texts] == [" 2"]
    (axes,) = shown(draw_bars(document([targets[0]], "nodes2")))
    assert axes.get_xlim()[0] == 0.0
    low = [
        ("a_node", {"type": n, "ns": ns, "target_ns": 0.1}) for n, ns in (("a", 1.0), ("b", 60.0))
    ]
    (axes,) = shown(draw_bars(document(low, "nodes2")))
    assert axes.get_xlim()[0] < 0.1  # the targets are seen
    wide = [("call", {"call": name, "us": us}) for name, us in (("a", 0.05), ("b", 40.0))]
    (axes,) = shown(draw_bars(document(wide, "calls")))
    assert axes.get_title(loc="left") == "us a call from Python, median"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.1", "1", "10", "100"]
    assert shown(draw_bars(document([]))) != []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--suite all", "--suite all writes a folder of files: give it with -o FOLDER"),
        ("crunch plugin", "RIG is given 2 times: must be one"),
        ("a.nam b.nam --suite oversampling", "RIG is given 2 times: must be at most 1"),
        ("crunch --compare a b", "RIG does nothing with --compare"),
        ("--suite walk --compare a b", "--suite does nothing with --compare"),
        ("--compare a b --quick", "--quick does nothing with --compare"),
        ("crunch --suite all -o f", "RIG does nothing with --suite all"),
        ("--suite models --slim 1", "--slim does nothing with --suite models"),
    ],
)
def test_one_line_says_what_is_wrong(
    there: Path, capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    assert said in refused(capsys, "bench", *arguments.split())
