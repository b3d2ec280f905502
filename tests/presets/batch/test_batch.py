"""``ng.batch`` and ``namgraph batch`` without a job file; the manifest as JSON and as a table."""

import csv
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.batch.manifest_csv import write_csv
from namgraph.presets.batch.patterns import models_of

from ...nodes.nam.captures import namb
from ...nodes.nam.captures.files import dense, guitarml, keras, layer
from ...nodes.nam.nets import lstm
from .jobs import GUITAR, LSTM, RATE, entries, read, write
from .thousand import contents


def sha256(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def table(path: str = "out/manifest.csv") -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_job_is_a_file_a_mapping_or_keywords(takes: Path) -> None:
    keys = {"inputs": "?.wav", "models": "*.nam", "settings": {"amp.input_db": [0, 6]}}
    made = list[dict[str, bytes]]()
    done = ng.batch(write(**keys, output="out"))
    assert (done.made, done.kept, done.failures) == (8, 0, {})
    made.append(contents(Path("out")))
    assert ng.batch({**keys, "output": "two"}).made == 8
    told = list[ng.BatchProgress]()
    third = ng.batch(
        inputs=[Path("a.wav"), "b.wav"],
        models="*.nam",
        settings={"amp.input_db": np.array([0, 6])},
        output=Path("three"),
        threads=2,
        progress=told.append,
    )
    assert isinstance(third, ng.BatchResult)
    assert (told[-1].files, told[-1].of_files) == (8, 8)
    assert list(third.entries) == list(done.entries)
    made += [contents(Path(name)) for name in ("two", "three")]
    for found in made:
        for name in ("manifest.json", "manifest.csv"):
            del found[name]
    assert made[0] == made[1] == made[2]
    again = ng.batch({**keys, "output": "out"}, models=LSTM)
    assert (again.made, again.kept) == (0, 4), "keywords replace keys; a copy of a model is as good"
    with pytest.raises(ValueError, match=r"models: cannot go with the path of a job"):
        ng.batch("job.json", models=LSTM)
    with pytest.raises(ng.JobError, match="the job: inputs: is empty"):
        ng.batch()
    with pytest.raises(ng.JobError, match="the job: is not made of JSON values"):
        ng.batch({**keys, "settings": {"amp.input_db": object()}})
    with pytest.raises(ValueError, match="threads is 0"):
        ng.batch(keys, threads=0)


def test_folder_is_where_the_paths_of_a_mapping_start(
    takes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (takes / "away").mkdir()
    monkeypatch.chdir(takes / "away")
    done = ng.batch(inputs="a.wav", models="crunch-lstm.nam", folder=takes)
    assert done.made == 1
    assert Path(done.manifest) == takes / "renders" / "manifest.json"


def test_warnings_are_warnings_of_python_or_lines(takes: Path) -> None:
    soundfile.write("a.wav", np.zeros(4800), RATE)
    quiet = {"inputs": "a.wav", "models": "crunch-lstm.nam", "output": "out"}
    with pytest.warns(RuntimeWarning, match="silent, or one constant: 1 of 1 file:"):
        ng.batch(quiet)
    lines = list[str]()
    ng.batch(quiet, again=True, warn=lines.append)
    assert lines == ["silent, or one constant: 1 of 1 file: crunch-lstm/a.wav"]


def test_the_command_without_a_job_file(takes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, pattern in (("amps", "*.nam"), ("takes", "?.wav")):
        (takes / folder).mkdir()
        for path in list(takes.glob(pattern)):
            path.rename(takes / folder / path.name)
    (takes / "takes" / "notes.txt").write_text("no take")
    quick = ["batch", "--models", "amps", "--inputs", "takes", "--out", "out"]
    assert main([*quick, "--set", "amp.input_db=3", "--save-job", "job.json"]) == 0
    assert "4 files made" in capsys.readouterr().out
    assert sorted(entries()) == [
        f"{m}/{n}.wav" for m in ("crunch-lstm", "crunch-wavenet") for n in "ab"
    ]
    assert all(e["settings"] == {"amp.input_db": 3} for e in entries().values())
    assert main(["batch", "job.json"]) == 0
    assert "0 files made, 0.0 s of sound, 4 up to date" in capsys.readouterr().out
    (takes / "jobs").mkdir()
    assert main([*quick, "--save-job", "jobs/job.json", "--ir", ng.asset("cab.wav")]) == 0
    assert main(["batch", "jobs/job.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["kept"] == 4
    wet, dry = read("out/crunch-lstm/a.wav"), read("takes/a.wav")
    graph = ng.render("amps/crunch-lstm.nam", dry, RATE, ir=ng.asset("cab.wav"))
    assert wet.shape == graph.shape
    np.testing.assert_allclose(wet, graph, atol=2**-23)


def test_a_saved_job_replaces_nothing_but_a_job(
    takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ng.save_preset("crunch", "rack.json")
    Path("list.json").write_text("[]")
    quick = ["batch", "--racks", "rack.json", "--inputs", "a.wav", "--out", "out", "--save-job"]
    for name, said in (
        ("a.wav", "--save-job is a.wav: a job's name must end in .json"),
        ("rack.json", "--save-job is rack.json: is there already, and is a namgraph preset: give"),
        ("list.json", "is there already, and is JSON text"),
        ("job", "save as job.json"),
    ):
        before = Path(name).read_bytes() if Path(name).exists() else None
        assert main([*quick, name]) == 2
        assert said in capsys.readouterr().err
        assert (Path(name).read_bytes() if Path(name).exists() else None) == before
    for made in (1, 0):
        assert main([*quick, "job.json"]) == 0
        assert f"{made} file" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "must be given JOB.json, or --inputs, and --models or --racks"),
        (["job.json", "--out", "x"], "--out: goes without job.json"),
        (["--inputs", "a.wav"], "models and racks: both are empty"),
        (["--racks", "crunch"], "inputs: is empty"),
        (["--inputs", "a.wav", "--racks", "crunch", "--ir", "a.wav"], "ir: goes with models"),
        (["--inputs", "nowhere", "--racks", "crunch"], "no such file in"),
        (["--inputs", "a.wav", "--racks", "crunch", "--variants", "2"], "no setting is drawn"),
        (["--inputs", "empty", "--racks", "crunch"], "'empty': there is no such file"),
        (["--inputs", "a.wav", "--racks", "crunch", "--loudness", "9"], "loudness is 9"),
    ],
)
def test_wrong_options_are_one_line(
    takes: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    write()
    (takes / "empty").mkdir()
    assert main(["batch", *arguments]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not Path("renders").exists()


def test_entries_have_digests_and_the_metadata_of_models(takes: Path) -> None:
    text = json.loads(Path(LSTM).read_text())
    text["metadata"] = {"name": "Plexi, 'loud'", "gear_make": "Ünit", "loudness": -18.5}
    Path("crunch-lstm.nam").write_text(json.dumps(text))
    write(racks="crunch", settings={"amp.input_db": [0, 3], "cab.gain_rule": "energy"})
    done = ng.batch("job.json")
    assert done.entries == entries()
    for name, entry in entries().items():
        assert "cab.gain_rule" not in name
        assert entry["input_sha256"] == sha256(Path("out") / entry["input"])
        assert entry["sha256"] == sha256(Path("out") / name)
        (model,) = entry["models"]
        assert model["sha256"] == sha256(Path("out") / model["file"])
        assert (model["node"], model["sample_rate"]) == ("amp", 48_000)
        assert {"integrated_lufs", "true_peak_dbtp"} < set(entry)
    model = entries()["crunch/crunch-lstm/a-amp.input_db=0.wav"]["models"][0]
    assert (model["name"], model["architecture"]) == ("Plexi, 'loud'", "LSTM")
    assert (model["gear_make"], model["loudness"], model["gear_model"]) == ("Ünit", -18.5, None)
    rows = table()
    assert [row["file"] for row in rows] == list(entries())
    for row, entry in zip(rows, entries().values(), strict=True):
        assert json.loads(row["amp.input_db"]) == entry["settings"]["amp.input_db"]
        assert float(row["integrated_lufs"]) == entry["integrated_lufs"]
        assert row["model_sha256"] == entry["models"][0]["sha256"]
        assert (row["error"], row["silent"], row["cab.gain_rule"]) == ("", "false", "energy")
    assert rows[0]["model_name"] == "Plexi, 'loud'"
    assert rows[0]["model_gear_make"] == "Ünit"


def test_the_columns_of_the_table_are_documented(takes: Path) -> None:
    write(models="crunch-lstm.nam", settings={"amp.input_db": {"uniform": [0, 1]}})
    Path("c.wav").write_text("no audio")
    ng.batch("job.json")
    page = Path(ng.__file__).parent.joinpath("presets", "README.md").read_text()
    rows = table()
    plain = [c for c in rows[0] if not c.startswith("model_") and c != "amp.input_db"]
    assert [c for c in plain if f"`{c}`" not in page] == []
    failed = rows[-1]
    assert "not an audio file" in failed["error"]
    assert (failed["file"], failed["sha256"], failed["variant"]) == (
        "crunch-lstm/c-v001.wav",
        "",
        "1",
    )
    os.unlink("out/manifest.csv")
    ng.batch("job.json")
    assert table() == rows


def test_cells_are_text_or_json(tmp_path: Path) -> None:
    odd: dict[str, Any] = {"file": 'a,"b".wav', "warnings": ["x", "y"], "settings": {"n.k": [1, 2]}}
    write_csv(tmp_path / "m.csv", [odd, {"file": "\ud800", "settings": {"n.z": True}}])
    first, second = table(str(tmp_path / "m.csv"))
    assert (first["file"], first["warnings"], first["n.k"]) == ('a,"b".wav', "x; y", "[1, 2]")
    assert (second["n.z"], second["n.k"], first["n.z"]) == ("true", "", "")


def test_a_folder_stands_for_its_files(takes: Path) -> None:
    (takes / "in").mkdir()
    for name in ("z.wav", "y.flac", "x.txt"):
        soundfile.write(
            "in/t", GUITAR[48_000:52_800], RATE, format="FLAC" if "flac" in name else "WAV"
        )
        Path("in/t").rename(f"in/{name}")
    done = ng.batch(inputs="in", models=".", output="out")
    assert [name.split("/")[1] for name in done.entries] == ["y.wav", "z.wav"] * 2


def test_a_folder_of_models_has_captures_of_every_format(takes: Path) -> None:
    amps = takes / "amps"
    amps.mkdir()
    (amps / "proteus.json").write_text(json.dumps(guitarml(4)))
    (amps / "keras.aidax").write_text(json.dumps(keras(layer("lstm", 1, 4), dense(4))))
    (amps / "block.namb").write_bytes(namb.blocks(lstm(4, 1, 1)))
    ng.save_preset(ng.Graph.chain(ng.Gain()), amps / "rack.json")
    (amps / "notes.json").write_text("{}")
    found = models_of({"models": "amps"}, takes)
    assert [Path(path).name for path in found] == ["block.namb", "keras.aidax", "proteus.json"]
