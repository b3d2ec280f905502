"""Errors of the command: one line on stderr, exit code 2, and no file changed."""

import errno
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli import demo as demo_module
from namgraph.cli.main import main
from namgraph.runtime.cuda.driver.device import unavailable_reason

from .command import GUITAR, LSTM, refused, wav


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "arguments are required: VERB"),
        ("pla", "invalid choice: 'pla'"),
        ("render", "arguments are required: RIG, IN.wav, OUT.wav"),
        ("render no-such in.wav out.wav", "no preset 'no-such' ships with namgraph"),
        ("render no.json in.wav out.wav", "no.json: cannot be read: No such file"),
        ("render no.nam in.wav out.wav", "no.nam: cannot be read: No such file"),
        ("render crunch no.wav out.wav", "no.wav: cannot be read: No such file"),
        (
            "render crunch in.wav no/out.wav",
            "cannot be written: No such file or directory: make the folder no first",
        ),
        ("render crunch in.wav in.wav/out.wav", "cannot be written: Not a directory"),
        ("render crunch in.wav ./in.wav", "is the input"),
        ("render crunch in.wav out.txt", "its name must end in one of .wav"),
        ("render crunch in.wav out.wav --ir no.wav", "--ir goes with a model"),
        ("render crunch in.wav out.wav --backend gpu", "invalid choice: 'gpu'"),
        ("render crunch in.wav out.wav --levels loud", "invalid choice: 'loud'"),
        ("render crunch in.wav out.wav --interface-dbu 99", "interface_dbu is 99.0: must be"),
        ("render crunch in.wav out.wav --voices 4", "unrecognized arguments: --voices 4"),
        ("render crunch in.wav out.wav --block 0", "--block is 0: must lie in [1, 4194304]"),
        ("render crunch in.wav out.wav --block x", "invalid int value: 'x'"),
        ("render crunch in.wav out.wav --slim 2", "slim is 2.0: must be a number in [0, 1]"),
        ("render crunch in.wav out.wav --subtype mp3", "invalid choice: 'mp3'"),
        ("bench crunch --seconds 0", "seconds is 0: must lie in [0.1, 600]"),
        ("bench crunch --block -3", "--block is -3: must lie in"),
        ("info no.wav", "no.wav: cannot be read: No such file"),
        ("info no.nam", "no.nam: cannot be read: No such file"),
        ("demo -o no/demo.wav", "no/demo.wav: cannot be written"),
        ("demo --plot demo.gif", "demo.gif: a picture's name ends in .png, .svg, .pdf"),
        ("demo -o a.png --plot a.png", "another name"),
        ("demo --all in.wav", "in.wav: is there already, and is no folder: give another name"),
        ("plot --all in.wav", "in.wav: is there already, and is no folder: give another name"),
        (
            "plot drive --set x=1",
            "there is drive, tone, level_db, low_cut_hz, clip, quality, volts",
        ),
        ("unpack no.zip folder", "no.zip: cannot be read: No such file"),
        ("unpack . folder", ".: cannot be read: it is a folder, not a namgraph preset"),
    ],
)
def test_one_line_says_what_is_wrong(
    there: Path, capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    assert said in refused(capsys, *arguments.split())


def test_an_empty_name_is_named(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place, name in enumerate(("RIG", "IN.wav", "OUT.wav")):
        given = ["crunch", "in.wav", "out.wav"]
        given[place] = ""
        said = refused(capsys, "render", *given)
        assert said.startswith(f"namgraph: error: {name} is an empty text: must be a name (see nam")
    assert "FILE is an empty text" in refused(capsys, "info", "in.wav", "")


@pytest.mark.parametrize("verb", ["render", "bench", "live"])
def test_no_gpu_is_one_line(there: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    if not unavailable_reason():
        pytest.skip("this machine has a GPU")
    files = ["in.wav", "out.wav"] if verb == "render" else []
    said = refused(capsys, verb, "crunch", *files, "--backend", "cuda")
    assert said.startswith("namgraph: error: backend is cuda: no CUDA driver on this machine")
    assert said.endswith("must be auto or cpu\n")


def test_control_characters_in_names_are_escaped(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "render", "crunch", "\x1b[2J\n.wav", "out.wav")
    assert "\x1b" not in said
    assert "\\x1b[2J" in said


def test_a_truncated_model(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("cut.nam").write_bytes(Path(LSTM).read_bytes()[:1000])
    said = refused(capsys, "render", "cut.nam", "in.wav", "out.wav")
    assert said.startswith("namgraph: error: cut.nam: is not JSON")


def test_another_rate(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wav(there / "cd.wav", GUITAR, 44_100)
    said = refused(capsys, "render", LSTM, "cd.wav", "out.wav")
    assert all(word in said for word in ("44100 Hz", "48000 Hz", "--resample"))


def test_stereo_into_a_mono_rack(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wav(there / "stereo.wav", [GUITAR, -GUITAR])
    said = refused(capsys, "render", "crunch", "stereo.wav", "out.wav")
    assert "stereo.wav: has 2 channels, the rack takes 1: give --channel left, right or sum" in said


def test_an_empty_file(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wav(there / "empty.wav", np.zeros(0))
    said = refused(capsys, "render", "crunch", "empty.wav", "out.wav")
    assert "empty.wav: holds no samples" in said


def test_input_samples_that_are_not_finite(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = GUITAR.copy()
    bad[[3, 5]] = np.nan
    wav(there / "bad.wav", bad)
    assert "bad.wav: 2 samples are NaN" in refused(capsys, "render", "crunch", "bad.wav", "out.wav")


def test_models_of_different_rates(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = json.loads(Path(LSTM).read_text())
    Path("other.nam").write_text(json.dumps({**other, "sample_rate": 44_100}))
    graph = ng.Graph()
    amps = graph.add("a", ng.Nam(LSTM)), graph.add("b", ng.Nam("other.nam"))
    graph.input("in", channels=1) >> amps[0] >> amps[1] >> graph.output("out", channels=1)
    ng.save_preset(graph, "two.json")
    said = refused(capsys, "render", "two.json", "in.wav", "out.wav")
    assert "different rates: a 48000 Hz, b 44100 Hz" in said


def test_a_rack_without_an_input(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = ng.Graph()
    graph.add("wave", ng.Lfo())
    graph.connect("wave", graph.output("out", channels=1))
    ng.save_preset(graph, "none.json")
    said = refused(capsys, "render", "none.json", "in.wav", "out.wav")
    assert "0 inputs and 1 output: only racks with both" in said


def test_no_space_left(
    there: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    said = refused(capsys, "render", LSTM, "in.wav", "out.wav")
    assert said == "namgraph: error: out.wav: cannot be written: No space left on device\n"


def test_missing_matplotlib_is_an_error(
    there: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert 'needs matplotlib: pip install "matplotlib' in refused(
        capsys, "demo", "--plot", "demo.png"
    )


def test_an_interrupted_render_leaves_nothing(
    there: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("namgraph.presets.rendering.file_render.FileRender.pieces", interrupt)
    assert main(["render", LSTM, "in.wav", "out.wav"]) == 130
    assert [p.name for p in there.iterdir()] == ["in.wav"]
    assert "Traceback" not in capsys.readouterr().err


def test_an_unexpected_exception_is_a_traceback(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(demo_module, "demo", fail)
    with pytest.raises(ZeroDivisionError):
        main(["demo"])
