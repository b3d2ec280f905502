"""Oversample, beyond the node contract."""

import copy
import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import namgraph as ng
from namgraph.nodes.testing import NodeHarness, check_node, same_bits
from namgraph.nodes.testing.harness import SPEC
from namgraph.nodes.testing.signals import check_modulation

from ..drive.test_clipper import LENGTH, alias_db

LATENCIES = {
    "studio": {2: 47, 4: 55, 8: 58},
    "live": {2: 21, 4: 29, 8: 32},
}
# Energy off the harmonics over that on them of a hard clipped sine 20 dB over, in dB.
HARD = {(2, 1701): -47, (2, 6797): -26, (4, 1701): -58, (4, 6797): -41, (8, 1701): -71}


def chain(*nodes: ng.Node) -> ng.Graph:
    """A mono graph of nodes in series, named by their types."""
    graph = ng.Graph()
    end = graph.input("in", channels=1)
    for node in nodes:
        end = end >> graph.add(node.type_name, node)
    end >> graph.output("out", channels=1)
    return graph


def bare(**given: Any) -> ng.Clipper:
    """A curve that is applied to each sample."""
    return ng.Clipper(oversample=1, adaa=0, **given)


def spectrum(node: ng.Node, length: int = 4096) -> tuple[NDArray[Any], NDArray[Any]]:
    """The response to an impulse at frame 64, of a small one, without the declared latency."""
    x = np.zeros((1, length), np.float32)
    x[0, 64] = 2.0**-10
    y = NodeHarness(node, channels=1).play(x, (37, 64))[0].astype(float) * 2**10
    hz = np.fft.rfftfreq(length, 1 / 48_000)
    turned = np.exp(2j * np.pi * hz / 48_000 * (64 + node.latency(SPEC)))
    return hz, np.fft.rfft(y) * turned


@pytest.mark.parametrize("quality", LATENCIES)
@pytest.mark.parametrize("times", [2, 4, 8])
def test_a_gain_is_a_gain_and_a_delay(times: int, quality: str) -> None:
    node = ng.Oversample(ng.Gain(gain_db=6.0), times=times, quality=quality)
    assert node.latency(SPEC) == LATENCIES[quality][times]
    hz, h = spectrum(node)
    band = hz <= (20_000 if quality == "studio" else 18_000)
    np.testing.assert_allclose(h[band], 10 ** (6 / 20), rtol=4e-4)


@pytest.mark.parametrize(("times", "turns"), HARD)
def test_aliases_of_a_hard_clipped_sine(times: int, turns: int) -> None:
    x = np.sin(2 * np.pi * turns * np.arange(LENGTH + 4096) / LENGTH).astype(np.float32)
    node = ng.Oversample(bare(drive_db=20), times=times)
    y = NodeHarness(node, channels=1).play(x[None], (4096,))[0]
    assert alias_db(y, turns) == pytest.approx(HARD[times, turns], abs=1.0)


@pytest.mark.parametrize("times", [2, 4, 8])
@pytest.mark.parametrize("ms", [0.2, 0.3334, 5.0])
def test_the_latency_of_the_inner_node_counts(ms: float, times: int) -> None:
    inner = ng.Limiter(lookahead_ms=ms, true_peak="off")
    node = ng.Oversample(inner, times=times)
    high = inner.latency(ng.Spec(times * 48_000, 64))
    assert node.latency(SPEC) == math.ceil(
        ({2: 94, 4: 218, 8: 458}[times] + high) / times
    )  # of the filters
    hz, h = spectrum(node)
    np.testing.assert_allclose(h[hz < 20_000], 1.0, atol=4e-4)  # also its phase: exact


def test_the_tail_is_that_of_the_inner_node_and_the_filters() -> None:
    node = ng.Oversample(ng.Delay(time_ms=1.0, feedback=0.5, mix=0.5), times=2)
    inner = ng.Delay(time_ms=1.0, feedback=0.5, mix=0.5).tail(SPEC)
    assert inner <= node.tail(SPEC) <= inner + 2 * 47 + 1
    x = np.zeros((1, node.tail(SPEC) + 4000), np.float32)
    x[0, 0] = 1.0
    y = NodeHarness(node, channels=1).play(x)
    assert np.abs(y[0, node.latency(SPEC) + node.tail(SPEC) :]).max() < 1e-5


@pytest.mark.parametrize(
    "inner",
    [
        ng.Mix(3, invert=(2,)),
        ng.Split(2),
        ng.Gate(sidechain=True, threshold_db=-20.0),
        ng.Chorus(to_stereo=True, delay_ms=1.0),
        ng.Loudness(),
        ng.Reverb(predelay_ms=0.0),
        ng.PassThrough(),
    ],
    ids=lambda node: node.type_name,
)
def test_any_audio_node_keeps_its_bits_for_every_cut(inner: ng.Node) -> None:
    node = ng.Oversample(inner, times=2)
    harness = NodeHarness(node)
    x = harness.noise(2000)
    expected = harness.play(x, (64,))
    assert expected.any(axis=1).all()
    for cuts in ((1,), (31, 64, 7)):
        harness.engine.reset()
        same_bits(harness.play(x, cuts), expected)
    assert [p.name for p in node.inputs] == [p.name for p in inner.inputs]
    assert node.stereo == inner.stereo


def test_the_inner_node_of_ones_own_passes_all_checks() -> None:
    check_node(ng.Oversample(bare(curve="tanh", drive_db=12.0, softness=0.5), times=2))
    check_modulation(ng.Oversample(ng.Gain(), times=8, quality="live"))


