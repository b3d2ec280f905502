"""``namgraph bench --compare``: files of figures, their columns, ratios and flags."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from namgraph.cli.benchmarks.reports.columns import Columns, columns_of
from namgraph.cli.benchmarks.reports.compare import compare, format_comparison, row_name
from namgraph.cli.benchmarks.reports.document import (
    read_document,
    write_document,
)
from namgraph.cli.main import main
from namgraph.graph import FileError, ParamError

from .figures import MACHINE, document, model

# --- columns


def test_the_columns_of_suites_of_several_steps() -> None:
    block = {"name": "a", "block": 64, "one_us": 1.0, "two_us": 0.5, "speed_up": 2.0}
    assert columns_of("threads", "blocks", block).value == "speed_up"
    fade = {"taps": 64, "blocks": 3, "one_us": 1.0, "both_us": 1.5, "first_us": 2.0}
    assert columns_of("convolve", "exchange", fade).value == "both_us"
    row = {"channels": "1->1", "taps": 64, "ns_per_sample": 2.2, "least_ns_per_sample": 2.0}
    assert columns_of("convolve", "response", row).spread_of(row) == pytest.approx(0.1)
    skipped = {"what": "scipy", "reason": "not installed"}
    assert columns_of("convolve", "skipped", skipped) == Columns(("what",), "reason")


def test_rows_are_named_in_words() -> None:
    row = {"taps": 2048, "block": 64, "setting": {"a": 1}, "output_checked": False, "n": None}
    name = row_name(row, Columns(tuple(row), "ns"))
    assert name == "2,048 taps, block 64, a 1, output checked: no"


def test_numbers_that_json_has_not_are_none() -> None:
    made = document([("x", {"name": "a", "db": -math.inf, "parts": [math.nan, {"b": math.inf}]})])
    assert made["rows"] == [{"step": "x", "name": "a", "db": None, "parts": [None, {"b": None}]}]


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


def test_a_figure_is_compared_with_the_same_figure(tmp_path: Path) -> None:
    """An older version may have taken another one of the same rows."""
    row = "blocks", {"name": "a", "block": 64, "one_us": 9.0, "speed_up": 2.0}
    old = document([row], "threads")
    old["columns"]["blocks"]["value"] = "one_us"
    write_document(old, tmp_path / "a.json")
    new = written(tmp_path / "b.json", row, suite="threads")
    (found,) = compare(tmp_path / "a.json", new)["rows"]
    assert (found["figure"], found["ratio"]) == ("speed_up", 1.0)


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
    with pytest.raises(FileError, match="none: is not there"):
        compare(tmp_path, tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match=r"have no \.json file of the same name"):
        compare(tmp_path, tmp_path / "empty")


FILE = '{"suite": "a", "format": 1, "machine": {}, "columns": %s, "rows": %s}'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no figures of a suite"),
        ('{"suite": "walk", "figures": {}}', "its format is None: must be 1"),
        ('{"suite": "walk", "format": 1, "machine": 3}', "machine is no dict"),
        (FILE % ("{}", '[{"step": "x"}]'), "a row has no step of columns"),
        (FILE % ("{}", '[{"step": ["x"]}]'), "a row has no step of columns"),
        (FILE % ('{"x": 3}', "[]"), "its columns have unknown, missing or wrong fields"),
        (FILE % ('{"x": {"keys": 5, "value": "ns"}}', "[]"), "its columns have unknown"),
        (FILE % ('{"x": {"keys": [3], "value": "ns"}}', "[]"), "its columns have unknown"),
        (FILE % ('{"x": {"keys": [], "value": "ns", "low": 3}}', "[]"), "its columns have"),
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
