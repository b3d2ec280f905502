"""No verb replaces a file that it reads, or writes two results to one file."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets import bundled

from .command import CAB, GUITAR, LSTM, refused, wav


@pytest.fixture
def rigs(there: Path) -> Iterator[Path]:
    """A folder with a model, a cabinet, a preset of both, a reference; none may change."""
    shutil.copy(LSTM, "amp.nam")
    shutil.copy(CAB, "cab.wav")
    shutil.copy("in.wav", "ref.wav")
    shutil.copy("amp.nam", "amp.wav")  # what a file is called says nothing
    graph = ng.Graph()
    end = graph.input("in", channels=1) >> graph.add("amp", ng.Nam("amp.wav"))
    end >> graph.add("cab", ng.Cab("cab.wav")) >> graph.output("out", channels=1)
    ng.save_preset(graph, "rack.json")
    before = {path.name: path.read_bytes() for path in there.iterdir()}
    yield there
    assert {name: Path(name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("render amp.nam in.wav cab.wav --ir cab.wav", "cab.wav: is a file that node cab reads"),
        ("render amp.nam in.wav ./cab.wav --ir cab.wav", "./cab.wav: is a file that node cab"),
        ("render amp.nam cab.wav cab.wav", "cab.wav: is the input, which would be replaced"),
        ("render rack.json in.wav cab.wav", "cab.wav: is a file that node cab reads ("),
        ("render rack.json in.wav amp.wav", "amp.wav: is a file that node amp reads ("),
        ("verify amp.nam --against ref.wav --input in.wav --plot ref.png", "is the reference"),
        ("verify amp.nam --against ref.wav --input in.png --plot in.png", "is the input"),
    ],
)
def test_an_input_file_is_never_replaced(
    rigs: Path, capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    if "verify" in arguments:
        pytest.importorskip("matplotlib")
        os.link("ref.wav", "ref.png")
        os.link("in.wav", "in.png")
    assert said in refused(capsys, *arguments.split())


def test_demo_replaces_nothing_that_ships(
    there: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(bundled.HERE / "assets", there / "assets")
    shutil.copy(bundled.HERE / "crunch.json", there / "crunch.json")
    monkeypatch.setattr(bundled, "HERE", there)
    for name in ("di.wav", "cab.wav"):
        said = refused(capsys, "demo", "-o", f"assets/{name}")
        assert f"assets/{name}: is a file" in said
        assert (there / "assets" / name).read_bytes() == Path(ng.asset(name)).read_bytes()


def test_demo_refuses_one_file_for_sound_and_picture(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    os.symlink("sound.wav", "picture.png")
    said = refused(capsys, "demo", "-o", "sound.wav", "--plot", "picture.png")
    assert "picture.png: is another output too (sound.wav): give one another name" in said


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"name": "{input}"}, "in.wav: is an input, which would be replaced"),
        ({"name": "link", "inputs": "in.wav"}, "link.wav: is a file that node amp reads"),
        ({"name": "job", "inputs": "in.wav"}, "job.wav: is the job"),
        ({"racks": "rack.json", "models": [], "name": "cab"}, "cab.wav: is a file that node cab"),
        ({"racks": "rack.json", "models": [], "name": "hard"}, "hard.wav: is the rack"),
        ({"name": "folder"}, "folder.wav: cannot be written: it is a folder, not a plain file"),
    ],
)
def test_a_job_refuses_to_replace_its_inputs(
    rigs: Path, capsys: pytest.CaptureFixture[str], keys: dict[str, object], said: str
) -> None:
    os.symlink("amp.nam", "link.wav")
    os.link("rack.json", "hard.wav")
    Path("folder.wav").mkdir()
    job = {"namgraph_job": 1, "inputs": "in.wav", "models": "amp.nam", "output": ".", **keys}
    Path("job.json").write_text(json.dumps(job))
    os.link("job.json", "job.wav")
    assert said in refused(capsys, "batch", "job.json")


def test_a_preset_is_not_saved_over_what_its_graph_reads(there: Path) -> None:
    shutil.copy(LSTM, "amp.json")
    graph = ng.Graph()
    amp = graph.add("amp", ng.Nam("amp.json"))
    graph.input("in", channels=1) >> amp >> graph.output("out", channels=1)
    with pytest.raises(ng.PresetError, match=r"\./amp\.json: is a file that node amp reads"):
        ng.save_preset(graph, "./amp.json")
    assert Path("amp.json").read_bytes() == Path(LSTM).read_bytes()
    ng.save_preset(graph, "rack.json")
    ng.save_preset(ng.load_preset("rack.json"), "rack.json")  # over itself, which was read before


def test_an_output_beside_what_is_read_is_written(rigs: Path) -> None:
    wav(rigs / "old.wav", GUITAR)
    assert main(["render", "rack.json", "in.wav", "old.wav"]) == 0
    assert Path("old.wav").read_bytes() != Path("in.wav").read_bytes()


def test_files_that_a_plugin_s_settings_name_are_read_too(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pedalboard")
    shutil.copy(CAB, "room.wav")
    graph = ng.Graph()
    room = ng.PedalboardEffect("Convolution", impulse_response_filename=str(there / "room.wav"))
    graph.input("in", channels=1) >> graph.add("r", room) >> graph.output("out", channels=1)
    ng.save_preset(graph, "rack.json")
    said = refused(capsys, "render", "rack.json", "in.wav", "room.wav")
    assert "room.wav: is a file that node r reads" in said
    assert Path("room.wav").read_bytes() == Path(CAB).read_bytes()
