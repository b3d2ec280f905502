"""Audio that does not fit a graph: the error says how to convert it."""

import re
from typing import Any

import numpy as np
import pytest

import namgraph as ng

from ..racks import chain

MONO, STEREO = chain(("g", ng.Gain())), chain(("g", ng.Gain()), channels=2)


@pytest.mark.parametrize(
    ("graph", "shape", "says"),
    [
        (STEREO, (4800, 2), "(4800, 2) has 4800 channels, the graph's input takes 2: frames come"),
        (STEREO, (4800, 2), "transpose, pass x.T"),
        (MONO, (4800, 1), "transpose, pass x.T"),
        (MONO, (4800, 2), "frames come last here, and it is mono: pass x[:, 0], or x.mean(axis=1)"),
        (MONO, (2, 4800), "2 channels, the graph's input takes 1: pass one channel, x[0], or both"),
        (STEREO, (4800,), "1 channel, the graph's input takes 2: np.stack([x, x]) plays it"),
        (STEREO, (1, 4800), "takes 2: np.repeat(x, 2, axis=0) plays it on both"),
        (STEREO, (3, 4800), "(3, 4800) has 3 channels, the graph's input takes 2"),
    ],
)
def test_audio_with_the_wrong_channel_count_gets_advice(
    graph: ng.Graph, shape: tuple[int, ...], says: str
) -> None:
    x = np.zeros(shape, np.float32)
    with pytest.raises(ng.PortError, match=re.escape(says)):
        ng.render(graph, x, 48_000)
    with pytest.raises(ng.PortError, match=re.escape(says)):
        ng.Engine(graph, sample_rate=48_000).process(x)


def test_the_advice_works() -> None:
    rng = np.random.default_rng(0)
    late, both = rng.uniform(-1, 1, (480, 2)), rng.uniform(-1, 1, (2, 480))
    assert ng.render(STEREO, late.T, 48_000).shape == (2, 480)
    assert ng.render(MONO, late[:, 0], 48_000).shape == (480,)
    assert ng.render(MONO, both.mean(axis=0), 48_000).shape == (480,)
    assert ng.render(STEREO, np.stack([both[0]] * 2), 48_000).shape == (2, 480)
    assert ng.render(STEREO, np.repeat(both[:1], 2, axis=0), 48_000).shape == (2, 480)


def test_widths_are_joined_as_the_error_says() -> None:
    graph = ng.Graph()
    guitar, out = graph.input("in", channels=1), graph.output("out", channels=2)
    guitar >> out
    with pytest.raises(ng.PortError, match=r"in\.out has 1 channel, out\.in takes 2: put Pan\(\)"):
        ng.render(graph, np.zeros(9, np.float32), 48_000)
    wide = ng.Graph()
    wide.input("in", channels=1) >> wide.add("pan", ng.Pan()) >> wide.output("out", channels=2)
    assert ng.render(wide, np.zeros(9, np.float32), 48_000).shape == (2, 9)
    narrow = ng.Graph()
    split = narrow.input("in", channels=2) >> narrow.add("split", ng.Split(mode="channels"))
    mix = narrow.add("mix", ng.Mix())
    split["left"] >> mix["in1"]
    split["right"] >> mix["in2"]
    mix >> narrow.output("out", channels=1)
    x = np.ones((2, 9), np.float32)
    np.testing.assert_array_equal(ng.render(narrow, x, 48_000), np.full((1, 9), 2.0))


def test_a_generator_takes_its_length_from_any_audio() -> None:
    graph = ng.Graph()
    graph.output("out", channels=1)
    with pytest.raises(ng.PortError, match=r"audio: shape is \(\)"):
        ng.render(graph, 1.0, 48_000, strict=None)


@pytest.mark.parametrize(
    ("audio", "step"),
    [
        ("di.wav", r"samples are <U6: .*ng\.read_audio\(path\)"),
        (ng.read_audio(ng.asset("cab.wav")), r"pass its \.samples"),
        (np.zeros(9, np.int16), "divide by 32768"),
        (np.zeros(9, np.int32), "divide by 2147483648"),
    ],
)
def test_what_are_no_samples_is_told_with_the_next_step(audio: Any, step: str) -> None:
    with pytest.raises(ng.PortError, match=step):
        ng.Engine(ng.Gain(), sample_rate=48_000).process(audio)
    with pytest.raises(ng.PortError, match=step):
        ng.render(ng.Gain(), audio, 48_000)
