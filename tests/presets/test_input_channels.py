"""Which channels of a file a rack plays."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.rendering.input_channels import Sides
from namgraph.presets.rendering.render import render_file
from namgraph.presets.rig import Rig, open_rig

X = np.random.default_rng(5).uniform(-0.5, 0.5, (2, 2400)).astype(np.float32)
RATE = 48_000


@pytest.fixture(autouse=True)
def takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes of different kinds, and a job."""
    monkeypatch.chdir(tmp_path)
    noise = 4e-4 * X[1]
    kinds = {"mono": X[:1], "stereo": X, "equal": X[[0, 0]], "left": np.stack([X[0], noise])}
    kinds |= {"right": np.stack([0 * X[0], X[1]]), "silent": 0 * X, "four": X[[0, 1, 0, 1]]}
    for name, samples in kinds.items():
        soundfile.write(f"{name}.wav", samples.T, RATE, subtype="FLOAT")


def rig(inputs: int = 1, outputs: int = 1) -> Rig:
    graph = ng.Graph()
    gain = graph.add("gain", ng.Gain(gain_db=0.0) if inputs == outputs else ng.Pan())
    graph.input("in", channels=inputs) >> gain >> graph.output("out", channels=outputs)
    ng.save_preset(graph, "rack.json")
    return open_rig("rack.json")


def played(file: str, made: Rig, channel: str | None = None) -> tuple[np.ndarray, list[str]]:
    lines = list[str]()
    render_file(made, file, "out.wav", channel=channel, subtype="float", warn=lines.append)
    return soundfile.read("out.wav", dtype="float32", always_2d=True)[0].T, lines


@pytest.mark.parametrize(
    ("channel", "wanted"),
    [("left", X[:1]), ("right", X[1:]), ("sum", np.float32(0.5) * (X[:1] + X[1:])), ("both", X)],
)
def test_a_stereo_take_into_a_mono_rack(channel: str, wanted: np.ndarray) -> None:
    made, lines = played("stereo.wav", rig(), channel)
    np.testing.assert_array_equal(made, wanted)
    assert lines == []


def test_equal_sides_are_one_signal_and_a_silent_side_is_said() -> None:
    made, lines = played("equal.wav", rig())
    np.testing.assert_array_equal(made, X[:1])
    assert lines == []
    made, lines = played("left.wav", rig())
    np.testing.assert_array_equal(made, X[:1])
    assert lines == ["left.wav: its right side is silent: the left one is played"]
    made, lines = played("right.wav", rig())
    np.testing.assert_array_equal(made, X[1:])
    assert lines == ["right.wav: its left side is silent: the right one is played"]
    assert played("silent.wav", rig())[1] == []


@pytest.mark.parametrize("channel", ["left", "right", "sum", "both"])
def test_mono_takes_are_played_as_they_are(channel: str) -> None:
    np.testing.assert_array_equal(played("mono.wav", rig(), channel)[0], X[:1])
    np.testing.assert_array_equal(played("mono.wav", rig(2, 2), channel)[0], X[[0, 0]])


def test_a_stereo_rack_plays_stereo_or_one_side_on_both_inputs() -> None:
    np.testing.assert_array_equal(played("stereo.wav", rig(2, 2))[0], X)
    np.testing.assert_array_equal(played("stereo.wav", rig(2, 2), "both")[0], X)
    np.testing.assert_array_equal(played("stereo.wav", rig(2, 2), "right")[0], X[[1, 1]])
    assert played("left.wav", rig(2, 2))[1] == []


@pytest.mark.parametrize(
    ("file", "inputs", "outputs", "channel", "message"),
    [
        ("stereo", 1, 1, None, "has 2 channels, the rack takes 1: give --channel left, right or"),
        ("mono", 2, 2, None, "has 1 channel, the rack takes 2: give --channel both, which plays"),
        ("four", 1, 1, "left", "channel is left: the file has 4 channels, no left and right"),
        ("four", 1, 1, None, "has 4 channels, the rack takes 1: give a mono or stereo file$"),
        ("stereo", 1, 2, "both", "channel is both: each side .* has 2 channels: must be 1"),
    ],
)
def test_what_does_not_fit(
    file: str, inputs: int, outputs: int, channel: str | None, message: str
) -> None:
    with pytest.raises(ng.AudioFileError, match=message):
        played(f"{file}.wav", rig(inputs, outputs), channel)
    assert not Path("out.wav").exists()


def test_sides_are_told_apart_in_any_blocks() -> None:
    for size in (1, 7, 2400):
        sides = Sides()
        for k in range(0, X.shape[1], size):
            sides.add(X[:, k : k + size])
        assert (sides.equal, sides.only) == (False, None)
    sides.add(X[:1])  # mono has no sides
    assert sides.only is None


def test_jobs_choose_before_the_first_file(capsys: pytest.CaptureFixture[str]) -> None:
    rig()
    job = {"namgraph_job": 1, "racks": "rack.json", "subtype": "float"}
    Path("job.json").write_text(json.dumps({**job, "inputs": ["equal.wav", "left.wav"]}))
    assert main(["batch", "job.json"]) == 0
    assert "left.wav: its right side is silent" in capsys.readouterr().err
    Path("job.json").write_text(json.dumps({**job, "inputs": ["stereo.wav", "mono.wav"]}))
    assert main(["batch", "job.json"]) == 1
    assert 'the rack takes 1: give "channel": left, right or sum' in capsys.readouterr().err
    both = {**job, "inputs": ["stereo.wav", "mono.wav"], "channel": "both"}
    Path("job.json").write_text(json.dumps(both))
    assert main(["batch", "job.json"]) == 0
    made = soundfile.read("renders/rack/stereo.wav", dtype="float32")[0].T
    np.testing.assert_array_equal(made, X)
    Path("job.json").write_text(json.dumps({**both, "channel": "middle"}))
    assert main(["batch", "job.json"]) == 2
    assert "channel is 'middle': must be one of left, right, sum, both" in capsys.readouterr().err
