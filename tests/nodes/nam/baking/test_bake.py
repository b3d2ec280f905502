"""``bake``, ``namgraph bake``: a plain .nam file with the bits of the capture, or one line."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.graph import NamFileError, ParamError
from namgraph.graph.errors import UnsupportedArchitectureError, UnsupportedFeatureError
from namgraph.nodes.testing import same_bits

from .. import oracle
from ..captures.files import Json, dense, guitarml, keras, layer, signal
from ..captures.smartamp import smartamp
from ..nets import a1, container
from ..parametric.files import concat_wavenet, film_a2, film_wavenet, hyper_wavenet

KERAS: dict[str, Json] = {
    "lstm": keras(layer("lstm", 1, 8), dense(8)),
    "large lstm": keras(layer("lstm", 1, 80), dense(80), samplerate="44100"),
    "lstms of two sizes": keras(layer("lstm", 1, 12), layer("lstm", 12, 7, 5), dense(7)),
    "knobs": keras(layer("lstm", 3, 8), dense(8), inputs=3, in_skip=1),
    "gains and skip": keras(layer("lstm", 1, 8), dense(8), in_skip=1, in_gain=3.0, out_gain=-6.0),
    "gain alone": keras(layer("lstm", 1, 8), dense(8), out_gain=-10.0),
}
GUITARML = {
    "proteus": guitarml(20),
    "no skip": guitarml(8, skip=0),
    "deep": guitarml(8, 2),
    "knobs of proteus": guitarml(12, inputs=3),
    "smartamp": smartamp(4, [1, 2, 4, 8]),  # as many biases of the input as head1x1 has
    "smartamp of tanh": smartamp(3, [1, 5], "tanh"),
}
NAM = {"film": film_wavenet(), "concat": concat_wavenet(), "hyper": hyper_wavenet()}
FILES = {**KERAS, **GUITARML, **NAM, "a2": film_a2(), "sizes": container(film_a2(2), film_a2(3))}


def play(model: Any, x: Any, **options: Any) -> Any:
    y, graph = np.zeros_like(x), ng.Graph.chain(amp=ng.Nam(model, **options))
    made = ng.Engine(graph, sample_rate=model.sample_rate, max_frames=64)
    made.play([x], [y], x.size, 64)
    assert made.stats().faults == 0
    return y


def middle(model: ng.Model) -> dict[str, float]:
    """A value of each knob that is not its default."""
    return {k.name: k.high if k.step else k.low + 0.3 * (k.high - k.low) for k in model.knobs}


@pytest.mark.parametrize("name", FILES)
def test_it_has_the_bits_of_the_capture(name: str, tmp_path: Path) -> None:
    model, x = ng.load_capture(FILES[name]), signal(600)
    knobs = middle(model)
    made = ng.bake(model, tmp_path / "out.nam", knobs)
    assert made == ng.load_nam(tmp_path / "out.nam")
    assert not made.knobs
    assert made.given_rate == model.sample_rate
    same_bits(play(made, x), play(model, x, knobs=knobs))
    if knobs:
        assert np.abs(play(made, x) - play(model, x)).max() > 1e-5


@pytest.mark.parametrize("name", [*KERAS, *GUITARML, *NAM])
def test_what_is_written_means_the_same_elsewhere(name: str, tmp_path: Path) -> None:
    """The file, read by code that is not the package's, in float64."""
    model, x = ng.load_capture(FILES[name]), signal(300)
    ng.bake(model, tmp_path / "out.nam", middle(model))
    file = json.loads((tmp_path / "out.nam").read_text())
    recurrent = "LSTM" in str(file)
    silence = np.zeros(2_000 if recurrent else 200, np.float32)
    wanted = oracle.play(file, np.concatenate([silence, x]))[silence.size :]
    found = play(ng.load_capture(model), x, knobs=middle(model))
    assert np.abs(found - wanted).max() <= 2e-5 * np.abs(wanted).max()


def test_metadata_are_kept_and_tell_the_setting(tmp_path: Path) -> None:
    file = film_wavenet() | {"metadata": {"name": "Amp", "loudness": -18.5, "x": [1, {"y": None}]}}
    made = ng.bake(file, tmp_path / "out.nam", {"Gain": 2.5, "mode": "lead"})
    assert dict(made.metadata) == {
        **file["metadata"],
        "baked_setting": {"Gain": 2.5, "mode": "lead"},
    }
    plain = ng.bake(guitarml(4), tmp_path / "plain.nam")
    assert "baked_setting" not in plain.metadata