def test_parameters_and_readings_are_those_of_the_inner_node() -> None:
    graph = chain(ng.Oversample(bare(), times=2, drive_db=3.0))
    meter = graph.add("meter", ng.Oversample(ng.Meter(), times=2))
    graph.connect("oversample", "meter.in")
    meter >> graph.output("end", channels=1)
    graph.add("lfo", ng.Lfo())
    graph.connect("lfo", "oversample.softness", amount=0.5)
    engine = ng.Engine(graph, sample_rate=48_000)
    engine.set("oversample.drive_db", 9.0)
    x = np.full((1, 4800), 0.25, np.float32)
    y = engine.process({"in": x})["end"]
    assert y[0, 2000] == pytest.approx(0.25 * 10 ** (9 / 20), rel=1e-4)
    assert engine.get("meter.peak") == pytest.approx(float(np.abs(y).max()), rel=0.05)
    node: Any = engine.graph.nodes["oversample"]
    assert node.drive_db == node.node.drive_db == 9.0
    engine.reset()
    assert engine.get("oversample.drive_db") == 9.0
    again = engine.process({"in": x})["end"]
    assert again[0, 2000] == y[0, 2000]  # a reset keeps what is set


def test_a_saved_state_returns_to_the_bit() -> None:
    harness = NodeHarness(ng.Oversample(ng.Phaser(rate_hz=3.0), times=2))
    x = harness.noise(900)
    harness.play(x)
    state = harness.engine.save_state()
    first = harness.play(x)
    harness.engine.restore_state(state)
    same_bits(harness.play(x, (13,)), first)


def test_presets_copies_and_pickles_keep_it(tmp_path: Path) -> None:
    wav = tmp_path / "cab.wav"
    ng.write_audio(wav, np.array([1.0, 0.5], np.float32), 48_000, subtype="float")
    graph = chain(ng.Oversample(ng.Cab(str(wav), mix=0.5), times=8))
    graph.add("two", ng.Oversample(bare(curve="fold"), quality="live", drive_db=2.0))
    ng.save_preset(graph, tmp_path / "rack.json")
    text = json.loads((tmp_path / "rack.json").read_text())
    assert text["nodes"]["oversample"]["node"]["path"]["path"] == "cab.wav"
    assert text["nodes"]["two"]["node"]["drive_db"] == 2.0
    again = ng.load_preset(tmp_path / "rack.json")
    for name, node in graph.nodes.items():
        for other in (again.nodes[name], copy.deepcopy(node), pickle.loads(pickle.dumps(node))):
            assert other == node
            assert hash(other) == hash(node)
    assert repr(graph.nodes["two"]) == (
        "Oversample(Clipper(drive_db=2.0, curve='fold', oversample=1, adaa=0), quality='live')"
    )


def test_a_wrong_preset_says_where(tmp_path: Path) -> None:
    path = tmp_path / "rack.json"
    graph = ng.Graph()
    graph.add("over", ng.Oversample(ng.Gain()))
    ng.save_preset(graph, path)
    good = json.loads(path.read_text())
    deep: Any = {"type": "gain"}
    for _ in range(300):
        deep = {"type": "oversample", "node": deep}
    for inner, message in (
        ({"type": "gian"}, "nodes.over.node.type: no node type 'gian'"),
        ({"type": "gain", "gain_db": 1e6}, "nodes.over.node"),
        ({"type": "gain", "loud": 1}, "nodes.over.node has the key 'loud'"),
        (3, "nodes.over.node is 3: must be an object with a type"),
        (None, "nodes.over.node is None"),
        ({"type": "lfo"}, "control port"),
        (deep, "nodes.over.node.type is 'oversample': must be a node that holds no other"),
    ):
        good["nodes"]["over"]["node"] = inner
        path.write_text(json.dumps(good))
        with pytest.raises(ng.PresetError) as caught:
            ng.load_preset(path)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ng.Oversample(3), "node is 3: must be a node, as in Oversample(Clipper())"),  # type: ignore[arg-type]
        (lambda: ng.Oversample(ng.Gain), "node is the class Gain: must be a node"),  # type: ignore[arg-type]
        (lambda: ng.Oversample(ng.Oversample(ng.Gain())), "product of both factors as times"),
        (lambda: ng.Oversample(ng.Nam("amp.nam")), "ng.Nam(path, oversample=4)"),
        (lambda: ng.Oversample(ng.NamBank(["amp.nam"])), "ng.Nam(path, oversample=4) for each"),
        (lambda: ng.Oversample(ng.Gain(), times=3), "times is 3: must be one of 2, 4, 8"),
        (lambda: ng.Oversample(ng.Gain(), quality="best"), "studio, live"),
        (lambda: ng.Oversample(ng.Gain(), level=1.0), "Gain has no parameter 'level'; it has"),
        (lambda: ng.Oversample(ng.Gain(), gain_db=900.0), "gain_db is 900"),
    ],
)
def test_what_cannot_be_made(make: Any, message: str) -> None:
    with pytest.raises(ng.ParamError) as caught:
        make()
    assert message in str(caught.value)


def test_what_cannot_be_played() -> None:
    graph = ng.Graph()
    with pytest.raises(ng.ParamError, match="out is a control port"):
        graph.add("over", ng.Oversample(ng.Lfo()))
    graph = chain(ng.Oversample(ng.Gain(), times=8))
    with pytest.raises(ng.ParamError, match="192000 Hz cannot be oversampled 8 times"):
        ng.Engine(graph, sample_rate=192_000)
