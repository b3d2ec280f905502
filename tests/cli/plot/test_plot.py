"""``namgraph plot`` and ``ng.plot``: what is drawn of what, one line of output, errors of one."""

import importlib.util
import json
import os
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.cli.plot import rack

from ...nodes.nam.captures.files import dense, guitarml, keras, layer
from ..command import CAB, GUITAR, LSTM, refused, wav

pytest.importorskip("matplotlib")
MAGIC = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<"}


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with sounds, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    wav(Path("in.wav"), GUITAR)
    wav(Path("other.wav"), GUITAR * np.float32(0.5))
    shutil.copy(CAB, "cab.wav")
    return tmp_path


def drawn(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run ``plot``; return its line, after a look at the file that it names."""
    assert main(["plot", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    file = Path(out.split(": ")[0])
    assert file.read_bytes().startswith(MAGIC[file.suffix])
    return out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("plugin --input in.wav", "plugin.png: rack NAM plugin: out: -"),
        ("plugin --input in.wav -o a.svg --set amp.input_db=3", "a.svg: rack NAM plugin: out: -"),
        ("motion --input in.wav --set tempo_bpm=90", "motion.png: rack "),
        ("Gain --set gain_db=-6", "gain.png: gain: gain at -60 dBFS -6.0 dB, at -12 dBFS -6.0 dB"),
        ("cab --set path=cab.wav -o node.pdf", "node.pdf: cab: gain at -60 dBFS "),
        ("cab.wav", "cab.png: impulse response: 42.7 ms, peak -0.9 dBFS"),
        ("in.wav other.wav", "in-other.png: other.wav against in.wav: null -6.0 dB RMS, -6.0 dB"),
        ("in.wav in.wav -o n.svg", "n.svg: in.wav against in.wav: perfect null: all 9600 frames"),
    ],
)
def test_each_kind_of_picture(
    there: Path, capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    assert drawn(capsys, *arguments.split()).startswith(said)
    assert len(list(there.iterdir())) == 4


def test_a_model_by_content_and_key_figures_as_json(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(LSTM, "amp.wav")  # what it is called does not count
    assert main(["plot", "amp.wav", "-o", "amp.svg", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["file"], found["what"]) == ("amp.svg", "nam amp")
    assert found["sample_rate"] == 48_000
    assert found["thd_db_at_-12_dbfs"] > -40.0
    ET.parse("amp.svg")


def test_a_capture_and_its_knob(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("pedal.json").write_text(json.dumps(keras(layer("lstm", 2, 8), dense(8), inputs=2)))
    made = [drawn(capsys, "pedal.json", "--set", f"knob1={value}") for value in (0.1, 0.9)]
    assert all(line.startswith("pedal.png: nam pedal: gain at -60 dBFS ") for line in made)
    assert made[0] != made[1]
    assert "pedal.json has no setting 'knob2'" in refused(
        capsys, "plot", "pedal.json", "--set", "knob2=1"
    )


def test_equal_pictures_have_equal_bytes(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for suffix in (".svg", ".pdf"):  # both have room for a date
        for name in ("one", "two"):
            drawn(capsys, "cab.wav", "-o", f"{name}{suffix}")
        assert Path(f"one{suffix}").read_bytes() == Path(f"two{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "THING is missing"),
        ("nothing", "nothing: no rack, no node type and no file is called that"),
        ("nothing.wav", "nothing.wav: cannot be read: No such file"),
        ("page.wav", "page.wav: is a web page, not a rack, a node type, a model or audio"),
        ("empty.wav", "empty.wav: is an empty file"),
        ("cut.wav", "cut.wav: is cut off"),
        ("bad.json", "bad.json: "),
        ("bad.nam", "bad.nam: "),
        ("silent.wav", "silent.wav: is silent: there is nothing to draw"),
        ("lfo", "lfo has no audio input"),
        ("cab", "cab: path is missing: give --set path=VALUE"),
        ("oversample", "oversample: node cannot be given as text: draw a rack that it is in"),
        ("captured.json --set knob2=1", "captured.json has no setting 'knob2'; nearest: knob"),
        ("captured.json --set knob1=2", "knob1 is 2: must be a number in [0, 1]"),
        ("cut.json", "cut.json: model_data is missing"),
        ("plugin --set tempo_bpm=9000", "tempo_bpm is 9000"),
        ("gain --set gin=1", "gain has no setting 'gin'; nearest: gain_db"),
        ("gain --set gain_db=900", "gain_db is 900: must be a number in [-80, 36]"),
        ("gain --set gain_db", "--set is 'gain_db': must be NAME=VALUE, or of a rack NODE"),
        ("clipper --set curve=round", "curve is 'round': must be one of hard, "),
        ("plugin --set amp=1", "plugin: --set amp: names no node: must be NODE.FIELD"),
        ("plugin --set amp.size=1", "plugin: --set amp.size: amp (nam) has no 'size'"),
        ("plugin --set nope.x=1", "plugin: --set nope.x: there is no node 'nope'"),
        ("in.wav --set a=1", "in.wav: is audio: settings (--set) go with"),
        ("gain --input in.wav", "gain: is no rack"),
        ("plugin --input silent.wav", "silent.wav: is silent: no level can be measured"),
        ("plugin --input wide.wav", "wide.wav: has 2 channels, the rack's input guitar takes 1"),
        ("in.wav plugin", "plugin: is a rack: two audio files are compared"),
        ("in.wav wide.wav", "wide.wav: has 2 channels at 48000 Hz, in.wav has 1 channel"),
        ("in.wav silent.wav", "silent.wav: is silent: nothing can be compared"),
        ("in.wav -o a.gif", "a.gif: a picture's name ends in .png, .svg, .pdf"),
        ("in.wav -o nowhere/a.png", "nowhere/a.png: cannot be written: No such file"),
        ("in.wav -o in.png", "in.png: is what is drawn (in.wav), which would be replaced"),
        ("in.wav other.wav -o in.png", "in.png: is the first (in.wav), which would be replaced"),
        ("plugin --input in.wav -o in.png", "in.png: is the input (in.wav), which would be"),
    ],
)
def test_errors_are_one_line(
    there: Path, capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    os.link("in.wav", "in.png")
    Path("captured.json").write_text(json.dumps(guitarml(4, inputs=2)))
    Path("cut.json").write_text('{"state_dict": {}}')
    Path("page.wav").write_text("<html></html>")
    Path("empty.wav").write_bytes(b"")
    Path("cut.wav").write_bytes(Path("in.wav").read_bytes()[:100])
    Path("bad.json").write_text('{"namgraph": 1')
    Path("bad.nam").write_text("{}")
    wav(Path("silent.wav"), np.zeros(480))
    wav(Path("wide.wav"), np.stack([GUITAR, -GUITAR]))
    assert said in refused(capsys, "plot", *arguments.split())


def test_captures_and_their_knobs(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("amp.json").write_text(json.dumps(guitarml(4, inputs=2)))
    Path("amp.aidax").write_text(json.dumps(keras(layer("lstm", 1, 4), dense(4))))
    drawn(capsys, "amp.aidax", "-o", "aidax.png")
    low, high = (drawn(capsys, "amp.json", "--set", f"knob1={knob}") for knob in (0.2, 0.9))
    assert low.startswith("amp.png: nam amp: gain at")
    assert low != high
    drawn(capsys, "amp.json", "--set", "knob1=0.2", "-o", "amp.svg")
    assert "amp: knob1=0.2" in Path("amp.svg").read_text(encoding="utf-8")
    ng.save_preset(ng.Graph.chain(amp=ng.Nam("amp.json")), "rack.json")
    for knob in (0.2, 0.9):
        wav(Path("at.wav"), GUITAR[:4800], 44_100)
        line = drawn(capsys, "rack.json", "--input", "at.wav", "--set", f"amp.knob1={knob}")
        own = ng.render(
            ng.Nam("amp.json", knobs={"knob1": knob}), ng.read_audio("at.wav").samples, 44_100
        )
        assert f"out: {20 * np.log10(np.abs(own).max()):.1f} dBFS" in line


def test_a_stereo_take_and_a_tempo(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mono = drawn(capsys, "crunch", "--input", "in.wav", "--set", "tempo_bpm=90")
    wav(Path("in.wav"), np.stack([GUITAR, GUITAR]))
    assert drawn(capsys, "crunch", "--input", "in.wav") == mono
    wav(Path("in.wav"), np.stack([0 * GUITAR, GUITAR]))
    assert main(["plot", "crunch", "--input", "in.wav"]) == 0
    out, err = capsys.readouterr()
    assert out == mono
    assert "in.wav: its left side is silent: the right one is played" in err


def test_without_matplotlib_only_the_svg_of_a_rack(
    there: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for thing in ("plugin", "gain", "cab.wav"):
        said = refused(capsys, "plot", thing)
        assert 'a picture needs matplotlib: pip install "matplotlib' in said
    monkeypatch.undo()
    os.chdir(there)
    assert drawn(capsys, "plugin", "--input", "in.wav", "-o", "rack.svg")


def test_of_a_long_input_the_start_is_used(
    there: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rack, "LONGEST_S", 0.1)
    wav(Path("long.wav"), np.concatenate([GUITAR[:4800], np.ones(9600)]))
    graph = ng.Graph.chain(ng.Gain())
    made = ng.plot(graph, "rack.svg", audio="long.wav")
    own = 20 * np.log10(np.abs(GUITAR[:4800]).max())
    assert made.figures["outputs"]["out"]["peak_dbfs"] == pytest.approx(own, abs=0.01)
    assert "Played: long.wav, first 0.1 s." in Path("rack.svg").read_text(encoding="utf-8")


def test_from_python(there: Path) -> None:
    made = ng.plot(ng.Gain(gain_db=3.0), "gain.png")
    assert made.figures["gain_db_at_-12_dbfs"] == pytest.approx(3.0, abs=0.02)
    assert str(made) == f"gain.png: gain: {made.text}"
    graph = ng.Graph.chain(ng.Gain(gain_db=-6.0))
    made_rack = ng.plot(graph, "rack.svg", audio="in.wav")
    own = 20 * np.log10(np.abs(GUITAR).max())
    assert made_rack.figures["outputs"]["out"]["peak_dbfs"] == pytest.approx(own - 6.0, abs=0.01)
    model = ng.plot(ng.load_nam(LSTM))
    assert Path(model.file).read_bytes()[:4] == b"\x89PNG"
    assert ng.plot("in.wav", against="in.wav").figures["perfect"]
    for wrong in (3, None, [1.0], ng.Gain):
        with pytest.raises(ng.GraphError, match="must be a rack, a node type"):
            ng.plot(wrong)
    with pytest.raises(ng.GraphError, match="settings go with a name or a path"):
        ng.plot(graph, settings={"gain.gain_db": "1"})
