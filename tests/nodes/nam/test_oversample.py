"""``Nam(oversample=)``: copies of a network on interleaved frames, between half-band filters."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import namgraph as ng
from namgraph.nodes.dsp.oversampling.half_band import DESIGNS, half_band
from namgraph.nodes.nam.model.interleaved import interleaved, interleaved_model
from namgraph.nodes.nam.model.wavenet import Interleaved
from namgraph.nodes.testing import NodeHarness, same_bits
from namgraph.nodes.testing.harness import SPEC

from . import nets
from .features import CASES

WAVENET = nets.wavenet(nets.array(4, [1, 3, 9], head=2), nets.array(2, [1, 20], inputs=4), seed=1)
SIZES = nets.container(
    nets.wavenet(nets.array(2, [1, 5])), nets.lstm(3, 1, seed=2), limits=(0.5, 1.0)
)
NETWORKS: dict[str, Any] = {
    "wavenet": WAVENET,
    "lstm": nets.lstm(3, 1, seed=2),
    "lstm, two layers": nets.lstm(16, 2, seed=5),
    "lstm, two at a time": nets.lstm(12, 1, seed=6),
    **{n: CASES[n] for n in ("condition LSTM", "ConvNet batchnorm", "Linear fft")},
    "Sequential nested": CASES["Sequential nested"],
}
LATENCIES = {("studio", 2): 47, ("studio", 4): 55, ("studio", 8): 58, ("live", 2): 21,
             ("live", 4): 29, ("live", 8): 32}  # fmt: skip


def filtered(x: NDArray[Any], times: int, quality: str, *, up: bool) -> NDArray[Any]:
    """The half-band stages one way, by NumPy in float64, with all of their delay."""
    designs = DESIGNS[quality][: times.bit_length() - 1]
    for design in designs if up else designs[::-1]:
        taps = half_band(design)
        if up:
            wide = np.zeros(2 * len(x))
            wide[::2] = x
            x = 2 * np.convolve(wide, taps)[: 2 * len(x)]
        else:
            x = np.convolve(x, taps)[: len(x)][::2]
    return x


def play(node: ng.Node, x: NDArray[Any], cuts: tuple[int, ...] = (64,)) -> NDArray[Any]:
    return np.asarray(NodeHarness(node, channels=1).play(np.asarray(x, np.float32)[None], cuts)[0])


@pytest.mark.parametrize("quality", ["studio", "live"])
@pytest.mark.parametrize("times", [2, 4, 8])
@pytest.mark.parametrize("name", ["wavenet", "lstm"])
def test_it_is_copies_on_interleaved_frames(name: str, times: int, quality: str) -> None:
    model = ng.load_nam(NETWORKS[name])
    node = ng.Nam(model, oversample=times, quality=quality)
    assert node.latency(SPEC) == LATENCIES[quality, times]
    x = np.random.default_rng(0).uniform(-0.5, 0.5, 1500).astype(np.float32)
    high = filtered(x, times, quality, up=True)
    for phase in range(times):
        high[phase::times] = play(ng.Nam(model), high[phase::times])
    late = {1: 0, 2: 0, 4: 2, 8: 6}[times]  # frames of the raised rate, to a whole frame
    whole = np.concatenate([np.full(late, high[0]), high])[: len(high)]
    expected = filtered(whole, times, quality, up=False)
    y = play(node, x)
    begin = 200  # the oracle's filters start empty, those of the node at the model's silence
    np.testing.assert_allclose(y[begin:], expected[begin:], atol=3e-5 * np.abs(y).max())


@pytest.mark.parametrize("name", NETWORKS)
def test_copies_one_by_one_and_dilations_have_the_same_bits(name: str) -> None:
    model = ng.load_nam(NETWORKS[name])
    network = interleaved(model.running, 4)
    dilated = not isinstance(network, Interleaved)
    assert dilated == (name in ("wavenet", "ConvNet batchnorm"))
    assert network.receptive_field == (
        None if model.receptive_field is None else 1 + 4 * (model.receptive_field - 1)
    )
    x = np.random.default_rng(1).uniform(-0.5, 0.5, 2400).astype(np.float32)
    if dilated:  # as a model of its own, at four times the rate
        whole = ng.Nam(interleaved_model(model, 4))
        y = NodeHarness(whole, channels=1, rate=4 * model.sample_rate).play(x[None], (64,))[0]
        for phase in range(4):
            same_bits(y[phase::4], play(ng.Nam(model), x[phase::4]))
    node = ng.Nam(model, oversample=2)
    same_bits(play(node, x, (1, 31, 64, 1000)), play(node, x))


@pytest.mark.parametrize("times", [2, 8])
def test_silence_stays_at_the_models_own_offset(times: int) -> None:
    for made in (WAVENET, NETWORKS["lstm"], SIZES, CASES["slimmable gated"]):
        model = ng.load_nam(made)
        still = play(ng.Nam(model), np.zeros(256))
        y = play(ng.Nam(model, oversample=times), np.zeros(256))
        np.testing.assert_allclose(y, still, atol=1e-6 + 1e-4 * np.abs(still).max())
        cold = play(ng.Nam(model, oversample=times, prewarm=False), np.zeros(256))
        assert np.isfinite(cold).all()


def test_once_is_the_model_itself_to_the_bit() -> None:
    model = ng.load_nam(WAVENET)
    x = np.random.default_rng(2).uniform(-0.5, 0.5, 600)
    same_bits(play(ng.Nam(model, oversample=1, quality="live"), x), play(ng.Nam(model), x))
    assert interleaved_model(model, 1) is model
    assert ng.Nam(model).latency(SPEC) == 0


@pytest.mark.parametrize("made", [SIZES, CASES["slimmable gated"]], ids=["container", "slimmable"])
def test_sizes_change_while_it_plays_and_keep_their_bits(made: Any) -> None:
    model = ng.load_nam(made)
    node = ng.Nam(model, oversample=4, slim=0.0)
    moves = [(500, "slim", 1.0), (7000, "slim", 0.0)]
    x = np.random.default_rng(3).uniform(-0.3, 0.3, (1, 14_000)).astype(np.float32)
    y = NodeHarness(node, channels=1).play(x, (64,), moves)
    same_bits(NodeHarness(node, channels=1).play(x, (1, 63, 17), moves), y)
    settled = slice(8200, None) if made is not SIZES else slice(13_500, None)
    small = NodeHarness(node, channels=1).play(x, (64,))
    np.testing.assert_allclose(y[:, settled], small[:, settled], atol=1e-5)
    assert np.abs(y[:, 3000:6900] - small[:, 3000:6900]).max() > 1e-4


@pytest.mark.parametrize("rate", [44_100, 96_000])
@pytest.mark.parametrize("times", [2, 4, 8])
def test_latency_between_resamplers_is_whole_and_exact(rate: int, times: int) -> None:
    """A model of one tap only delays: its phase is that of the declared latency."""
    tap = {
        "version": "0.5.4",
        "architecture": "Linear",
        "config": {"receptive_field": 1, "bias": False},
        "weights": [1.0],
        "sample_rate": 48_000,
    }
    node = ng.Nam(ng.load_nam(tap), resample=True, oversample=times)
    late = node.latency(ng.Spec(rate, 64))
    assert late > ng.Nam(ng.load_nam(tap), resample=True).latency(ng.Spec(rate, 64))
    x = np.zeros((1, 4096), np.float32)
    x[0, 10] = 1.0
    y = NodeHarness(node, channels=1, rate=rate).play(x, (64,))[0].astype(float)
    hz = np.fft.rfftfreq(4096, 1 / rate)
    h = np.fft.rfft(y) * np.exp(2j * np.pi * hz / rate * (10 + late))
    np.testing.assert_allclose(h[hz < 18_000], 1.0, atol=5e-4)


def test_presets_levels_and_swaps_keep_working(tmp_path: Path) -> None:
    path = nets.write(tmp_path, WAVENET | {"metadata": {"loudness": -20.0}}, "amp.nam")
    graph = ng.Graph()
    amp = graph.add("amp", ng.Nam(path, oversample=2, quality="live", levels="normalized"))
    graph.input("in", channels=1) >> amp >> graph.output("out", channels=1)
    ng.save_preset(graph, tmp_path / "rack.json")
    again = ng.load_preset(tmp_path / "rack.json")
    assert again.nodes["amp"] == graph.nodes["amp"]
    assert graph.latency(48_000) == 21
    engine = ng.Engine(graph, sample_rate=48_000)
    x = np.random.default_rng(4).uniform(-0.5, 0.5, (1, 900)).astype(np.float32)
    first = engine.process(x)
    engine.reset()
    engine.swap(again)
    same_bits(engine.process(x), first)


def test_what_is_refused(tmp_path: Path) -> None:
    path = nets.write(tmp_path, WAVENET, "amp.nam")
    for bad in (0, 3, 16, 2.5, "2", True, None):
        with pytest.raises(ng.ParamError, match=r"oversample is .* must be one of 1, 2, 4, 8"):
            ng.Nam(path, oversample=bad)  # type: ignore[arg-type]
    wide = ng.Nam(nets.write(tmp_path, CASES["film groups"], "two.nam"), oversample=2)
    with pytest.raises(ng.UnsupportedFeatureError, match=r"two\.nam: .* cannot be oversampled"):
        NodeHarness(wide)
    reason = ng.Nam(path, oversample=2, backend="auto").device_refusal()
    assert reason == "oversample is for the CPU"
