"""Layouts of a response: given as an option, guessed with a warning, or refused."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli import arguments
from namgraph.cli.describe import describe
from namgraph.cli.main import main
from namgraph.nodes.cabinet import impulse_response as impulse
from namgraph.nodes.testing import NodeHarness

from ...cli.command import GUITAR, LSTM, RATE, read, refused
from .cab_harness import noise

B_FORMAT = bytes.fromhex("010000002107d3118644c8c1ca000000")
LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "mono": lambda d: d[:, 0],
    "left": lambda d: d[:, 0],
    "right": lambda d: d[:, 1],
    "sum": lambda d: d.mean(axis=1),
}


def quad(path: Path, channels: int = 4, ambisonic: bool = False) -> Any:
    """Write a response; return its samples as the file has them."""
    fall = np.exp(-6 * np.arange(300) / 300)[:, None]
    data = 0.2 * np.random.default_rng(channels).standard_normal((300, channels)) * fall
    data[-1] = 0.01  # zeros at the end would be dropped
    soundfile.write(path, data, RATE, format="WAVEX", subtype="PCM_16")
    if ambisonic:
        whole = path.read_bytes()
        at = whole.index(b"fmt ") + 8 + 24
        path.write_bytes(whole[:at] + B_FORMAT + whole[at + 16 :])
    return soundfile.read(path)[0].reshape(300, channels)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", [2, 3, 4, 6])
@pytest.mark.parametrize("ambisonic", [False, True])
def test_one_response_of_several(
    tmp_path: Path, layout: str, channels: int, ambisonic: bool
) -> None:
    data = quad(tmp_path / "ir.wav", channels, ambisonic)
    cab = ng.Cab(str(tmp_path / "ir.wav"), layout=layout, gain_rule="none")
    assert [p.channels for p in (*cab.inputs, *cab.outputs)] == [None, None]
    taps = impulse.response(str(cab.path), layout, RATE, "none")
    wanted = LAYOUTS[layout](data)
    assert taps.shape == (1, 300)
    np.testing.assert_allclose(taps[0], wanted, atol=1e-12)
    x = noise(700, 2)
    found = NodeHarness(cab, 2).play(x, [64])
    for c in range(2):
        np.testing.assert_allclose(found[c], np.convolve(x[c], wanted)[:700], atol=1e-5)


@pytest.mark.parametrize("channels", [1, 4])
def test_a_header_that_says_b_format_is_no_true_stereo(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "room.wav"
    quad(path, channels, ambisonic=True)
    with pytest.raises(ng.AudioFileError, match=r'ambisonic B-format.*layout="mono"'):
        _ = ng.Cab(str(path)).inputs
    assert "ambisonic" in describe(path)["layout"]
    if channels == 4:
        assert ng.Cab(str(path), layout="true_stereo").inputs[0].channels == 2


def test_four_channels_without_a_word_are_a_guess_aloud(tmp_path: Path) -> None:
    quad(tmp_path / "room.wav")
    graph = ng.Graph()
    (
        graph.input("in", channels=2)
        >> graph.add("cab", ng.Cab(str(tmp_path / "room.wav")))
        >> (graph.output("out", channels=2))
    )
    with pytest.warns(RuntimeWarning, match=r"room\.wav has 4 channels: .* a guess: .*layout"):
        ng.render(graph, noise(100, 2), RATE)
    assert describe(tmp_path / "room.wav")["layout"] == "true_stereo (a guess from 4 channels)"
    graph.replace("cab", ng.Cab(str(tmp_path / "room.wav"), layout="true_stereo"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ng.render(graph, noise(100, 2), RATE)


@pytest.mark.parametrize("layout", ["left", "right", "true_stereo", "stereo"])
def test_too_few_channels_are_refused(tmp_path: Path, layout: str) -> None:
    quad(tmp_path / "ir.wav", 1)
    with pytest.raises(ng.AudioFileError, match=rf"ir\.wav has 1 channel.* for layout '{layout}'"):
        _ = ng.Cab(str(tmp_path / "ir.wav"), layout=layout).inputs


@pytest.mark.parametrize("layout", [*impulse.LAYOUTS, "auto"])
def test_presets_keep_the_layout(tmp_path: Path, layout: str) -> None:
    channels = impulse.LAYOUTS.get(layout, 1)
    quad(tmp_path / "ir.wav", channels if channels > 1 else 2)
    graph = ng.Graph()
    cab = graph.add("cab", ng.Cab(str(tmp_path / "ir.wav"), layout=layout))
    width = graph.nodes["cab"].inputs[0].channels or 1
    graph.input("in", channels=width) >> cab
    cab >> graph.output("out", channels=graph.nodes["cab"].outputs[0].channels or width)
    ng.save_preset(graph, tmp_path / "rack.json")
    loaded = ng.load_preset(tmp_path / "rack.json").nodes["cab"]
    assert loaded == graph.nodes["cab"]
    told = describe(tmp_path / "rack.json")["cab_layouts"]
    assert told == {"cab": "stereo" if layout == "auto" else layout}


def test_the_command_knows_the_layouts() -> None:
    assert set(arguments.LAYOUTS) == {"auto", *impulse.LAYOUTS}


@pytest.mark.filterwarnings("default")  # which the command makes lines of its own
def test_the_command_plays_four_channels(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = quad(there / "room.wav")
    made = {}
    for layout in ("auto", "true_stereo", *LAYOUTS):
        arguments_ = ["render", LSTM, "in.wav", "out.wav", "--ir", "room.wav", "--subtype", "float"]
        assert main([*arguments_, "--ir-layout", layout]) == 0
        err = capsys.readouterr().err
        assert err.count("\n") == (layout == "auto")
        assert ("room.wav has 4 channels" in err and "--ir-layout" in err) == (layout == "auto")
        made[layout] = read("out.wav")[0]
    graph = ng.Graph()
    (
        graph.input("in", channels=1)
        >> graph.add("amp", ng.Nam(LSTM))
        >> (graph.output("out", channels=1))
    )
    amp = np.ravel(ng.render(graph, GUITAR, RATE, tail=False)).astype(np.float64)
    gain = 10 ** (-18 / 20)
    frames = GUITAR.size
    for layout, pick in LAYOUTS.items():
        wanted = gain * np.convolve(amp, pick(data))[:frames]
        np.testing.assert_allclose(made[layout][:, :frames], wanted[None], atol=1e-5)
    both = [gain * np.sqrt(0.5) * np.convolve(amp, data[:, k] + data[:, k + 2]) for k in (0, 1)]
    wide = np.array(both)[:, :frames]
    np.testing.assert_allclose(made["true_stereo"][:, :frames], wide, atol=1e-5)
    np.testing.assert_array_equal(made["auto"], made["true_stereo"])


def test_the_option_goes_with_a_cabinet(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "render", LSTM, "in.wav", "out.wav", "--ir-layout", "mono")
    assert "--ir-layout is mono: goes with --ir" in said
    quad(there / "room.wav", 4, ambisonic=True)
    said = refused(capsys, "render", LSTM, "in.wav", "out.wav", "--ir", "room.wav")
    assert "room.wav has 4 channels in ambisonic B-format" in said
    assert main(["info", "room.wav", "--json"]) == 0
    assert "ambisonic" in json.loads(capsys.readouterr().out)["files"][0]["layout"]
