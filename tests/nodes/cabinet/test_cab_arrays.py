"""``Cab`` of an array or an ``AudioFile``: the sound of the same samples in a file."""

import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits
from namgraph.presets.preset import files_of

RNG = np.random.default_rng(5)
TAPS = (RNG.standard_normal(700) * np.exp(-np.arange(700) / 90)).astype(np.float32)
WIDE = np.stack([TAPS, TAPS[::-1], TAPS * 0.5, -TAPS])
X = RNG.uniform(-0.5, 0.5, (1, 900)).astype(np.float32)


def written(folder: Path, samples: Any, rate: int = 48_000) -> Path:
    path = folder / "ir.wav"
    ng.write_audio(path, samples, rate, subtype="float")
    return path


def rack(cab: ng.Cab) -> ng.Graph:
    graph = ng.Graph()
    ins, outs = cab.inputs[0].channels or 1, cab.outputs[0].channels or 1
    graph.input("in", channels=ins) >> graph.add("cab", cab) >> graph.output("out", channels=outs)
    return graph


def played(cab: ng.Cab) -> Any:
    graph = rack(cab)
    return ng.render(graph, np.repeat(X, graph.inputs["in"], axis=0), 48_000)


@pytest.mark.parametrize("rule", ["nam", "energy", "peak", "none"])
@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_it_sounds_as_the_file_does(tmp_path: Path, rule: str, rate: int) -> None:
    path = written(tmp_path, TAPS, rate)
    wanted = played(ng.Cab(path, gain_rule=rule))
    same_bits(played(ng.Cab(TAPS, rate, gain_rule=rule)), wanted)
    same_bits(played(ng.Cab(ng.read_audio(path), gain_rule=rule)), wanted)
    same_bits(played(ng.Cab(TAPS[None].astype(np.float64), rate=rate, gain_rule=rule)), wanted)


@pytest.mark.parametrize(
    ("channels", "layout"),
    [(1, "mono"), (2, "stereo"), (2, "dual"), (2, "auto"), (3, "right"), (4, "true_stereo"),
     (4, "sum")],
)  # fmt: skip
def test_layouts_are_those_of_files(tmp_path: Path, channels: int, layout: str) -> None:
    path = written(tmp_path, WIDE[:channels])
    wanted = played(ng.Cab(path, layout=layout))
    same_bits(played(ng.Cab(WIDE[:channels], 48_000, layout=layout)), wanted)


def test_four_channels_are_guessed_with_a_warning() -> None:
    with pytest.warns(RuntimeWarning, match=r"^<array 4x700> has 4 channels: they are taken for"):
        played(ng.Cab(WIDE, 48_000))


def test_samples_are_copied_and_read_only() -> None:
    mine = TAPS.copy()
    cab = ng.Cab(mine, 48_000)
    wanted = played(cab)
    mine[:] = 0
    same_bits(played(cab), wanted)
    held: Any = cab.path
    assert held.samples.shape == (1, 700)
    with pytest.raises(ValueError, match="read-only"):
        held.samples[0, 0] = 1.0


def test_equality_copies_pickles_and_repr() -> None:
    cab = ng.Cab(TAPS, 48_000, mix=0.5)
    assert cab == ng.Cab(TAPS[None], 48_000.0, mix=0.5)
    assert hash(cab) == hash(ng.Cab(TAPS, 48_000, mix=0.5))
    for other in (ng.Cab(TAPS, 44_100, mix=0.5), ng.Cab(TAPS[:-1], 48_000, mix=0.5)):
        assert cab != other
    assert cab != ng.Cab("ir.wav", mix=0.5)
    for made in (copy.deepcopy(cab), pickle.loads(pickle.dumps(cab)), dataclasses.replace(cab)):
        assert made == cab
    assert "Cab(<ImpulseResponse: 1 x 700 samples, 48000 Hz>" in repr(cab)
    louder = rack(cab).with_params({"cab.level_db": 6.0}).nodes["cab"]
    assert louder == dataclasses.replace(cab, level_db=6.0)


def test_the_tail_is_the_length_of_the_response() -> None:
    assert ng.Cab(TAPS, 48_000).tail(ng.Spec(48_000, 64)) == 700


