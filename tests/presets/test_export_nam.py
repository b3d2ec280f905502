"""``export_nam``: the file nulls against the rack, says what it is, and refuses by name."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.exporting.series import ExportError

from ..nodes.nam.captures.files import dense, guitarml, keras, layer
from ..nodes.nam.captures.smartamp import smartamp
from ..nodes.nam.nets import a1, container, lstm, write
from ..nodes.nam.parametric.files import concat_lstm, film_a2

RATE = 48_000
X = np.random.default_rng(5).normal(0.0, 0.1, (1, 40_000)).astype(np.float32)
IR = np.exp(-np.arange(500) / 60.0) * np.random.default_rng(6).normal(0.0, 0.3, 500)


def cab(folder: Path, channels: int = 1) -> ng.Cab:
    path = folder / f"cab{channels}.wav"
    ng.write_audio(path, np.stack([IR, IR[::-1]])[:channels], RATE, subtype="float")
    return ng.Cab(path, level_db=-3.0)


def nulls(graph: ng.Graph, path: Path, settled: int = 3000) -> ng.Model:
    """Export; assert that file and rack agree, and return the model."""
    made = ng.export_nam(graph, path)
    assert ng.load_nam(path).digest == made.digest
    wanted = ng.render(graph, X, made.sample_rate, tail=False)
    found = ng.render(ng.Graph.chain(ng.Nam(path)), X, made.sample_rate, tail=False)
    assert found.shape == wanted.shape
    peak = np.abs(wanted).max()
    assert peak > 1e-3
    assert np.abs(found - wanted)[:, settled:].max() <= 1e-5 * peak
    return made


def test_captures_gains_and_a_cabinet(tmp_path: Path) -> None:
    pedal = ng.Nam(write(tmp_path, lstm(6, 1, 1), "pedal.nam"), output_db=-3.0)
    amp = ng.Nam(write(tmp_path, a1("nano", 2), "amp.nam"), input_db=4.0, output_db=2.0)
    graph = ng.Graph.chain(ng.Gain(gain_db=-2.0), pedal, ng.Gain(gain_db=3.0), amp, cab(tmp_path))
    made = nulls(graph, tmp_path / "rack.nam")
    assert (made.architecture, made.sample_rate, made.name) == ("Sequential", RATE, "rack")
    parts = [
        m["architecture"]
        for m in json.loads((tmp_path / "rack.nam").read_bytes())["config"]["models"]
    ]
    assert parts == ["Linear", "LSTM", "Linear", "WaveNet", "Linear"]


def test_filters_polarity_and_a_pan(tmp_path: Path) -> None:
    amp = ng.Nam(write(tmp_path, a1("nano", 2)))
    graph = ng.Graph.chain(
        ng.Filter(low_cut_hz=90.0), amp, ng.DcBlock(), ng.ToneStack(), cab(tmp_path),
        ng.Align(invert=True), ng.Meter(), ng.Pan(position=0.4), ng.Gain(gain_db=1.0),
    )  # fmt: skip
    assert nulls(graph, tmp_path / "rack.nam", 32_000).channels == (1, 2)


@pytest.mark.parametrize("mix", [1.0, 0.3])
def test_a_stereo_cabinet(tmp_path: Path, mix: float) -> None:
    wide = cab(tmp_path, 2).with_params({"mix": mix})
    amp = ng.Nam(write(tmp_path, lstm(6, 1, 1)))
    nulls(ng.Graph.chain(amp, wide), tmp_path / "rack.nam")


def test_a_bundled_rack(tmp_path: Path) -> None:
    nulls(ng.load_preset("reamp"), tmp_path / "reamp.nam", 32_000)


def test_a_chain_without_a_capture_and_an_empty_one(tmp_path: Path) -> None:
    nulls(ng.Graph.chain(ng.Gain(gain_db=-6.0)), tmp_path / "gain.nam")
    nulls(ng.Graph.chain(), tmp_path / "empty.nam")


def test_sizes_and_series_within(tmp_path: Path) -> None:
    sizes = write(tmp_path, container(lstm(4, 1, 1), lstm(6, 1, 2)), "sizes.nam")
    for slim in (0.1, 1.0):
        nulls(ng.Graph.chain(ng.Nam(sizes, slim=slim)), tmp_path / f"{slim}.nam")
    nulls(ng.Graph.chain(ng.Nam(tmp_path / "0.1.nam"), ng.Gain(gain_db=6.0)), tmp_path / "two.nam")


def test_levels_are_applied_and_told(tmp_path: Path) -> None:
    about = {"loudness": -20.0, "input_level_dbu": 12.0, "output_level_dbu": 8.0,
             "name": "one", "gear_type": "amp", "gear_make": "Maker"}  # fmt: skip
    path = write(tmp_path, {**lstm(6, 1, 1), "metadata": about})
    made = nulls(ng.Graph.chain(ng.Nam(path, levels="normalized")), tmp_path / "a.nam")
    assert (made.loudness, made.input_level_dbu, made.output_level_dbu) == (-18.0, 12.0, 6.0)
    assert (made.gear_type, made.gear_make, made.name) == ("amp", "Maker", "a")
    graph = ng.Graph.chain(ng.Gain(gain_db=3.0), ng.Nam(path), cab(tmp_path))
    made = nulls(graph, tmp_path / "b.nam")
    assert (made.loudness, made.input_level_dbu, made.output_level_dbu) == (None, 15.0, None)
    assert made.gear_type == "amp_cab"


def test_mixes_and_bypasses(tmp_path: Path) -> None:
    """Linear nodes may be mixed; whatever is bypassed is left out, with its delay."""
    amp = ng.Nam(write(tmp_path, a1("nano", 2), "amp.nam"))
    pedal = ng.Nam(write(tmp_path, lstm(6, 1, 1), "pedal.nam"))
    graph = ng.Graph.chain(
        ng.Gate(), pedal, amp, ng.DcBlock(), ng.Limiter(), cab(tmp_path), ng.Pan(position=0.4)
    )
    for name in ("gate", "limiter"):
        graph.bypass(name, True)
    for name, share in {"nam": 0.0, "dc_block": 0.6, "cab": 0.3, "pan": 0.5}.items():
        graph.mix(name, share)
    made = nulls(graph, tmp_path / "rack.nam", 32_000)
    parts = json.loads((tmp_path / "rack.nam").read_bytes())["config"]["models"]
    assert [m["architecture"] for m in parts] == ["WaveNet", "Linear"]
    assert made.channels == (1, 2)
    graph.mix("nam2", 0.5)
    refused(graph, tmp_path, r"^nam2: is mixed with its input \(dry_wet 0.5\): must be 1; 0")
    graph.bypass("gate", False)
    refused(graph, tmp_path, "^gate: Gate cannot be")


def test_a_bypassed_cabinet_is_none(tmp_path: Path) -> None:
    about = {"gear_type": "amp", "loudness": -20.0}
    path = write(tmp_path, {**lstm(6, 1, 1), "metadata": about})
    graph = ng.Graph.chain(ng.Nam(path), cab(tmp_path))
    graph.bypass("cab", True)
    made = nulls(graph, tmp_path / "rack.nam")
    assert (made.gear_type, made.loudness) == ("amp", -20.0)
    assert made.architecture == "Sequential"


def refused(graph: ng.Graph, folder: Path, said: str, **options: Any) -> None:
    with pytest.raises(ExportError, match=said):
        ng.export_nam(graph, folder / "no.nam", **options)
    assert not (folder / "no.nam").exists()


def test_what_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, lstm(6, 1, 1))
    slow = write(tmp_path, lstm(6, 1, 1) | {"sample_rate": 44_100}, "slow.nam")
    chain = ng.Graph.chain
    refused(chain(ng.Nam(path), ng.Compressor()), tmp_path, "^compressor: Compressor cannot be")
    refused(chain(ng.Nam(path, path), channels=1), tmp_path, "^nam: is a pair of captures")
    refused(chain(ng.Nam(path, path)), tmp_path, "^in: the input has 2 channels")
    refused(chain(ng.Nam(path, oversample=2)), tmp_path, "^nam: has oversample=2: must be 1")
    refused(chain(ng.Nam(path, prewarm=False)), tmp_path, "^nam: has prewarm=False")
    refused(chain(ng.Nam(path), ng.Nam(slow)), tmp_path, "^nam2: its capture runs at 44100 Hz")
    refused(chain(ng.Nam(slow)), tmp_path, "must be 48000", sample_rate=48_000)
    refused(chain(ng.Cab(ng.asset("cab.wav")), ng.Pan(), ng.Delay()), tmp_path, "^delay: Delay")
    split = ng.load_preset("crunch")
    refused(split, tmp_path, "connections lead on from it")
    moved = chain(ng.Nam(path))
    moved.add("lfo", ng.Lfo())
    moved.connect("lfo", "nam.input_db", amount=0.1)
    refused(moved, tmp_path, "^nam: lfo.out moves its input_db")


CAPTURES: dict[str, tuple[Any, dict[str, Any]]] = {
    "proteus": (guitarml(8), {}),
    "proteus with knobs": (guitarml(8, inputs=3), {"knob1": 0.9}),
    "aida-x": (keras(layer("lstm", 1, 8), dense(8), in_skip=1, out_gain=-6.0), {}),
    "smartamp": (smartamp(4, [1, 2]), {}),
    "film": (film_a2(), {"sustain": 0.9}),
    "switch": (concat_lstm(), {"mode": "lead", "gain": 8.0}),
}


@pytest.mark.parametrize("kind", CAPTURES)
def test_captures_of_other_formats_and_with_knobs(kind: str, tmp_path: Path) -> None:
    file, knobs = CAPTURES[kind]
    amp = ng.Nam(ng.load_capture(file), knobs=knobs)
    nulls(ng.Graph.chain(ng.Gain(gain_db=-3.0), amp), tmp_path / "rack.nam")


def test_a_capture_that_a_nam_cannot_hold(tmp_path: Path) -> None:
    gru = ng.load_capture(keras(layer("gru", 1, 8), dense(8)))
    refused(ng.Graph.chain(amp=ng.Nam(gru)), tmp_path, "^amp: .*the network is a GRU, which a .nam")


def test_files_are_not_replaced(tmp_path: Path) -> None:
    path = write(tmp_path, lstm(6, 1, 1))
    before = Path(path).read_bytes()
    with pytest.raises(ng.NamFileError, match="which would be replaced"):
        ng.export_nam(ng.Graph.chain(ng.Nam(path)), path)
    with pytest.raises(ng.NamFileError, match=r"must end in \.nam"):
        ng.export_nam(ng.Graph.chain(ng.Nam(path)), tmp_path / "rack.json")
    assert Path(path).read_bytes() == before


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = write(tmp_path, lstm(6, 1, 1)), str(tmp_path / "out.nam")
    ng.write_audio(tmp_path / "ir.wav", IR[None], RATE)
    assert main(["export-nam", path, out, "--ir", str(tmp_path / "ir.wav"), "--name", "Rig"]) == 0
    assert "Sequential" in capsys.readouterr().out
    assert ng.load_nam(out).name == "Rig"
    assert main(["export-nam", "crunch", str(tmp_path / "no.nam")]) == 2
    assert capsys.readouterr().err.startswith("namgraph: error: ")
    assert not (tmp_path / "no.nam").exists()
