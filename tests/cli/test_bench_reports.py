"""``namgraph bench --suite all`` and ``--compare``: files, pictures, a page, ratios and flags."""

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
from namgraph.cli.benchmarks.reports.columns import Columns, columns_of
from namgraph.cli.benchmarks.reports.compare import compare, format_comparison
from namgraph.cli.benchmarks.reports.document import (
    add_row,
    new_document,
    read_document,
    write_document,
)
from namgraph.cli.benchmarks.reports.everything import measure_all
from namgraph.cli.benchmarks.reports.tables import tables
from namgraph.cli.main import main
from namgraph.graph import CudaError, FileError, NamgraphError, ParamError

from .command import refused

MACHINE = {"processor": "a chip", "cores": 2, "lanes": 8, "caches": {}, "system": "Linux"}
MACHINE |= {"python": "3", "namgraph": "0", "numba": "0", "llvmlite": "0", "numpy": "2"}
Rows = list[tuple[str, dict[str, Any]]]


def document(rows: Rows, suite: str = "models", **values: Any) -> dict[str, Any]:
    made = new_document(suite, False, "namgraph bench", MACHINE)
    for step, row in rows:
        add_row(made, step, row)
    return {**made, "complete": True, **values}


def model(block: int, least_ns: float, spread: float = 0.05) -> tuple[str, dict[str, Any]]:
    figures = {"least_ns": least_ns, "ns": 1.1 * least_ns, "spread": spread, "peak_share": 0.5}
    return "model", {"model": "A", "architecture": "LSTM", "block": block, **figures}


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


def test_a_suite_that_fails_costs_only_itself(undrawn: Any, tmp_path: Path) -> None:
    undrawn["models"].error = NamgraphError("other bits")
    with pytest.raises(
        NamgraphError, match=r"has the rest; suites that failed: models \(other bits"
    ):
        measure_all(tmp_path)
    assert read_document(tmp_path / "walk.json")["complete"]
    failed = read_document(tmp_path / "models.json")
    assert (len(failed["rows"]), failed["complete"]) == (2, False)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
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
    (tmp_path / "gpu.json").write_text("{}")
    measure_all(tmp_path)
    assert not (tmp_path / "gpu.json").exists()


def test_the_machine_is_named() -> None:
    found = machine()
    assert found["cores"] >= 1
    assert {"namgraph", "numpy", "numba", "llvmlite", "python", "processor"} <= found.keys()
    assert f"{found['lanes']} lanes" in format_machine(found)
    assert "1 core," in format_machine({**found, "cores": 1, "caches": {}})


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
    targets = [
        ("node", {"type": "gain", "ns": 2.0, "target_ns": 1.0}),
        ("node", {"type": "x", "ns": 0.0}),
    ]
    (axes,) = shown(draw_bars(document(targets, "nodes2")))
    assert [bar.get_width() for bar in axes.patches] == [2.0]
    assert list(axes.lines[0].get_xdata()) == [1.0, 1.0]
    assert axes.get_title(loc="left") == "node: ns; red: the target"
    assert shown(draw_bars(document([]))) != []


# --- columns


def test_fields_before_the_first_fraction_are_keys() -> None:
    row = {"step": "x", "taps": 3, "setting": {"a": 1}, "ns": 1.5, "lost": 2, "spread": 0.5}
    assert columns_of("new", "x", row) == Columns(("taps", "setting"), "ns", "spread")
    assert columns_of("new", "x", {"name": "a", "count": 2}) == Columns(("name", "count"), "count")
    assert columns_of("walk", "node", {"frames": 64, "ns": 1.0}).spread is None


def test_known_columns_are_used_where_their_fields_are_there() -> None:
    row = {"name": "a", "threads": 2, "seconds": 1.0, "speed_up": 2.0, "least": 1.5, "most": 3.0}
    found = columns_of("threads", "threads", row)
    assert (found.value, found.higher_is_better) == ("speed_up", True)
    assert found.spread_of(row) == pytest.approx(1.0)
    assert columns_of("threads", "threads", {"name": "a", "seconds": 1.0}).value == "seconds"


# --- comparison


def written(path: Path, *rows: Any, **values: Any) -> Path:
    write_document(document(list(rows), **values), path)
    return path


