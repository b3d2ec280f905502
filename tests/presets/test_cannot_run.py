"""Presets that cannot run, racks that are silent in part, and several bad files at once."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.graph import JobError

from .batch.jobs import GUITAR, LSTM, RATE, do, entries, write

GAIN = {"type": "gain"}
RACK: dict[str, Any] = {
    "namgraph": 1,
    "name": "T",
    "inputs": {"guitar": 1},
    "outputs": {"out": 1},
    "nodes": {"amp": GAIN, "cab": GAIN},
    "connections": [["guitar", "amp"], ["amp", "cab"], ["cab", "out"]],
}
CYCLE = {**RACK, "connections": [*RACK["connections"], ["cab", "amp"]]}
STEREO = {**RACK, "outputs": {"out": 2}}
UNCONNECTED = {**RACK, "connections": [["guitar", "amp"], ["amp", "out"]]}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, rack in (("whole", RACK), ("cycle", CYCLE), ("stereo", STEREO), ("un", UNCONNECTED)):
        Path(f"{name}.json").write_text(json.dumps(rack))
    Path("good.nam").write_bytes(Path(LSTM).read_bytes())
    Path("bad1.nam").write_text("{")
    Path("bad2.nam").write_text("[]")
    for name in ("a", "b"):
        soundfile.write(f"{name}.wav", GUITAR[:960], RATE)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("cycle.json", "cannot run: these nodes wait for each other: amp -> cab -> amp"),
        ("stereo.json", "cannot run: cab.out has 1 channel, out.in takes 2: put Pan()"),
    ],
)
def test_info_of_a_preset_that_cannot_run_says_so(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    assert main(["info", name]) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"namgraph: error: {name}: {says}")
    assert err.count("\n") == 1
    assert f"{name}: preset" in out
    assert "cannot run" in out
    assert main(["info", name, "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["files"][0]["nodes"] == {"amp": "gain", "cab": "gain"}
    assert found["errors"][0].startswith(f"{name}: {says}")


def test_info_of_other_causes_says_so(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write("silence.wav", np.zeros(480), RATE)
    cab = {**RACK, "nodes": {**RACK["nodes"], "cab": {"type": "cab", "path": "silence.wav"}}}
    Path("cab.json").write_text(json.dumps(cab))
    amps = {key: {"type": "nam", "path": f"{key}.nam"} for key in ("amp", "cab")}
    other = json.loads(Path(LSTM).read_text()) | {"sample_rate": 44_100}
    Path("amp.nam").write_text(json.dumps(other))
    Path("cab.nam").write_bytes(Path(LSTM).read_bytes())
    Path("rates.json").write_text(json.dumps({**RACK, "nodes": amps}))
    for name, says in (
        ("cab.json", "silence.wav is silent"),
        ("rates.json", "its models were made for different rates: amp 44100 Hz, cab 48000 Hz"),
    ):
        assert main(["info", name]) == 2
        assert says in capsys.readouterr().err


def test_info_names_what_is_silent_and_a_whole_rack_has_no_such_line(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["info", "un.json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "  silent:\n    cab gets no input\n    cab is heard nowhere\n" in out
    assert main(["info", "whole.json"]) == 0
    out = capsys.readouterr().out
    assert "silent" not in out
    assert "cannot run" not in out


def test_info_describes_the_good_ones_and_names_each_bad_one(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["bad1.nam", "good.nam", "none.wav", "whole.json", "cycle.json"]
    assert main(["info", *files]) == 2
    out, err = capsys.readouterr()
    assert [f for f in files if f"{f}: " in out] == ["good.nam", "whole.json", "cycle.json"]
    lines = err.splitlines()
    assert [line.split()[2] for line in lines] == ["bad1.nam:", "none.wav:", "cycle.json:"]
    assert main(["info", *files, "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert [f["file"] for f in found["files"]] == ["good.nam", "whole.json", "cycle.json"]
    assert len(found["errors"]) == 3


@pytest.mark.filterwarnings("always::namgraph.GraphWarning")
def test_a_render_says_in_one_line_what_is_silent(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", "un.json", "a.wav", "out.wav"]) == 0
    err = capsys.readouterr().err
    assert err.startswith("namgraph: warning: cab gets no input, cab is heard nowhere: connect")
    assert err.count("\n") == 1
    command = ["live", "un.json", "--null", "--fast", "--seconds", "0.1"]
    for arguments in (["bench", "un.json", "--seconds", "0.1"], command):
        assert main(arguments) == 0
        assert capsys.readouterr().err.count("warning: cab gets no input, cab is heard") == 1


def test_a_batch_says_once_for_each_rack_what_is_silent(here: Path) -> None:
    write(models=..., racks=["un.json", "whole.json"])
    said: list[str] = []
    do(warn=said.append)
    assert said == [f"{here / 'un.json'}: cab gets no input, cab is heard nowhere"]
    assert len(entries()) == 4


def test_a_batch_names_every_file_that_cannot_be_used(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.wav").write_text("no sound")
    assert main(["batch", write(inputs="*.wav"), "--stop-on-error"]) == 2
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert all(line.startswith("namgraph: error: job.json: ") for line in lines)
    assert [next(n for n in ("bad.wav", "bad1", "bad2") if n in line) for line in lines] == [
        "bad1",
        "bad2",
        "bad.wav",
    ]
    assert not Path("out").exists()
    with pytest.raises(JobError) as caught:
        do(stop_on_error=True)
    assert len(caught.value.faults) == 3
    assert str(caught.value) == "; ".join(caught.value.faults)
    assert main(["batch", "job.json"]) == 1
    assert capsys.readouterr().err.count("namgraph: error: ") == 3
    assert len(list(Path("out").rglob("*.wav"))) == 2


def test_a_batch_names_the_rack_that_cannot_run(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("again.json").write_text(json.dumps(STEREO))
    racks = ["whole.json", "stereo.json", "cycle.json", "again.json"]
    assert main(["batch", write(models=..., racks=racks)]) == 2
    lines = capsys.readouterr().err.splitlines()
    both = f"{here / 'stereo.json'}, {here / 'again.json'}: cab.out has 1 channel, out.in takes 2"
    assert lines[0].startswith(f"namgraph: error: job.json: {both}")
    assert lines[1].startswith(f"namgraph: error: job.json: {here / 'cycle.json'}: these nodes")
    assert len(lines) == 2


def test_a_bad_model_in_a_preset_is_named_with_its_place(here: Path) -> None:
    rack = {**RACK, "nodes": {**RACK["nodes"], "amp": {"type": "nam", "path": "bad1.nam"}}}
    Path("rack.json").write_text(json.dumps(rack))
    with pytest.raises(ng.PresetError, match=r"rack\.json: nodes\.amp: .*bad1\.nam: is not JSON"):
        ng.load_preset("rack.json")


def test_a_stereo_file_for_a_mono_rack_says_how_to_choose_a_side(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write("stereo.wav", np.stack([GUITAR, -GUITAR], 1)[:960], RATE)
    assert main(["render", "good.nam", "stereo.wav", "out.wav"]) == 2
    err = capsys.readouterr().err
    assert "stereo.wav: has 2 channels, the rack takes 1: give --channel left, right or sum" in err
