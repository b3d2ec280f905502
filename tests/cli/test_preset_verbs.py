"""The verbs around presets: new, migrate, schema, info of folders, and --snapshot."""

import json
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.bundled import shipped_presets
from namgraph.presets.preset import read_preset

from .command import CAB, GUITAR, LSTM, read, refused, wav

OLD = {
    "namgraph": 1,
    "name": "Old",
    "description": "kept",
    "inputs": {"in": 1},
    "outputs": {"out": 1},
    "nodes": {"amp": {"type": "nam", "path": LSTM}, "cab": {"type": "cab", "path": CAB}},
    "connections": [["in", "amp"], ["amp", "cab"], ["cab", "out"]],
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.mark.parametrize("given", [[], ["--model", LSTM, "--ir", CAB, "--name", "My amp"]])
def test_a_new_preset_renders_at_once(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "my.json", *given]) == 0
    wav(Path("in.wav"), GUITAR)
    made = read_preset("my.json")
    assert made.name == ("My amp" if given else "my")
    assert [s.name for s in made.snapshots.values()] == ["Rhythm", "Lead"]
    heard = {}
    for slot in "AB":
        assert main(["render", "my.json", "in.wav", f"{slot}.wav", "--snapshot", slot]) == 0
        heard[slot] = read(f"{slot}.wav")[0]
    assert main(["render", "my.json", "in.wav", "plain.wav"]) == 0
    np.testing.assert_array_equal(heard["A"], read("plain.wav")[0])
    assert np.abs(heard["B"]).max() > 1.1 * np.abs(heard["A"]).max()
    capsys.readouterr()
    before = Path("my.json").read_bytes()
    assert "my.json: is there already" in refused(capsys, "new", "my.json")
    assert main(["new", "my.json", "--force", "--ir", CAB]) == 0
    assert Path("my.json").read_bytes() != before or not given


def test_a_new_preset_takes_a_cabinet_of_two_channels() -> None:
    wav(Path("wide.wav"), np.vstack([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0]]))
    assert main(["new", "wide.json", "--ir", "wide.wav"]) == 0
    assert ng.render("wide.json", GUITAR, 48_000).shape[0] == 2


def test_a_new_preset_of_files_that_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.nam").write_text("{}")
    for given, said in [
        (["a.json", "--model", "bad.nam"], "bad.nam"),
        (["a.json", "--model", "none.nam"], "none.nam"),
        (["a.json", "--ir", "none.wav"], "none.wav"),
        (["a.txt"], "must end in .json"),
        (["no/folder/a.json"], "no/folder"),
    ]:
        assert said in refused(capsys, "new", *given)


def test_an_old_preset_is_migrated(capsys: pytest.CaptureFixture[str]) -> None:
    text = json.dumps(OLD)
    Path("old.json").write_text(text)
    before = ng.load_preset("old.json")
    assert main(["migrate", "old.json", "-o", "new.json"]) == 0
    assert (
        capsys.readouterr().out == "new.json: written in version 2 of the format, from version 1\n"
    )
    assert Path("old.json").read_text() == text
    for _ in range(2):
        assert main(["migrate", "old.json"]) == 0
        assert json.loads(Path("old.json").read_text())["namgraph"] == 2
        found = read_preset("old.json")
        assert (found.graph, found.name, found.description) == (before, "Old", "kept")
    assert "nothing to do" in capsys.readouterr().out
    assert Path("old.json").read_bytes() == Path("new.json").read_bytes()


def test_what_cannot_be_migrated(capsys: pytest.CaptureFixture[str]) -> None:
    Path("later.json").write_text(json.dumps({**OLD, "namgraph": 9}))
    Path("broken.json").write_text("{")
    gone = {"cab": {"type": "cab", "path": "gone.wav"}}
    Path("gone.json").write_text(json.dumps({**OLD, "nodes": gone}))
    assert "needs a newer namgraph" in refused(capsys, "migrate", "later.json")
    assert "is not JSON" in refused(capsys, "migrate", "broken.json")
    assert "gone.wav" in refused(capsys, "migrate", "gone.json")
    assert "ships with namgraph" in refused(capsys, "migrate", "crunch")
    assert "none.json" in refused(capsys, "migrate", "none.json")
    ng.save_preset("crunch", "packed.zip")
    assert "packed.zip: is a bundle: namgraph unpack" in refused(capsys, "migrate", "packed.zip")
    Path("old.json").write_text(json.dumps(OLD))
    for name in ("new.zip", "new.txt"):
        assert f"must end in .json: write {name}.json" in refused(
            capsys, "migrate", "old.json", "-o", name
        )
        assert not Path(name).exists()