def test_what_changed_by_more_than_the_spread_of_both_is_flagged(tmp_path: Path) -> None:
    old = written(tmp_path / "a.json", model(16, 10.0), model(64, 10.0), model(128, 10.0))
    new = written(tmp_path / "b.json", model(16, 11.0), model(64, 11.1), model(128, 9.0))
    found = compare(old, new)
    assert [row["changed"] for row in found["rows"]] == ["", "worse", "better"]
    assert [row["ratio"] for row in found["rows"]] == pytest.approx([1.1, 1.11, 0.9])
    assert found["rows"][0]["row"] == "model, A, block 16"
    assert found["other"] == {}
    text = format_comparison(found)
    assert text.splitlines()[1].endswith("1.110  (varies by 10 %)  WORSE")
    assert text.endswith("3 rows compared: 1 worse, 1 better, by more than both vary")


def test_more_may_be_better(tmp_path: Path) -> None:
    def sped(up: float) -> tuple[str, dict[str, Any]]:
        row = {"name": "a", "threads": 2, "seconds": 1.0, "speed_up": up, "least": up, "most": up}
        return "threads", row

    old = written(tmp_path / "a.json", sped(2.0), suite="threads")
    new = written(tmp_path / "b.json", sped(3.0), suite="threads")
    assert [row["changed"] for row in compare(old, new)["rows"]] == ["better"]
    assert [row["changed"] for row in compare(new, old)["rows"]] == ["worse"]


def test_a_row_without_a_spread_may_vary_by_ten_percent(tmp_path: Path) -> None:
    rows = [("node", {"frames": 64, "ns": ns}) for ns in (1.0, 1.2, 1.22)]
    old, same, new = (
        written(tmp_path / f"{k}.json", row, suite="walk") for k, row in enumerate(rows)
    )
    (row,) = compare(old, same)["rows"]
    assert (row["changed"], row["assumed"]) == ("", True)
    assert compare(old, new)["rows"][0]["changed"] == "worse"


def test_folders_are_compared_file_by_file(tmp_path: Path) -> None:
    for name, block in (("old", 16), ("new", 32)):
        (tmp_path / name).mkdir()
        written(tmp_path / name / "models.json", model(block, 1.0), model(64, 2.0))
    written(tmp_path / "new" / "walk.json", suite="walk", quick=True)  # not compared
    other = {**MACHINE, "processor": "another chip"}
    written(tmp_path / "new" / "models.json", model(32, 1.0), model(64, 2.0), machine=other,
            complete=False)  # fmt: skip
    found = compare(tmp_path / "old", tmp_path / "new")
    assert found["missing"] == ["walk.json"]
    assert found["other"] == {"processor": ["a chip", "another chip"]}
    text = format_comparison(found)
    assert text.startswith("ANOTHER MACHINE, times say little: processor a chip / another chip")
    assert "interrupted: models" in text
    assert "few rounds" not in text
    assert "few rounds" in format_comparison({**found, "quick": True})
    assert "models: model, A, block 16: only in the old figures" in text
    assert "walk.json: in one folder only" in text


def test_the_command_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = written(tmp_path / "a.json", model(16, 10.0))
    assert main(["bench", "--compare", str(old), str(old)]) == 0
    assert capsys.readouterr().out.endswith(
        "1 rows compared: 0 worse, 0 better, by more than both vary\n"
    )
    assert main(["bench", "--compare", str(old), str(old), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["ratio"] == 1.0


def test_files_that_do_not_match_are_refused(tmp_path: Path) -> None:
    old = written(tmp_path / "a.json", model(16, 10.0))
    new = written(tmp_path / "b.json", suite="walk")
    with pytest.raises(ParamError, match=r"is of the suite models, .* must be of one suite"):
        compare(old, new)
    with pytest.raises(ParamError, match="must be two files or two folders"):
        compare(old, tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match=r"have no \.json file of the same name"):
        compare(tmp_path, tmp_path / "empty")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no figures of a suite"),
        ('{"suite": "walk", "figures": {}}', "its format is None: must be 1"),
        ('{"suite": "walk", "format": 1, "machine": 3}', "machine is no dict"),
        (
            '{"suite": "a", "format": 1, "machine": {}, "columns": {}, "rows": [{"step": "x"}]}',
            "a row has no step of columns",
        ),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(FileError) as told:
        read_document(path)
    assert str(told.value).startswith(f"{path}: ")
    assert said in str(told.value)
    with pytest.raises(FileError, match="cannot be read"):
        read_document(tmp_path / "none.json")


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
