"""Knobs of a capture: parameters of the node, part of the biases while they rest."""

import copy
import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.graph import ParamError, UnknownNameError
from namgraph.nodes.nam.model.captures import Conditioned
from namgraph.nodes.nam.model.wavenet import Gained, knobs_of
from namgraph.nodes.testing import NODE_CHECKS, same_bits
from namgraph.nodes.testing.description import check_parameters_effective
from namgraph.presets.settings import with_settings

from .captures.files import Json, dense, guitarml, keras, layer, play_guitarml, play_keras, signal
from .captures.test_captures import play
from .parametric.files import concat_lstm

RATE = 44_100.0
TWO = guitarml(12, inputs=3)
CONV: Any = {"kernel_size": [3], "dilation": [4]}
FILES: dict[str, tuple[Json, Any]] = {
    "lstm": (TWO, play_guitarml),
    "no skip": (guitarml(12, inputs=3, skip=0), play_guitarml),
    "large lstm": (guitarml(80, inputs=3), play_guitarml),
    "two layers": (guitarml(6, 2, inputs=3), play_guitarml),
    "gru": (keras(layer("gru", 3, 8), dense(8), inputs=3, in_skip=1), play_keras),
    "large gru": (keras(layer("gru", 3, 70), dense(70), inputs=3), play_keras),
    "dense": (keras(dense(3, 6, activation="tanh"), dense(6), inputs=3), play_keras),
}


def engine(file: Any = TWO, block: int = 64, **options: Any) -> ng.Engine:
    graph = ng.Graph.chain(amp=ng.Nam(ng.load_capture(file), **options))
    return ng.Engine(graph, sample_rate=ng.load_capture(file).sample_rate, max_frames=block)


@pytest.mark.parametrize("name", FILES)
def test_the_output_at_rest(name: str) -> None:
    file, oracle = FILES[name]
    x, values = signal(600), (0.25, 0.75)
    knobs = dict(zip(("knob1", "knob2"), values, strict=True))
    wanted, found = oracle(file, x, *values), play(file, x, knobs=knobs)
    assert np.abs(found - wanted).max() <= 2e-5 * np.abs(wanted).max()
    for block in (1, 17, 4096):
        same_bits(play(file, x, block, knobs=knobs), found)
    other = oracle(file, x, 0.0, 1.0)
    assert np.abs(wanted - other).max() > 0.002 * np.abs(wanted).max()  # or knobs do nothing


@pytest.mark.parametrize("name", FILES)
def test_at_rest_it_has_the_bits_of_the_network_without_knobs(name: str) -> None:
    model = ng.load_capture(FILES[name][0])
    made: Any = model.running
    gained = isinstance(made, Gained)
    inner: Any = made.inner if isinstance(made, Gained) else made
    first = inner if isinstance(inner, Conditioned) else inner.parts[0]
    plain = first.at((0.3, 0.9))
    if inner is not first:
        plain = type(inner)((plain, *inner.parts[1:]))
    baked = type(made)(plain, made.input_gain, made.output_gain, made.skip) if gained else plain
    assert not knobs_of(baked)
    without = replace(model, network=baked, digest="baked")
    x = signal(500)
    same_bits(play(model, x, knobs={"knob1": 0.3, "knob2": 0.9}), play(without, x))


def test_a_convolution_adds_a_knob_times_all_of_its_taps() -> None:
    file = keras(layer("conv1d", 2, 4, **CONV, activation="tanh"), dense(4), inputs=2)
    x = signal(300)
    wanted = play_keras(file, np.concatenate([np.zeros(20, np.float32), x]), 0.4)[20:]
    model = ng.load_capture(file)
    found = model.player(knobs={"knob1": 0.4}).process(x)
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_names_defaults_and_values() -> None:
    node = ng.Nam(ng.load_capture(TWO), knobs={"knob2": 0.9})
    assert list(node.params()) == ["slim", "input_db", "output_db", "knob1", "knob2"]
    assert list(ng.Nam.params()) == ["slim", "input_db", "output_db"]
    assert (node.knob1, node.knob2) == (0.5, 0.9)
    made = engine(TWO, knobs={"knob2": 0.9})
    made.set("amp.knob1", 0.1)
    found: Any = made.graph.nodes["amp"]
    assert (found.knob1, found.knob2) == (0.1, 0.9)
    with pytest.raises(ParamError, match=r"amp.knob1 is 1.5: must be a number in \[0, 1\]"):
        made.set("amp.knob1", 1.5)
    with pytest.raises(UnknownNameError, match="knob1"):
        made.set("amp.knob3", 0.5)
    with pytest.raises(AttributeError, match="knob3"):
        _ = node.knob3


