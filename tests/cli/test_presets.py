"""``namgraph presets``, and ``namgraph demo`` of one rack and of all."""

import json
from pathlib import Path

import pytest
import soundfile

from namgraph.cli.main import main
from namgraph.presets.bundled import shipped_presets
from namgraph.presets.preset import read_preset


def test_every_rack_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = list(shipped_presets())
    assert [line.split()[0] for line in lines[: len(names)]] == names
    for line, path in zip(lines, shipped_presets().values(), strict=False):
        description = read_preset(path).description
        assert 20 <= len(description) <= 100
        assert line.endswith(description)


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["presets"]
    assert set(rows) == set(shipped_presets())
    assert all(row["name"] and row["description"] for row in rows.values())


def test_a_demo_of_one_rack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "one.wav"
    assert main(["demo", "plugin", "-o", str(target), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["file"] == str(target)
    assert soundfile.info(target).channels == 1
    assert -60.0 < row["levels"]["peak_db"] < 0.0


def test_demos_of_all_racks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "deep" / "demos"
    assert main(["demo", "--all", str(folder)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(shipped_presets())
    others = {"two-amps-wet", "two-amps-dry"}  # further outputs
    assert {path.stem for path in folder.iterdir()} == {*shipped_presets(), *others}
    for path in folder.iterdir():
        samples, rate = soundfile.read(path)
        assert rate == 48_000
        assert 0.05 < abs(samples).max() < 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["demo", "loud"], "no preset 'loud' ships with namgraph; there is acoustic, "),
        (["demo", "crunch", "--all", "x"], "NAME does nothing with --all"),
        (["demo", "--all", "x", "-o", "a.wav"], "--output does nothing with --all"),
        (["demo", "--all", "x", "--plot", "a.png"], "--plot does nothing with --all"),
        (["demo", "--all", "file/x"], "file/x: cannot be made: Not a directory"),
    ],
)
def test_wrong_arguments_are_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
