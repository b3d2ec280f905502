"""`namgraph render` of racks with several inputs and outputs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main

RATE = 48_000
X = np.random.default_rng(0).uniform(-0.5, 0.5, 4_800).astype(np.float32)
FLOAT = ["--subtype", "float"]


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    soundfile.write("in.wav", X, RATE, subtype="FLOAT")
    graph = ng.Graph()
    guitar, track = graph.input("guitar", channels=1), graph.input("track", channels=2)
    graph.add("low", ng.Gain(gain_db=-6.0))
    guitar >> graph.handle("low") >> graph.output("out", channels=1)
    graph.add("sides", ng.Pan())
    guitar >> graph.handle("sides") >> graph.output("wet", channels=2)
    graph.connect(track, "wet")
    ng.save_preset(graph, "rack.json")
    return tmp_path


def read(path: str) -> Any:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def test_each_output_has_a_file(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "rack.json", "in.wav", "out.wav", *FLOAT]) == 0
    expected = ng.render("rack.json", {"guitar": X, "track": np.zeros((2, X.size))}, RATE)
    np.testing.assert_array_equal(read("out.wav"), np.atleast_2d(expected["out"]))
    np.testing.assert_array_equal(read("out-wet.wav"), expected["wet"])
    out, err = capsys.readouterr()
    assert out.startswith("out.wav: 0.10 s, 1 channel")
    assert "rack: its input 'track' is silent: a file plays into 'guitar'" in err


def test_all_are_resampled_and_only_the_first_is_levelled(there: Path) -> None:
    x = np.resize(X, 44_100)
    soundfile.write("cd.wav", x, 44_100, subtype="FLOAT")
    assert main(["render", "rack.json", "cd.wav", "out.wav", "--loudness", "-20", *FLOAT]) == 0
    assert read("out.wav").shape == (1, x.size)
    assert ng.loudness(read("out.wav"), 44_100).integrated_lufs == pytest.approx(-20.0, abs=0.01)
    np.testing.assert_allclose(read("out-wet.wav")[0], x * np.sqrt(0.5), atol=1e-6)


def test_no_output_replaces_the_input(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (there / "in.wav").rename(there / "a-wet.wav")
    assert main(["render", "rack.json", "a-wet.wav", "a.wav"]) == 2
    assert "a-wet.wav" in capsys.readouterr().err
    assert not Path("a.wav").exists()


def test_no_file_appears_where_one_cannot(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out-wet.wav").mkdir()
    assert main(["render", "rack.json", "in.wav", "out.wav"]) == 2
    assert "out-wet.wav" in capsys.readouterr().err
    assert not Path("out.wav").exists()


def test_a_job_takes_racks_with_one_output(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("job.json").write_text('{"namgraph_job": 1, "inputs": "in.wav", "racks": "rack.json"}')
    assert main(["batch", "job.json"]) == 2
    assert "the rack has 2 outputs: a job renders racks with one" in capsys.readouterr().err
