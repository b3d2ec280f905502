"""What ``info`` says of a file: by its content, and guesses as guesses."""

import json
from pathlib import Path
from typing import Any

import pytest

import namgraph as ng
from namgraph.cli.describe import describe, format_description
from namgraph.graph import NamgraphError

from ..nodes.nam import nets
from ..nodes.nam.shapes import fill
from .command import GUITAR, wav

AMP = nets.wavenet(nets.array(3, [1, 2]), seed=1)
CAB = fill({"receptive_field": 300, "bias": False}, "Linear", 2)
WIDE = fill({"receptive_field": 4, "bias": True, "out_channels": 2}, "Linear", 3)
EMPTY = {"namgraph": 1, "inputs": {}, "outputs": {}, "nodes": {}, "connections": []}


def sequential(*models: Any) -> Any:
    frame = {"version": "0.7.0", "architecture": "Sequential", "weights": []}
    return frame | {"config": {"models": list(models)}, "sample_rate": 48_000}


@pytest.mark.parametrize("name", ["thing", "thing.bin", "thing.json", "thing.wav", "a.b/thing"])
def test_the_content_decides(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(json.dumps(AMP))
    assert describe(name)["kind"] == "model"
    Path(name).write_text(json.dumps(EMPTY))
    assert describe(name)["kind"] == "preset"
    Path(name).write_bytes(Path(wav(tmp_path / "x.wav", GUITAR)).read_bytes())
    assert describe(name)["kind"].endswith("audio")
    assert describe(name)["file"] == name


def test_an_unsupported_kind_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("page").write_text("<html></html>")
    Path("job.json").write_text('{"namgraph_job": 1}')
    Path("some.json").write_text('{"a": 1}')
    Path("words").write_text("plain words")
    for name, said in [
        ("folder", "folder: is a folder, not a NAM model, audio or a preset"),
        ("page", "page: is a web page, not a NAM model, audio or a preset: fetch the file itself"),
        ("job.json", "job.json: is a job for namgraph batch, not a NAM model, audio or a preset"),
        ("some.json", "some.json: is JSON text, not a NAM model, audio or a preset"),
        ("words", "no preset 'words' ships with namgraph"),
        ("nothing", "no preset 'nothing' ships with namgraph"),
        ("nothing.wav", "nothing.wav: cannot be read: No such file"),
    ]:
        with pytest.raises(NamgraphError) as caught:
            describe(name)
        assert said in str(caught.value)


def test_a_bundled_name_is_a_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As everywhere else: ``render crunch`` takes the shipped one, too."""
    monkeypatch.chdir(tmp_path)
    Path("crunch").write_text(json.dumps(AMP))
    assert describe("crunch")["kind"] == "preset"
    assert describe("./crunch")["kind"] == "model"


def test_a_missing_rate_is_printed(tmp_path: Path) -> None:
    silent = {k: v for k, v in AMP.items() if k != "sample_rate"}
    found = describe(nets.write(tmp_path, silent))
    assert found["sample_rate"] is None
    assert found["sample_rate_assumed"] == 48_000
    assert "  sample rate        no rate in the file: 48000 Hz assumed\n" in format_description(
        found
    )
    text = json.dumps(AMP | {"metadata": {"gain": 0.123456789}}).replace("0.123456789", "1e999")
    (tmp_path / "known.nam").write_text(text)
    known = describe(tmp_path / "known.nam")
    assert known["metadata"] == {"gain": None}
    assert "assumed" not in format_description(known)
    graph = ng.Graph()
    graph.add("first", ng.Nam(str(tmp_path / "model.nam")))
    graph.add("second", ng.Nam(str(tmp_path / "known.nam")))
    ng.save_preset(graph, tmp_path / "rack.json")
    rack = describe(tmp_path / "rack.json")
    assert rack["assumed_rates"] == {"first": 48_000}
    assert "  assumed rates:\n    first              48000\n" in format_description(rack)


def test_the_rate_of_a_submodel_is_used(tmp_path: Path) -> None:
    both = nets.container(AMP, AMP)
    del both["sample_rate"]
    assert describe(nets.write(tmp_path, both))["sample_rate"] == 48_000


def test_the_forms_of_2026(tmp_path: Path) -> None:
    chain = sequential(AMP, sequential(CAB, WIDE))
    chain["metadata"] = {"loudness": -20.0}
    found = describe(nets.write(tmp_path, chain))
    assert found["architecture"] == "Sequential"
    assert [row["architecture"] for row in found["models"]] == ["WaveNet", "Linear", "Linear"]
    assert found["models"][2] == {
        "architecture": "Linear", "in": 1, "out": 2, "weights": 10, "multiply_adds": 8,
    }  # fmt: skip
    assert found["gpu"] == "no: Sequential runs on the CPU alone"
    assert found["levels"]["loudness_db"] == -20.0
    assert "normalized, input +0.0 dB, output +2.0 dB" in format_description(found)
    wide = describe(nets.write(tmp_path, WIDE, "wide.nam"))
    assert (wide["channels"], wide["responses"]) == ({"in": 1, "out": 2}, 2)
    json.dumps([found, wide], allow_nan=False)