def test_knobs_that_are_wrong(tmp_path: Path) -> None:
    out = tmp_path / "out.nam"
    for given, said in (
        (
            {"drive": 1.0},
            r"no knob 'drive': its knobs are gain \(0 to 10\), mode \(clean or crunch",
        ),
        ({"gain": 11.0}, r"gain is 11.0: must be a number in \[0, 10\]"),
        ({"mode": "lean"}, "lean.*clean"),
        ({"gain": "loud"}, "gain"),
        ([("gain", 1.0)], "must map names to numbers"),
        ({"gain": 1.0, "Gain": 2.0}, "gain is given twice"),
    ):
        with pytest.raises(ParamError, match=said) as caught:
            ng.bake(film_wavenet(), out, given)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
    with pytest.raises(ParamError, match="it has no knobs"):
        ng.bake(guitarml(4), out, {"gain": 1.0})
    assert not out.exists()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (keras(layer("gru", 1, 8), dense(8)), "a GRU"),
        (guitarml(8, unit="GRU"), "a GRU"),
        (keras(layer("gru", 2, 4), dense(4), inputs=2), "a GRU"),
        (keras(dense(1, 4, activation="tanh"), dense(4)), "dense and convolution layers"),
        (
            keras(layer("lstm", 1, 8), dense(8, 4, activation="tanh"), dense(4, 1, 6)),
            "dense and convolution layers",
        ),
    ],
)
def test_what_a_nam_file_cannot_hold(file: Json, said: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedArchitectureError, match=f"<dict>: the network is {said}"):
        ng.bake(file, tmp_path / "out.nam")
    assert os.listdir(tmp_path) == []


def test_a_plain_file_and_weights_beyond_float32(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFeatureError, match="nothing to bake"):
        ng.bake(a1("nano"), tmp_path / "out.nam")
    loud = film_a2()
    loud["weights"] = [3e30] * len(loud["weights"])
    with pytest.raises(UnsupportedFeatureError, match="beyond the range of float32"):
        ng.bake(loud, tmp_path / "out.nam")


def test_a_name_that_is_no_models(tmp_path: Path) -> None:
    for name in ("amp.wav", "amp.json", "amp"):
        with pytest.raises(NamFileError, match=r"name must end in \.nam: save it as .*\.nam"):
            ng.bake(film_a2(), tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_never_over_the_capture(tmp_path: Path) -> None:
    path = tmp_path / "amp.nam"
    path.write_text(json.dumps(film_wavenet()))
    (tmp_path / "link.nam").symlink_to(path)
    before = path.read_bytes()
    for out in (path, tmp_path / "link.nam"):
        with pytest.raises(NamFileError, match="would be replaced"):
            ng.bake(path, out)
    assert path.read_bytes() == before
    ng.bake(path, tmp_path / "out.nam", {"gain": 1.0})
    ng.bake(path, tmp_path / "out.nam", {"gain": 2.0})  # a second run replaces its own
    assert ng.load_nam(tmp_path / "out.nam").metadata["baked_setting"]["Gain"] == 2.0


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "amp.nam", tmp_path / "lead.nam"
    path.write_text(json.dumps(film_wavenet() | {"metadata": {"loudness": -20.0}}))
    assert main(["bake", str(path), "--set", "gain=7.5", "--set", "mode=lead", str(out)]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{out}: WaveNet, 258 weights, 48000 Hz, gain 7.5, mode lead\n"
    assert "loudness" in printed.err
    x = signal(200)
    wanted = play(ng.load_nam(path), x, knobs={"gain": 7.5, "mode": 2})
    same_bits(play(ng.load_nam(out), x), wanted)
    for given, said in (
        (["--set", "gain"], "must be KNOB=VALUE, as in gain=0.5"),
        (["--set", "dirt=1"], "there is no knob 'dirt': its knobs are gain (0 to 10), mode"),
        (["--set", "gain=12"], "gain is 12: must be a number in [0, 10]"),
    ):
        assert main(["bake", str(path), str(tmp_path / "no.nam"), *given]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
    assert main(["bake", str(path), str(path)]) == 2
    assert main(["bake", str(tmp_path / "none.nam"), str(out)]) == 2
    assert main(["bake", str(path), str(tmp_path / "no" / "out.nam")]) == 2
    assert capsys.readouterr().err.count("\n") == 3
    assert sorted(os.listdir(tmp_path)) == ["amp.nam", "lead.nam"]