@pytest.mark.parametrize("wrong", [3, "knob1", {"knob1": None}, {1: 0.5}, {"knob1": float("nan")}])
def test_knobs_of_a_wrong_type(wrong: Any) -> None:
    with pytest.raises(ParamError, match=r"knobs is .*: must map names to numbers"):
        ng.Nam("amp.json", knobs=wrong)


def test_knobs_that_the_capture_has_not() -> None:
    for file, said in ((TWO, "its knobs are knob1, knob2"), (guitarml(4), "it has no knobs")):
        with pytest.raises(ParamError, match=f"there is no knob 'gain': {said}"):
            ng.Graph.chain(amp=ng.Nam(ng.load_capture(file), knobs={"gain": 0.5}))
    with pytest.raises(ParamError, match="knob1 is 2"):
        ng.Graph.chain(amp=ng.Nam(ng.load_capture(TWO), knobs={"knob1": 2}))
    with pytest.raises(ParamError, match="knob1 is 'x': must be a number"):
        ng.Graph.chain(amp=ng.Nam(ng.load_capture(TWO), knobs={"knob1": "x"}))


def test_a_switch_takes_a_choice_wherever_values_are_given(tmp_path: Path) -> None:
    (tmp_path / "amp.nam").write_text(json.dumps(concat_lstm()))
    model = ng.load_capture(tmp_path / "amp.nam")
    lead, wanted = (ng.Graph.chain(amp=ng.Nam(model, knobs={"mode": v})) for v in ("lead", 2))
    assert lead == wanted
    for settings in ({"amp.mode": "lead"}, {"amp.knobs": {"mode": "lead"}}):
        plain = ng.Graph.chain(amp=ng.Nam(tmp_path / "amp.nam"))
        made: Any = with_settings(plain, settings)["amp"]
        assert made.mode == 2.0
    lead = ng.Graph.chain(amp=ng.Nam(tmp_path / "amp.nam", knobs={"mode": "lead"}))
    ng.save_preset(lead.with_params({"amp.gain": 3.0}), tmp_path / "rack.json")
    read: Any = ng.load_preset(tmp_path / "rack.json")["amp"]
    assert (read.mode, read.gain) == (2.0, 3.0)
    with pytest.raises(ParamError, match="mode is 'leed': must be one of clean, crunch, lead"):
        ng.Graph.chain(amp=ng.Nam(model, knobs={"mode": "leed"}))
    with pytest.raises(ng.PresetError, match="mode is 'leed': must be one of clean"):
        with_settings(lead, {"amp.mode": "leed"})


def test_nodes_are_equal_by_the_values_of_their_knobs() -> None:
    model = ng.load_capture(TWO)
    plain, given = ng.Nam(model), ng.Nam(model, knobs={"knob1": 0.5})
    assert list(plain.inputs)
    assert plain == given  # the default, given
    assert plain != ng.Nam(model, knobs={"knob1": 0.6})
    assert plain.identity() == ng.Nam(model, knobs={"knob1": 0.6}).identity()
    for made in (pickle.loads(pickle.dumps(given)), copy.deepcopy(given)):
        assert made == given


def test_in_a_preset(tmp_path: Path) -> None:
    ng.save_nam(ng.load_capture(TWO), tmp_path / "amp.json")
    graph = ng.Graph.chain(amp=ng.Nam(tmp_path / "amp.json"))
    made = ng.Engine(graph, sample_rate=RATE)
    made.set("amp.knob1", 0.125)
    ng.save_preset(made.graph, tmp_path / "rack.json")
    text = (tmp_path / "rack.json").read_text()
    assert '"knob1": 0.125' in text
    assert ng.load_preset(tmp_path / "rack.json") == made.graph
    (tmp_path / "rack.json").write_text(text.replace('"knob1": 0.125', '"gain": 0.125'))
    with pytest.raises(ng.PresetError, match="no knob 'gain'"):
        ng.load_preset(tmp_path / "rack.json")


def test_moved_in_the_middle_of_a_block_it_has_the_same_bits_in_every_block_size() -> None:
    x, outs = signal(2000), []
    for cuts in ([64], [1], [17, 300, 5], [2000]):
        made, y, done = engine(TWO, 4096), [], 0
        points = sorted({*np.cumsum(cuts * 2000)[:2000].tolist(), 333, 1000})
        for end in [p for p in points if p < 2000] + [2000]:
            y.append(made.process(x[done:end]))
            done = end
            if end == 333:
                made.set("amp.knob1", 1.0)
            if end == 1000:
                made.set("amp.knob2", 0.0)
        outs.append(np.concatenate(y))
    for other in outs[1:]:
        same_bits(other, outs[0])
    rest = play(TWO, x)
    assert np.abs(outs[0] - rest)[400:].max() > 0.01


