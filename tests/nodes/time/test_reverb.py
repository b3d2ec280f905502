"""Reverb, beyond the node contract: decay, density, stereo, the published plate, losslessness."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import signal

from namgraph import render
from namgraph.graph import Graph, ParamError
from namgraph.nodes import Reverb
from namgraph.nodes.dsp.reverb.lines import LINE
from namgraph.nodes.dsp.reverb.network import NETWORK
from namgraph.nodes.testing import NodeHarness

from .rooms import PLAIN, RATE, dattorro, echo_density, highest_mode_db, responses, t30

MODELS = ("plate", "room", "hall")
every_model = pytest.mark.parametrize("model", MODELS)


@every_model
def test_every_octave_decays_in_the_time_asked(model: str) -> None:
    answers = responses(Reverb(model=model, time_s=2.0, high_s=2.0, **PLAIN), 2.6)
    for hertz in (125, 250, 500, 1_000, 2_000, 4_000):
        tolerance = 0.03 if hertz in (500, 1_000, 2_000) else 0.05
        found = t30(answers, hertz / math.sqrt(2), hertz * math.sqrt(2))
        assert found == pytest.approx(2.0, rel=tolerance), hertz


@every_model
@pytest.mark.parametrize(("time_s", "high_s"), [(0.5, 0.5), (2.0, 0.8), (6.0, 1.0)])
def test_both_times_are_kept(model: str, time_s: float, high_s: float) -> None:
    answers = responses(Reverb(model=model, time_s=time_s, high_s=high_s, **PLAIN), 1.2 * time_s)
    # Between the two frequencies a decay goes as the low-pass in the loop does.
    loop_s = {"plate": 0.3965, "hall": 0.06, "room": 0.021}[model]
    pole = 0.0
    if high_s < time_s:
        square = 10 ** (-6 * loop_s * (1 / high_s - 1 / time_s))
        h = 1 - square * math.cos(2 * math.pi * 6_000 / RATE)
        pole = (h - math.sqrt(h * h - (1 - square) ** 2)) / (1 - square)
    _, (kept,) = signal.freqz([1 - pole], [1, -pole], [316.0], fs=RATE)
    low_s = 1 / (1 / time_s - math.log10(abs(kept)) / (3 * loop_s))
    assert t30(answers, 200.0, 500.0) == pytest.approx(low_s, rel=0.12 if time_s < 1 else 0.06)
    assert t30(answers, 5_700.0, 6_300.0) == pytest.approx(high_s, rel=0.06)


@pytest.mark.parametrize(("model", "ms"), [("room", 100), ("hall", 200), ("plate", 400)])
def test_echoes_are_dense(model: str, ms: float) -> None:
    answers = responses(Reverb(model=model, predelay_ms=0.0, mix=1.0), 1.0)
    for at in range(round(ms), 600, 50):
        density = [echo_density(h, at) for side in answers for h in side]
        assert np.mean(density) >= 0.9, at


@every_model
def test_both_sides_are_equal_in_level_and_independent(model: str) -> None:
    answers = responses(Reverb(model=model, predelay_ms=0.0, mix=1.0), 1.5)
    mono = answers.sum(0)  # the same impulse on both sides
    assert abs(np.corrcoef(mono[0, 4_800:], mono[1, 4_800:])[0, 1]) < 0.15
    left, right = (answers**2).sum((0, 2))
    assert abs(10 * math.log10(left / right)) < 0.5


@pytest.mark.parametrize(("model", "time_s"), [("plate", 2.0), ("hall", 2.0), ("room", 0.7)])
def test_nothing_rings(model: str, time_s: float) -> None:
    node = Reverb(model=model, time_s=time_s, high_s=time_s, mix=1.0)
    (answer, _), _ = responses(node, 2.0)
    assert highest_mode_db(answer, 0.2 + 0.2 * time_s) < 12.0


@pytest.mark.parametrize("high_s", [3.0, 0.7])
def test_the_plate_is_the_published_one(high_s: float) -> None:
    node = Reverb(model="plate", time_s=3.0, high_s=high_s, **PLAIN)
    frames = 24_000
    x = np.zeros(frames)
    x[0] = 1.0
    found = NodeHarness(node, 1).play(x.astype(np.float32)[None])
    seconds, rate = 0.793 / 2, RATE
    pole = 0.0
    if high_s < 3.0:
        square = 10 ** (-6 * seconds * (1 / high_s - 1 / 3.0))
        h = 1 - square * math.cos(2 * math.pi * 6_000 / rate)
        pole = (h - math.sqrt(h * h - (1 - square) ** 2)) / (1 - square)
    cut = math.exp(-2 * math.pi * 20 / rate)
    thin = x - signal.lfilter([1 - cut], [1, -cut], x)
    late = np.concatenate([np.zeros(2), thin[:-2]])  # the shortest pre-delay
    decay = 10 ** (-3 * seconds / 2 / 3.0)
    expected = dattorro(late, decay, pole)
    assert abs(expected).max() > 0.05
    np.testing.assert_allclose(found, expected, atol=1e-6 * 0.6)


def test_the_network_loses_nothing_for_ten_seconds() -> None:
    harness = NodeHarness(Reverb(model="hall", **PLAIN))
    record = harness.plan._prepared[harness.number].record.content
    record["time_s"] = record["high_s"] = 1e12  # beyond the range of the parameters
    harness.play(harness.noise(4_800))

    def stored() -> float:
        network = harness.plan.arena.bytes_at(int(record["model"][0]), NETWORK.itemsize)
        lines = harness.plan.arena.bytes_at(
            int(network.view(NETWORK)["lines"][0]), 16 * LINE.itemsize
        )
        total, frame = 0.0, int(record["frame"][0])
        for line in lines.view(LINE):
            ring = harness.plan.arena.bytes_at(int(line["ring"]), 4 * (int(line["mask"]) + 1))
            at = (frame - 1 - np.arange(int(line["delay"]))) & int(line["mask"])
            total += float((ring.view(np.float32)[at].astype(np.float64) ** 2).sum())
        return total

    silence = np.zeros((2, 48_000), np.float32)
    harness.play(silence)  # what is in the all-passes at the input is over
    before = stored()
    for _ in range(10):
        harness.play(silence)
    assert before > 1.0
    assert abs(10 * math.log10(stored() / before)) < 0.1


def test_early_reflections_are_those_of_the_box() -> None:
    settings: dict[str, Any] = PLAIN | {"early_db": 0.0}
    loud = responses(Reverb(model="hall", time_s=0.1, high_s=0.1, **settings), 0.3)
    none = responses(Reverb(model="hall", time_s=0.1, high_s=0.1, **PLAIN), 0.3)
    (left, crossed), (_, right) = loud - none
    assert not crossed.any()  # each side has its own
    for answer in (left, right):
        at = np.flatnonzero(answer > 0.05)
        assert 6 <= at.size <= 12  # some come at the same time
        assert 0.001 * RATE < at[0] < 0.02 * RATE
        assert (answer**2).sum() == pytest.approx(1.0, rel=0.25)


@every_model
def test_mix_width_and_predelay(model: str) -> None:
    harness = NodeHarness(Reverb(model=model, mix=0.0))
    noise = harness.noise(4_000)
    np.testing.assert_array_equal(harness.play(noise), noise)
    left, right = NodeHarness(Reverb(model=model, mix=1.0, width=0.0)).play(noise)
    np.testing.assert_allclose(left, right, atol=1e-6)
    soon, late = (
        NodeHarness(Reverb(model=model, **(PLAIN | {"predelay_ms": ms}))).play(noise)
        for ms in (1.0, 21.0)
    )
    np.testing.assert_array_equal(late[:, 960:], soon[:, :-960])


@every_model
def test_a_mono_input_is_played_as_two_equal_channels(model: str) -> None:
    noise = NodeHarness(Reverb()).noise(3_000)[:1]
    mono = NodeHarness(Reverb(model=model), 1).play(noise)
    both = NodeHarness(Reverb(model=model), 2).play(np.repeat(noise, 2, 0))
    np.testing.assert_array_equal(mono, both)


def test_more_than_two_channels_are_refused() -> None:
    graph = Graph()
    reverb = graph.add("reverb", Reverb())
    _ = graph.input("in", channels=3) >> reverb >> graph.output("out", channels=2)
    with pytest.raises(ParamError, match="3 channels at its input, which takes 1 or 2"):
        render(graph, np.zeros((3, 64), np.float32), sample_rate=RATE)


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [
        ("time_s", 4.0, 0.1), ("time_s", 0.1, 4.0), ("high_s", 0.4, 0.1), ("size", 0.3, 2.0),
        ("size", 2.0, 0.3), ("predelay_ms", 0.0, 250.0), ("predelay_ms", 250.0, 0.0),
        ("diffusion", 0.9, 0.0), ("early_db", -60.0, 6.0), ("low_cut_hz", 1_000.0, 20.0),
        ("high_cut_hz", 1_000.0, 20_000.0), ("mod_depth", 0.0, 1.0), ("width", 0.0, 1.0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("model", ["plate", "hall"])
def test_no_parameter_clicks(model: str, name: str, begin: float, end: float) -> None:
    settings: dict[str, Any] = {"time_s": 0.4, "high_s": 0.4, "mix": 1.0, name: begin}
    harness = NodeHarness(Reverb(model=model, **settings), 1)
    at, frames = 2 * RATE, 4 * RATE
    turns = 220.0 / RATE * np.arange(frames)
    rise = np.minimum(1.0, np.arange(frames) / 24_000) ** 2
    sine = (0.25 * rise * np.sin(2 * np.pi * turns)).astype(np.float32)
    y = harness.play(sine[None], changes=[(at, name, end)])
    edge = signal.sosfilt(signal.butter(4, 4_000, "high", fs=RATE, output="sos"), y)
    # A click is wide: the second difference would mistake another pitch for one.
    assert abs(edge[:, at:]).max() < 2e-3 * 0.25
