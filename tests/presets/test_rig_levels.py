"""Levels and rates from the command line: what is set, what is heard, what is said."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.graph import ParamError
from namgraph.presets.rig import format_levels, models, open_rig

from ..nodes.nam import nets

LEVELS = {"loudness": -20.0, "input_level_dbu": 14.0, "output_level_dbu": 10.0}
GUITAR = soundfile.read(ng.asset("di.wav"), dtype="float32")[0][24_000:30_000]


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a model that says its levels, one that does not, and a guitar."""
    monkeypatch.chdir(tmp_path)
    model = nets.wavenet(nets.array(2, [1, 3]))
    nets.write(tmp_path, model | {"metadata": LEVELS}, "told.nam")
    nets.write(tmp_path, model, "mute.nam")
    nets.write(tmp_path, model | {"sample_rate": 44_100}, "slow.nam")
    soundfile.write("in.wav", GUITAR, 48_000, subtype="FLOAT")
    return tmp_path


def rendered(*arguments: str) -> Any:
    assert main(["render", *arguments, "in.wav", "out.wav", "--subtype", "float"]) == 0
    return soundfile.read("out.wav", dtype="float64")[0]


def test_render_applies_what_it_says(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = rendered("told.nam")
    assert capsys.readouterr().err == ""
    np.testing.assert_allclose(
        rendered("told.nam", "--levels", "normalized"), raw * 10 ** (2 / 20), rtol=1e-6
    )
    said = "namgraph: levels: amp: normalized, input +0.0 dB, output +2.0 dB\n"
    assert capsys.readouterr().err == said
    rendered("told.nam", "--levels", "calibrated", "--interface-dbu", "8")
    said = "namgraph: levels: amp: calibrated, input -6.0 dB, output +2.0 dB\n"
    assert capsys.readouterr().err == said
    rendered("told.nam", "--levels", "raw", "--calibrate-input")
    assert "raw, input -2.0 dB, output +0.0 dB" in capsys.readouterr().err


def test_missing_levels_are_warned_of(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert (rendered("mute.nam", "--levels", "normalized") == rendered("mute.nam")).all()
    assert capsys.readouterr().err == (
        "namgraph: levels: amp: normalized, input +0.0 dB, output +0.0 dB\n"
        "namgraph: warning: mute.nam: no loudness in the file: output raw (levels normalized)\n"
    )


def test_a_preset_keeps_its_own_levels_unless_told(there: Path) -> None:
    graph = ng.Graph()
    amp = graph.add("amp", ng.Nam("told.nam", levels="normalized", interface_dbu=5.0))
    graph.input("in", channels=1) >> amp >> graph.output("out", channels=1)
    ng.save_preset(graph, "rack.json")
    assert format_levels(open_rig("rack.json").graph) == (
        "amp: normalized, input +0.0 dB, output +2.0 dB"
    )
    assert format_levels(open_rig("rack.json", levels="raw").graph) == ""
    (node,) = models(open_rig("rack.json", levels="calibrated").graph).values()
    assert (node.levels, node.interface_dbu) == ("calibrated", 5.0)


def test_a_rack_without_a_model_has_no_levels(there: Path) -> None:
    graph = ng.Graph()
    amp = graph.add("amp", ng.Gain())
    graph.input("in", channels=1) >> amp >> graph.output("out", channels=1)
    ng.save_preset(graph, "rack.json")
    with pytest.raises(ParamError, match="--levels is raw: the rack has no model"):
        open_rig("rack.json", levels="raw")


def test_info_prints_the_gains_of_each_mode(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = ng.Graph()
    one, two = graph.add("one", ng.Nam("told.nam")), graph.add("two", ng.Nam("told.nam"))
    graph.input("in", channels=1) >> one >> two >> graph.output("out", channels=1)
    ng.save_preset(graph, "rack.json")
    assert main(["info", "told.nam", "mute.nam", "rack.json", "--json"]) == 0
    told, mute, rack = json.loads(capsys.readouterr().out)["files"]
    assert told["levels"]["normalized"] == "normalized, input +0.0 dB, output +2.0 dB"
    assert told["levels"]["calibrated"] == "calibrated, input -2.0 dB, output -2.0 dB"
    assert "no loudness in the file" in mute["levels"]["normalized"]
    assert rack["levels"]["two"] == "raw, input +0.0 dB, output +0.0 dB"
    assert rack["between_models"] == ["one -> two: +0.0 dB, exact -4.0 dB"]


def test_models_of_different_rates_in_one_rack(there: Path) -> None:
    graph = ng.Graph()
    one = graph.add("one", ng.Nam("told.nam"))
    two = graph.add("two", ng.Nam("slow.nam", resample=True))
    graph.input("in", channels=1) >> one >> two >> graph.output("out", channels=1)
    ng.save_preset(graph, "rack.json")
    assert open_rig("rack.json").rate == 48_000
    assert open_rig("rack.json", resample=True).rate is None
    out = rendered("rack.json")
    assert out.size >= GUITAR.size
    assert np.abs(out).max() > 0.0


def test_a_model_between_resamplers_sounds_as_the_file_resampled(there: Path) -> None:
    graph = ng.Graph()
    amp = graph.add("amp", ng.Nam("slow.nam", resample=True))
    graph.input("in", channels=1) >> amp >> graph.output("out", channels=1)
    ng.save_preset(graph, "rack.json")
    live, offline = rendered("rack.json", "--no-tail"), rendered("slow.nam", "--resample")
    difference = (live - offline)[500:-500]
    assert np.sqrt(np.mean(difference**2)) < 1e-4 * np.sqrt(np.mean(offline**2))