def test_an_old_preset_with_moved_files_is_migrated(capsys: pytest.CaptureFixture[str]) -> None:
    Path("irs").mkdir()
    shutil.copy(ng.asset("cab.wav"), "irs/mine.wav")
    moved = {"namgraph": 1, "inputs": {"in": 1}, "outputs": {"out": 1},
             "nodes": {"cab": {"type": "cab", "path": "mine.wav"}},
             "connections": [["in", "cab"], ["cab", "out"]]}  # fmt: skip
    Path("old.json").write_text(json.dumps(moved))
    assert "mine.wav" in refused(capsys, "migrate", "old.json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["migrate", "old.json", "--search", "irs"]) == 0
    assert "converted to version 2 of the format, from version 1" in capsys.readouterr().out
    assert ng.load_preset("old.json")["cab"] == ng.Cab(os.path.abspath("irs/mine.wav"))


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["properties"]["namgraph"] == {"const": 2}
    assert found == ng.preset_schema()


def test_info_shows_values_and_snapshots(capsys: pytest.CaptureFixture[str]) -> None:
    graph = ng.load_preset("crunch")
    graph.bypass("cab")
    graph.mix("slap", 0.25)
    graph.tempo_bpm = 90.0
    ng.save_preset(graph, "my.json")
    assert main(["info", "my.json"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "tempo bpm 90" in lines
    assert "pan" not in lines
    assert "master gain_db -6.1" in lines
    assert any(line.startswith("cab path ") and line.endswith("bypass True") for line in lines)
    assert any(line.startswith("slap ") and line.endswith("dry_wet 0.25") for line in lines)
    assert any(line.startswith("B Lead amp.input_db 10") for line in lines)
    assert main(["info", "my.json", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["files"][0]
    assert row["values"]["amp"]["input_db"] == 4.0
    assert "dc_block" not in row["values"] or row["values"]["dc_block"] != {}
    assert row["snapshots"]["A"]["name"] == "Rhythm"


def test_info_names_files_as_the_preset_does(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(LSTM, "own.nam")
    ng.save_preset(ng.Graph.chain(ng.Nam("own.nam"), ng.Cab(CAB)), "my.json")
    assert main(["pack", "my.json", "my.zip"]) == 0
    for file, path in {"my.json": "own.nam", "my.zip": "files/own.nam"}.items():
        capsys.readouterr()
        assert main(["info", file, "--json"]) == 0
        values = json.loads(capsys.readouterr().out)["files"][0]["values"]
        assert (values["nam"]["path"], values["cab"]["path"]) == (path, "asset:cab.wav")


def test_info_of_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("rigs/inner").mkdir(parents=True)
    wav(Path("rigs/in.wav"), GUITAR)
    Path("rigs/amp.nam").write_bytes(Path(LSTM).read_bytes())
    Path("rigs/a.json").write_text(json.dumps(OLD))
    ng.save_preset("crunch", "rigs/packed.zip")
    Path("rigs/notes.txt").write_text("words")
    Path("rigs/job.json").write_text('{"namgraph_job": 1}')
    Path("rigs/.hidden.wav").write_text("")
    assert main(["info", "rigs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        *("rigs/a.json", "rigs/amp.nam", "rigs/in.wav", "rigs/packed.zip")
    ]
    assert lines[3] == "rigs/packed.zip: preset: Crunch, 8 nodes, snapshots A B C"
    assert lines[0] == "rigs/a.json: preset: Old, 2 nodes"
    assert "LSTM" in lines[1]
    assert lines[2].startswith("rigs/in.wav: impulse response or short audio: 0.20 s, 1 channel")
    Path("rigs/bad.nam").write_text("{}")
    Path("rigs/bad.json").write_text("{")
    assert main(["info", "rigs", "--json"]) == 2
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert len(found["files"]) == 4
    assert len(found["errors"]) == err.count("\n") == 2
    assert main(["info", "rigs/inner"]) == 0
    assert capsys.readouterr().out == "rigs/inner: no preset, model or audio file is in it\n"


def test_snapshots_in_other_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    wav(Path("in.wav"), GUITAR)
    job = {"namgraph_job": 1, "inputs": "in.wav", "racks": "crunch", "subtype": "float"}
    Path("job.json").write_text(json.dumps({**job, "settings": {"snapshot": ["A", "B"]}}))
    assert main(["batch", "job.json"]) == 0
    names = sorted(p.name for p in Path("renders/crunch").iterdir())
    assert names == ["in-snapshot=A.wav", "in-snapshot=B.wav"]
    graph = ng.load_preset("crunch")
    graph.recall("B")
    lead = ng.render(graph, GUITAR, 48_000)
    np.testing.assert_array_equal(read("renders/crunch/in-snapshot=B.wav")[0], lead)
    Path("one.json").write_text(json.dumps({**job, "output": "one"}))
    assert main(["batch", "one.json", "--snapshot", "B"]) == 0
    np.testing.assert_array_equal(read("one/crunch/in.wav")[0], lead)
    assert main(["live", "crunch", "--null", "--fast", "--seconds", "0.1", "--snapshot", "C"]) == 0
    capsys.readouterr()
    assert "slot F is empty; filled: A (Rhythm)" in refused(
        capsys, "render", "crunch", "in.wav", "out.wav", "--snapshot", "F"
    )
    assert "invalid choice: 'G'" in refused(capsys, "bench", "crunch", "--snapshot", "G")
    assert "slot A is empty" in refused(
        capsys, "render", LSTM, "in.wav", "o.wav", "--snapshot", "A"
    )
    set_after = ["--snapshot", "B", "--set", "amp.input_db=4"]
    assert main(["render", "crunch", "in.wav", "set.wav", *set_after, "--subtype", "float"]) == 0
    graph = graph.with_params({"amp.input_db": 4.0})
    np.testing.assert_array_equal(read("set.wav")[0], ng.render(graph, GUITAR, 48_000))


def test_every_shipped_preset_is_in_the_newest_version() -> None:
    for path in shipped_presets().values():
        assert json.loads(path.read_text(encoding="utf-8"))["namgraph"] == 2