def test_a_preset_refuses_it_and_says_what_to_do(tmp_path: Path) -> None:
    said = r"cab\.path is <ImpulseResponse.*, in memory, and a preset names files: save it, namgra"
    with pytest.raises(ng.PresetError, match=said) as caught:
        ng.save_preset(rack(ng.Cab(TAPS, 48_000)), tmp_path / "rack.json")
    assert 'namgraph.write_audio("cab.wav", samples, 48000, subtype="float")' in str(caught.value)
    assert files_of(rack(ng.Cab(TAPS, 48_000))) == {}
    path = written(tmp_path, TAPS)  # as it says
    ng.save_preset(rack(ng.Cab(path)), tmp_path / "rack.json")
    assert "rate" not in (tmp_path / "rack.json").read_text()
    found = ng.render(ng.load_preset(tmp_path / "rack.json"), X, 48_000)
    same_bits(found, played(ng.Cab(TAPS, 48_000)))


def test_a_hosted_graph_is_told_apart_by_the_samples() -> None:
    hosted = pytest.importorskip("namgraph.runtime.adapters.pedalboard.hosted_graph")
    one, same, other = (
        hosted.HostedGraph(rack(ng.Cab(taps, 48_000))).digest for taps in (TAPS, TAPS, -TAPS)
    )
    assert one == same != other


BAD: list[tuple[tuple[Any, ...], str]] = [
    (
        (TAPS,),
        r"path is an array of shape \(700,\): must be the path of a file, or be given w",
    ),
    (
        ([0.5, 0.25],),
        "path is a list of 2: must be the path of a file, or be given with its",
    ),
    ((TAPS, None), "path is an array"),
    (("ir.wav", 48_000), "rate is 48000: goes with an array, path is none"),
    ((TAPS, 100), r"rate is 100: must be a number in \[4000, 768000\] Hz"),
    ((TAPS, 1e6), "rate is .*: must be a number"),
    ((TAPS, "48000"), "rate is '48000': must be a number"),
    ((TAPS, True), "rate is True: must be a number"),
    ((np.array([1, 2]), 48_000), "the samples are int64: .* must have floating point"),
    ((np.array(["a"]), 48_000), "the samples are <U1"),
    ((np.array([1 + 1j]), 48_000), "the samples are complex128"),
    (([[1.0], [1.0, 2.0]], 48_000), "the samples are a list of 2"),
    ((np.zeros((2, 2, 2)), 48_000), r"the samples have the shape \(2, 2, 2\): .* \(channels, taps"),
    ((np.float64(1.0), 48_000), r"the samples have the shape \(\)"),
    ((np.zeros(0), 48_000), "must have one sample at least"),
    ((np.zeros((700, 2)), 48_000), "64 channels at most: transpose them"),
    ((np.zeros(480_001), 48_000), "the samples are 10.0 s long: .* 10 s at most"),
    ((np.array([1.0, np.nan]), 48_000), r"NaN or infinity \(tap 1 of channel 0\)"),
    ((np.array([[1.0], [-np.inf]]), 48_000), r"NaN or infinity \(tap 0 of channel 1\)"),
    (({"a": 1},), "path is a dict of 1: must be the path of a file .* or float samples"),
    ((b"RIFF",), r"path is bytes \(4 of them\): must be the path of a file"),
]


@pytest.mark.parametrize("case", range(len(BAD)))
def test_bad_samples_are_one_clear_line(case: int) -> None:
    arguments, said = BAD[case]
    with pytest.raises((ng.ParamError, ng.FileError), match=said) as caught:
        ng.Cab(*arguments)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_an_audio_file_has_its_own_rate(tmp_path: Path) -> None:
    sound = ng.read_audio(written(tmp_path, TAPS))
    with pytest.raises(ng.ParamError, match="rate is 48000: goes with an array; an AudioFile has"):
        ng.Cab(sound, 48_000)


def test_what_only_the_use_tells() -> None:
    with pytest.raises(ng.AudioFileError, match=r"^<array 3x9> has 3 channels: .* 1, 2 or 4"):
        _ = ng.Cab(np.ones((3, 9)), 48_000).inputs
    with pytest.raises(ng.AudioFileError, match=r"^<array 1x9> has 1 channels: .* 2 for layout"):
        _ = ng.Cab(np.ones(9), 48_000, layout="stereo").inputs
    with pytest.raises(ng.AudioFileError, match=r"^<array 1x9> is silent"):
        played(ng.Cab(np.zeros(9), 48_000))
