"""Models with knobs of every dialect: against float64 and published outputs, at rest and moving."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.nam.baking.bake import baked
from namgraph.nodes.testing import NODE_CHECKS, same_bits
from namgraph.nodes.testing.description import check_parameters_effective

from ..captures.files import signal
from ..nets import container
from . import oracle
from .files import (
    Json,
    concat_lstm,
    concat_wavenet,
    film_a2,
    film_wavenet,
    hyper_wavenet,
    layer_array,
)

PUBLISHED = json.loads((Path(__file__).parent / "published.json").read_text())
RATE = 48_000.0
SHIFT: Json = {"active": True, "shift": True, "groups": 1}
SCALE: Json = {"active": True, "shift": False, "groups": 2}
ENCODER: Json = {"hidden_sizes": [5, 3], "out_features": 6, "activation": "Tanh"}
WIDE: Json = {
    "gating_mode": "gated",
    "bottleneck": 2,
    "groups_input": 2,
    "secondary_activation": "Sigmoid",
}
GATED = layer_array(
    4,
    [1, 3],
    **WIDE,
    conv_pre_film=SHIFT,
    conv_post_film=SCALE,
    activation_post_film=SHIFT,
    layer1x1_post_film=SHIFT,
)
BLENDED = layer_array(3, [2], gating_mode="blended", activation_pre_film=SHIFT)
BARE = layer_array(3, [1, 2], layer1x1={"active": False, "groups": 1})
FILES: dict[str, Json] = {
    "ConcatWaveNet": concat_wavenet(),
    "ConcatWaveNet, layer1x1 in the second array only": concat_wavenet(
        layers=[
            BARE | {"head": {"out_channels": 2, "kernel_size": 1, "bias": True}},
            layer_array(2, [1], input_size=3),
        ]
    ),
    "ConcatWaveNet with groups": concat_wavenet(
        layers=[layer_array(4, [1, 2], groups_input=2, groups_input_mixin=1, bottleneck=4)]
    ),
    "ConcatLSTM": concat_lstm(),
    "deep ConcatLSTM": concat_lstm(6, 2),
    "FiLMWaveNet": film_wavenet(),
    "FiLMWaveNet with an encoder": film_wavenet(encoder=ENCODER),
    "gated FiLMWaveNet": film_wavenet(layers=[GATED]),
    "blended FiLMWaveNet": film_wavenet(layers=[BLENDED]),
    "HyperWaveNet": hyper_wavenet(),
    "full HyperWaveNet": hyper_wavenet(mode="full", hidden=()),
    "HyperWaveNet with ReLU": hyper_wavenet(activation="ReLU", hidden=(4, 6)),
    "ParametricWaveNet": film_a2(),
}
SETTINGS = ((7.5, 2.0), (0.0, 0.0))
A2_SETTINGS = ((0.3, 0.7, 1.0), (1.0, 0.15, 0.5))


def settings(file: Json) -> Any:
    return A2_SETTINGS if file["architecture"] == "ParametricWaveNet" else SETTINGS


def knobs(file: Json, values: Any) -> dict[str, float]:
    return dict(zip([k.name for k in ng.load_nam(file).knobs], values, strict=True))


def engine(file: Any, block: int = 64, **options: Any) -> ng.Engine:
    graph = ng.Graph.chain(amp=ng.Nam(ng.load_nam(file), **options))
    return ng.Engine(graph, sample_rate=RATE, max_frames=block, fade_s=0.0)


def play(file: Any, x: Any, block: int = 64, **options: Any) -> Any:
    y = np.zeros_like(x)
    made = engine(file, block, **options)
    made.play([x], [y], x.size, block)
    assert made.stats().faults == 0
    return y


@pytest.mark.parametrize("name", FILES)
def test_the_output_at_rest(name: str) -> None:
    file, x = FILES[name], signal(300)
    silence = np.zeros(2_000 if "LSTM" in name else 7_000, np.float32)
    for values in settings(file):
        wanted = oracle.play(file, np.concatenate([silence, x]), *values)[silence.size :]
        found = play(file, x, knobs=knobs(file, values))
        assert np.abs(found - wanted).max() <= 2e-5 * np.abs(wanted).max()
        for block in (1, 17, 4096):
            same_bits(play(file, x, block, knobs=knobs(file, values)), found)
    first, second = (oracle.play(file, x, *values) for values in settings(file))
    assert np.abs(first - second).max() > 0.02 * np.abs(first).max()  # or knobs do nothing


@pytest.mark.parametrize("case", PUBLISHED["cases"], ids=lambda c: c["model"]["architecture"])
def test_published_outputs(case: Json) -> None:
    x = np.array(PUBLISHED["input"], np.float32)
    for setting in case["settings"]:
        wanted = np.array(setting["output"])
        found = play(case["model"], x, knobs={k: setting[k] for k in ("gain", "mode")})
        assert np.abs(found[: wanted.size] - wanted).max() <= 2e-6 * np.abs(wanted).max()


@pytest.mark.parametrize("name", FILES)
def test_at_rest_and_after_a_move_it_has_the_bits_of_what_bake_writes(name: str) -> None:
    file, x = FILES[name], signal(400)
    values = knobs(file, settings(file)[0])
    plain = ng.load_nam(baked(file, values).content)
    assert not plain.knobs
    y = play(plain, x)
    same_bits(play(file, x, knobs=values), y)
    moved = engine(file, 4096)
    silence = np.zeros(60_000, np.float32)
    moved.process(signal(100))
    for knob, value in values.items():
        moved.set(f"amp.{knob}", value)
    for _ in range(2):
        moved.process(silence)  # arrives, and the network settles
    found = moved.process(x)
    if "LSTM" in name:
        assert np.abs(found - y).max() < 1e-6
    else:
        same_bits(found, y)


@pytest.mark.parametrize("name", ["ConcatWaveNet", "FiLMWaveNet", "HyperWaveNet", "ConcatLSTM"])
def test_moved_in_a_block_it_has_the_same_bits_in_every_block_size(name: str) -> None:
    x, outs, file = signal(2000), [], FILES[name]
    for cuts in ([64], [17, 300, 5], [2000]):
        made, y, done = engine(file, 4096), [], 0
        points = sorted({*np.cumsum(cuts * 2000)[:2000].tolist(), 333, 1000})
        for end in [p for p in points if p < 2000] + [2000]:
            y.append(made.process(x[done:end]))
            done = end
            if end == 333:
                made.set("amp.gain", 10.0)
            if end == 1000:
                made.set("amp.mode", 0.0)
        outs.append(np.concatenate(y))
    for other in outs[1:]:
        same_bits(other, outs[0])
    assert np.abs(outs[0] - play(file, x))[400:].max() > 0.001


@pytest.mark.parametrize("knob", ["gain", "mode"])
@pytest.mark.parametrize("name", ["ConcatWaveNet", "FiLMWaveNet", "HyperWaveNet", "ConcatLSTM"])
def test_a_full_jump_is_40_db_below_the_signal(name: str, knob: str) -> None:
    x = (0.3 * np.sin(2 * np.pi * 220 * np.arange(48_000) / RATE)).astype(np.float32)
    made = engine(FILES[name])
    made.set(f"amp.{knob}", 0.0)
    made.reset()
    before = made.process(x[:24_000])
    made.set(f"amp.{knob}", 2.0 if knob == "mode" else 10.0)
    y = np.concatenate([before, made.process(x[24_000:])]).astype(np.float64)
    spectrum = np.fft.rfft(y * np.hanning(y.size))
    spectrum[:2_000] = 0.0  # 1 Hz a bin
    click = np.fft.irfft(spectrum, y.size)
    settled = max(np.abs(click[8_000:22_000]).max(), np.abs(click[36_000:44_000]).max())
    swing = (y[2_000:].max() - y[2_000:].min()) / 2  # without the offset
    assert np.abs(click[23_500:30_000]).max() - settled < 0.01 * swing


def test_names_ranges_and_switches() -> None:
    node = ng.Nam(ng.load_nam(FILES["FiLMWaveNet"]), knobs={"gain": 7.0})
    assert list(node.params())[-2:] == ["gain", "mode"]
    mode = node.params()["mode"]
    assert (mode.low, mode.high, mode.labels) == (0.0, 2.0, ("clean", "crunch", "lead"))
    assert (node.gain, node.mode) == (7.0, 1.0)
    gain, _ = ng.load_nam(FILES["FiLMWaveNet"]).knobs
    assert (gain.name, gain.label) == ("gain", "Gain")
    made = engine(FILES["FiLMWaveNet"])
    made.set("amp.mode", 2.0)
    assert made.graph.nodes["amp"].mode == 2.0  # type: ignore[attr-defined]
    with pytest.raises(ng.ParamError, match=r"gain is 10.5: must be a number in \[0, 10\]"):
        made.set("amp.gain", 10.5)
    assert pickle.loads(pickle.dumps(node)) == node


@pytest.mark.parametrize(
    ("given", "name"),
    [("slim", "slim_knob"), ("Bass Cut!", "bass_cut"), ("5", "knob_5"), ("count", "count_knob")],
)
def test_a_name_that_no_parameter_may_have(given: str, name: str) -> None:
    file = film_a2(name=given)
    knob = ng.load_nam(file).knobs[0]
    assert (knob.name, knob.label) == (name, given)
    play(file, signal(64), knobs={name: 0.9})


def test_reserved_names_are_those_of_the_node_and_its_record() -> None:
    from namgraph.nodes.nam.kernel import STATE
    from namgraph.nodes.nam.knob_kernel import MORE
    from namgraph.nodes.nam.parametric.params import RESERVED

    own = {name for name in dir(ng.Nam) if not name.startswith("_")}
    assert {*own, *(STATE.names or ()), *(MORE.names or ())} <= RESERVED


def test_sizes_of_a_container_have_the_knobs_together() -> None:
    file = container(film_a2(2), film_a2(4))
    model, x = ng.load_nam(file), signal(300)
    assert [knob.name for knob in model.knobs] == ["sustain", "tone", "bite"]
    values = {"sustain": 0.9, "tone": 0.2}
    for slim, channels in ((0.0, 2), (1.0, 4)):
        found = play(file, x, slim=slim, knobs=values)
        same_bits(found, play(film_a2(channels), x, knobs=values))
    plain = ng.load_nam(baked(file, values).content)
    assert [size.model.architecture for size in plain.submodels] == ["WaveNet", "WaveNet"]
    same_bits(play(plain, x, slim=0.0), play(file, x, slim=0.0, knobs=values))


def test_one_that_is_embedded_in_what_was_made_of_it() -> None:
    values, x = {"sustain": 0.9, "tone": 0.2, "bite": 1.0}, signal(300)
    file = json.loads(baked(film_a2(), values).content)
    assert file["metadata"]["baked_setting"] == {"Sustain": 0.9, "tone": 0.2, "bite": 1.0}
    file["metadata"]["name"] = "Muff"
    plain = play(file, x)
    model = ng.load_nam(file | {"embedded_parametric": film_a2()})
    assert {k.name: k.default for k in model.knobs} == values
    assert model.name == "Muff"
    same_bits(play(model, x), plain)
    other = {**values, "sustain": 0.1}
    same_bits(play(model, x, knobs={"sustain": 0.1}), play(film_a2(), x, knobs=other))
    for wrong in ({"version": "9.0.0"}, film_a2() | {"weights": []}, json.loads(json.dumps(file))):
        outer = ng.load_nam(file | {"embedded_parametric": wrong})
        assert not outer.knobs
        same_bits(play(outer, x), plain)


def test_in_presets_modulation_oversampling_and_a_bank(tmp_path: Path) -> None:
    x = signal(4_000)
    (tmp_path / "amp.nam").write_text(json.dumps(FILES["FiLMWaveNet"]))
    graph = ng.Graph.chain(amp=ng.Nam(tmp_path / "amp.nam", knobs={"gain": 2.0, "mode": 2}))
    ng.save_preset(graph, tmp_path / "rack.json")
    assert ng.load_preset(tmp_path / "rack.json") == graph
    same_bits(
        ng.render(tmp_path / "rack.json", x, sample_rate=RATE),
        ng.render(graph, x, sample_rate=RATE),
    )
    plain = ng.render(graph, x, sample_rate=RATE)
    graph.add("lfo", ng.Lfo(rate_hz=20.0))
    graph.connect("lfo", "amp.gain", 0.5)
    moved = ng.render(graph, x, sample_rate=RATE)
    assert np.abs(moved - plain).max() > 0.001
    twice: Json = {"oversample": 2, "knobs": {"gain": 9.0}}
    bit = baked(FILES["FiLMWaveNet"], {"gain": 9.0}).content
    same_bits(play(FILES["FiLMWaveNet"], x, **twice), play(bit, x, oversample=2))
    bank = ng.render(ng.Graph.chain(bank=ng.NamBank([tmp_path / "amp.nam"])), x, sample_rate=RATE)
    same_bits(np.atleast_2d(bank)[0][: x.size], play(FILES["FiLMWaveNet"], x))


def test_in_a_live_stream_and_in_pedalboard() -> None:
    model = ng.load_nam(FILES["HyperWaveNet"])
    with ng.NullStream(model, seconds=5) as stream:
        stream.set("amp.gain", 7.5)
        assert stream.params()["amp.gain"] == 7.5
    pytest.importorskip("pedalboard")
    plugin: Any = ng.GraphPlugin(model)
    x = signal(3000)
    plain = plugin.process(x, RATE)
    plugin.amp_gain = 10.0
    assert np.abs(plugin.process(x, RATE) - plain).max() > 0.001


@pytest.mark.parametrize("check", [c for c in NODE_CHECKS if c is not check_parameters_effective])
@pytest.mark.parametrize("name", ["HyperWaveNet", "ConcatLSTM"])
def test_contract(name: str, check: Any) -> None:
    check(ng.Nam(ng.load_nam(FILES[name])))