def test_a_full_jump_is_40_db_below_the_signal() -> None:
    x = (0.3 * np.sin(2 * np.pi * 220 * np.arange(44_100) / RATE)).astype(np.float32)
    made = engine(TWO)
    made.set("amp.knob1", 0.0)
    made.reset()
    before = made.process(x[:22_050])
    made.set("amp.knob1", 1.0)
    after = made.process(x[22_050:])
    y = np.concatenate([before, after]).astype(np.float64)
    click = _above(y, 6_000.0)
    settled = max(np.abs(click[8_000:20_000]).max(), np.abs(click[34_000:42_000]).max())
    there = np.abs(click[21_500:28_000]).max()
    assert there - settled < 0.01 * np.abs(y[2_000:]).max()


def _above(y: Any, hertz: float) -> Any:
    """What is above a frequency, by a window of the whole."""
    spectrum = np.fft.rfft(y * np.hanning(len(y)))
    spectrum[: int(hertz * len(y) / RATE)] = 0.0
    return np.fft.irfft(spectrum, len(y))


def test_modulated_and_automated() -> None:
    x = signal(8000)
    graph = ng.Graph.chain(amp=ng.Nam(ng.load_capture(TWO)))
    graph.add("lfo", ng.Lfo(rate_hz=5.0))
    graph.connect("lfo", "amp.knob1", 0.5)
    moved = ng.render(graph, x, sample_rate=44_100)
    lane = {"amp.knob1": [(0.0, 0.0), (0.1, 1.0)]}
    model = ng.load_capture(TWO)
    automated = ng.render(model, x, sample_rate=44_100, automation=lane)
    plain = ng.render(model, x, sample_rate=44_100)
    for other in (moved, automated):
        assert np.abs(other - plain)[: x.size].max() > 0.01
    held = ng.render(model, x, sample_rate=44_100, automation={"amp.knob1": [(0.0, 0.5)]})
    assert np.abs(held - plain)[4_000:].max() < 1e-6  # prewarmed with a control signal of 0


def test_in_a_plugin_of_pedalboard() -> None:
    pytest.importorskip("pedalboard")
    x = signal(3000)
    plugin: Any = ng.GraphPlugin(ng.load_capture(TWO))
    plain = plugin.process(x, RATE)
    plugin.amp_knob1 = 1.0
    assert plugin.amp_knob1 == 1.0
    turned = plugin.process(x, RATE)
    wanted = ng.render(ng.Nam(ng.load_capture(TWO), knobs={"knob1": 1.0}), x, sample_rate=44_100)
    assert np.abs(turned - plain).max() > 0.01
    assert np.abs(turned - wanted[: x.size])[2_500:].max() < 1e-3


def test_as_a_setting_of_a_batch_job(tmp_path: Path) -> None:
    ng.save_nam(ng.load_capture(TWO), tmp_path / "amp.json")
    x = signal(2000)
    ng.write_audio(tmp_path / "in.wav", x, 44_100, subtype="float")
    job = {"namgraph_job": 1, "models": "amp.json", "inputs": "in.wav", "output": "out"}
    job |= {"subtype": "float", "settings": {"amp.knob1": 1.0}}
    (tmp_path / "job.json").write_text(json.dumps(job))
    assert main(["batch", str(tmp_path / "job.json")]) == 0
    (made,) = (tmp_path / "out").rglob("*.wav")
    wanted = ng.render(ng.Nam(ng.load_capture(TWO), knobs={"knob1": 1.0}), x, sample_rate=44_100)
    same_bits(ng.read_audio(made).samples[0], wanted[: x.size])


def test_in_a_live_stream() -> None:
    with ng.NullStream(ng.load_capture(TWO), seconds=5) as stream:
        stream.set("amp.knob1", 0.75)
        assert stream.params()["amp.knob1"] == 0.75


def test_a_reset_begins_at_the_value_that_is_set() -> None:
    x, made = signal(300), engine(TWO)
    made.set("amp.knob1", 1.0)
    first = made.process(x)
    made.reset()
    same_bits(made.process(x), first)


def test_beside_other_models_it_plays_its_defaults() -> None:
    x = signal(300)
    bank = ng.NamBank([ng.load_capture(TWO), ng.load_capture(guitarml(4))])
    y = ng.render(ng.Graph.chain(bank=bank), x, sample_rate=44_100)
    assert np.abs(y[0][: x.size] - engine(TWO).process(x)).max() < 1e-6


@pytest.mark.parametrize("check", [c for c in NODE_CHECKS if c is not check_parameters_effective])
def test_contract(check: Any) -> None:
    """All but the check that ``slim``, too, has an effect in this one example."""
    check(ng.Nam(ng.load_capture(keras(layer("gru", 2, 4), dense(4), inputs=2))))
