"""``--set``: parameters, options and files of nodes, set on the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.settings import parse_settings, with_settings

from ..nodes.nam.parametric.files import concat_lstm
from .command import CAB, GUITAR, LSTM, RATE, WAVENET, read, refused, wav


@pytest.fixture(autouse=True)
def take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a take, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    wav(Path("in.wav"), GUITAR[:4800])


def render(*options: str) -> object:
    assert (
        main(["render", *options[:1], "in.wav", "out.wav", "--subtype", "float", *options[1:]]) == 0
    )
    return read("out.wav")[0]


def test_values_are_json_or_text() -> None:
    texts = [
        "amp.input_db=6",
        "d.sync=1/8.",
        "a.in.x= -1.5e1",
        "cab.trim=true",
        "x.y=[1, 2]",
        "p.q=",
        "a.b=.5",
        "a.c=+3.",
        "a.d=-.5E1",
        "a.e=.",
        "a.f=1.5.wav",
        "a.g=nan",
    ]
    assert parse_settings(texts) == {
        "amp.input_db": 6,
        "d.sync": "1/8.",
        "a.in.x": -15.0,
        "cab.trim": True,
        "x.y": [1, 2],
        "p.q": "",
        "a.b": 0.5,
        "a.c": 3.0,
        "a.d": -5.0,
        "a.e": ".",
        "a.f": "1.5.wav",
        "a.g": "nan",
    }


def test_render_sets_parameters_options_and_files() -> None:
    made = render(WAVENET, "--ir", CAB, "--set", "amp.input_db=-6", "--set", "cab.level_db=-9.5",
                  "--set", f"amp.path={LSTM}", "--set", "amp.levels=normalized")  # fmt: skip
    graph = ng.Graph.chain(
        amp=ng.Nam(LSTM, input_db=-6.0, levels="normalized"), cab=ng.Cab(CAB, level_db=-9.5)
    )
    np.testing.assert_array_equal(made, np.atleast_2d(ng.render(graph, GUITAR[:4800], RATE)))


def test_nodes_of_racks_inside_and_labels_and_the_tempo() -> None:
    inner = ng.Graph.chain(ng.Gain(), trem=ng.Tremolo(sync="1/4"))
    rack = ng.Graph()
    amp = rack.add("amp", inner)
    rack.input("in", channels=1) >> amp >> rack.output("out", channels=1)
    rack.name = "mine"
    made = with_settings(rack, {"amp.gain.gain_db": 3, "tempo_bpm": 90})
    assert made["amp.gain"] == ng.Gain(gain_db=3.0)
    assert made["amp.trem"] == ng.Tremolo(sync="1/4", tempo_bpm=90.0)
    assert (made.name, made.tempo_bpm) == ("mine", 90.0)
    assert with_settings(rack, {}) is rack


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("amp.inptu_db=1", "--set amp.inptu_db: amp (nam) has no 'inptu_db'; nearest: input_db"),
        ("ampp.input_db=1", "--set ampp.input_db: there is no node 'ampp'; nearest: amp"),
        (
            "amp.knobs=x",
            "knobs is 'x': must be a list (a list of a string and a number or a string",
        ),
        ("amp.input_db=900", "--set: nodes.amp: input_db is 900.0: must be a number in [-60, 60]"),
        ("amp.input_db=loud", "--set: nodes.amp.input_db is 'loud': must be a finite number"),
        ("amp.input_db=NaN", "--set: nodes.amp.input_db is NaN: must be a number JSON has"),
        ("amp.path=gone.nam", "--set: nodes.amp.path is 'gone.nam': there is no file"),
        ("amp.levels=[]", "--set: nodes.amp.levels is a list of 0: must be"),
        ("amp.input_db", "--set is 'amp.input_db': must be NODE.FIELD=VALUE"),
        ("=3", "--set is '=3': must be NODE.FIELD=VALUE"),
        ("amp..x=3", "--set is 'amp..x=3': must be NODE.FIELD=VALUE"),
        ("gain=3", "--set gain: names no node: must be NODE.FIELD, tempo_bpm or precision; nodes"),
        (
            "tempo_bpm=900",
            "--set: the preset: tempo_bpm is 900.0: must be a number in [20, 400] bpm",
        ),
    ],
)
def test_what_cannot_be_set(text: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert message in refused(capsys, "render", LSTM, "in.wav", "out.wav", "--set", text)


def test_nothing_is_set_twice(capsys: pytest.CaptureFixture[str]) -> None:
    twice = ["--set", "amp.input_db=1", "--set", "amp.input_db=2"]
    assert "--set amp.input_db is given twice" in refused(
        capsys, "render", LSTM, "in.wav", "out.wav", *twice
    )


def test_bench_and_live_take_it(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ["--set", "amp.nothing=1"]
    for verb in (["bench", LSTM, "--seconds", "1"], ["live", LSTM, "--null"]):
        assert "amp (nam) has no 'nothing'" in refused(capsys, *verb, *wrong)
    assert "--set does nothing with --suite walk" in refused(
        capsys, "bench", "--suite", "walk", *wrong
    )


def test_a_job_is_set_for_all_its_files(capsys: pytest.CaptureFixture[str]) -> None:
    job = {"namgraph_job": 1, "inputs": "in.wav", "models": LSTM, "subtype": "float"}
    job["settings"] = {"amp.output_db": [-6, 0], "amp.input_db": 2}
    Path("job.json").write_text(json.dumps(job))
    assert main(["batch", "job.json", "--set", "amp.input_db=4"]) == 0
    assert main(["batch", "job.json", "--set", "amp.input_db=4"]) == 0
    assert "0 files made, 0.0 s of sound, 2 up to date" in capsys.readouterr().out
    name = "renders/crunch-lstm/in-amp.output_db=-6.wav"  # a setting of one value is not named
    graph = ng.Graph.chain(ng.Nam(LSTM, input_db=4.0, output_db=-6.0))
    wanted = ng.render(graph, GUITAR[:4800], RATE, tail=False)
    np.testing.assert_array_equal(read(name)[0][0], wanted)
    files = json.loads(Path("renders/manifest.json").read_text())["files"]
    assert files[0]["settings"] == {"amp.output_db": -6, "amp.input_db": 4}
    for given, message in (
        ("amp.output_db=1", "--set amp.output_db: the job combines several values of it"),
        (f"amp.path={WAVENET}", "--set amp.path: the job's models are set there"),
        ("amp.gain=1", "amp (nam) has no 'gain'"),
    ):
        assert message in refused(capsys, "batch", "job.json", "--set", given)


def test_parameters_that_a_node_has_by_itself() -> None:
    graph = ng.Graph.chain(over=ng.Oversample(ng.Clipper(), times=2))
    made = with_settings(graph, {"over.drive_db": 9, "over.times": 4})
    assert made["over"] == ng.Oversample(ng.Clipper(drive_db=9.0), times=4)
    with pytest.raises(ng.PresetError, match=r"settings\.over\.drive: over .* nearest: drive_db"):
        with_settings(graph, {"over.drive": 9})
    with pytest.raises(ng.PresetError, match=r"settings: over\.drive_db is 900.0: must"):
        with_settings(graph, {"over.drive_db": 900})


def test_labels_of_parameters_that_a_node_has_by_itself() -> None:
    Path("knobs.nam").write_text(json.dumps(concat_lstm()))
    graph = ng.Graph.chain(amp=ng.Nam("knobs.nam"))
    rack = with_settings(graph, {"amp.mode": "lead"})
    assert rack["amp"] == ng.Nam(Path("knobs.nam").absolute(), knobs={"mode": 2.0})
    with pytest.raises(ng.PresetError, match=r"amp\.mode is 'led': must be .*lead"):
        with_settings(graph, {"amp.mode": "led"})


def test_mixes_and_bypasses_are_set(capsys: pytest.CaptureFixture[str]) -> None:
    made = render("crunch", "--set", "amp.dry_wet=0.25", "--set", "cab.bypass=true")
    capsys.readouterr()
    rack = ng.load_preset("crunch")
    rack.mix("amp", 0.25)
    rack.bypass("cab", True)
    np.testing.assert_array_equal(made, ng.render(rack, GUITAR[:4800], RATE))
    back = with_settings(rack, {"cab.bypass": False, "amp.dry_wet": 1, "snapshot": "B"})
    wanted = ng.load_preset("crunch")
    wanted.recall("B")
    assert back == wanted
    for text, said in [
        ("amp.dry_wet=2", "nodes.amp: dry_wet is 2.0: must be a number in [0, 1]"),
        ("amp.bypass=1", "nodes.amp.bypass is 1: must be true or false"),
        ("amp.bypas=true", "has no 'bypas'; nearest: bypass"),
    ]:
        assert said in refused(capsys, "render", "crunch", "in.wav", "out.wav", "--set", text)


def test_jobs_draw_mixes_and_bypasses() -> None:
    settings = {"amp.dry_wet": {"uniform": [0.0, 1.0]}, "cab.bypass": {"choice": [True, False]}}
    job = {"racks": "crunch", "inputs": "in.wav", "subtype": "float", "tail": False,
           "name": "{variant}", "settings": settings, "variants": 4, "seed": 2}  # fmt: skip
    done = ng.batch(job)
    assert done.made == 4
    drawn = [entry["settings"] for entry in done.entries.values()]
    assert {values["cab.bypass"] for values in drawn} == {True, False}
    for file, values in zip(done.entries, drawn, strict=True):
        rack = ng.load_preset("crunch")
        rack.mix("amp", values["amp.dry_wet"])
        rack.bypass("cab", values["cab.bypass"])
        wanted = ng.render(rack, GUITAR[:4800], RATE, tail=False)
        np.testing.assert_array_equal(read(f"renders/{file}")[0], wanted)
