"""Captures of other makers play as their files say: against float64, in every block size."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits

from .files import Json, dense, guitarml, keras, layer, play_guitarml, play_keras, signal

FRAMES = 600
BLOCKS = (1, 17, 64, 4096)
TOLERANCE, DEEP_TOLERANCE = 1e-5, 2e-5
CONV: Any = {"kernel_size": [3], "dilation": [5]}

KERAS: dict[str, Json] = {
    "lstm": keras(layer("lstm", 1, 16), dense(16)),
    "large lstm": keras(layer("lstm", 1, 80), dense(80)),
    "lstm of odd size": keras(layer("lstm", 1, 5), dense(5)),
    "two lstms": keras(layer("lstm", 1, 12), layer("lstm", 12, 12, 5), dense(12)),
    "lstms of two sizes": keras(layer("lstm", 1, 12), layer("lstm", 12, 7, 5), dense(7)),
    "gru": keras(layer("gru", 1, 12), dense(12)),
    "large gru": keras(layer("gru", 1, 70), dense(70)),
    "wide gru": keras(layer("gru", 1, 40), dense(40)),
    "two grus": keras(layer("gru", 1, 9), layer("gru", 9, 9, 7), dense(9)),
    "gru after lstm": keras(layer("lstm", 1, 8), layer("gru", 8, 6, 3), dense(6)),
    "dense layers": keras(
        dense(1, 8, activation="tanh"), dense(8, 5, 9, activation="elu"), dense(5)
    ),
    "activations": keras(
        dense(1, 6, activation="sigmoid"),
        dense(6, 6, 3, activation="softmax"),
        layer("batchnorm", 6, 6, 4, epsilon=0.01),
        layer("prelu", 6, 6, 8),
        {"type": "activation", "activation": "relu", "shape": [None, None, 6], "weights": []},
        dense(6),
    ),
    "convolutions": keras(
        layer("conv1d", 1, 4, **CONV, activation="tanh"),
        layer("conv1d", 4, 6, 3, kernel_size=[2], dilation=[64], groups=2, activation="relu"),
        dense(6),
    ),
    "gru after conv": keras(layer("conv1d", 1, 3, **CONV), layer("gru", 3, 5), dense(5)),
    "lstm before dense layers": keras(
        layer("lstm", 1, 8), dense(8, 4, activation="tanh"), dense(4, 1, 6, activation="tanh")
    ),
    "gains and skip": keras(
        layer("lstm", 1, 8), dense(8), in_skip=1, in_gain=3.0, out_gain=-6.0, samplerate=48000
    ),
    "gain alone": keras(layer("gru", 1, 8), dense(8), out_gain=-10.0, in_skip=0),
}
GUITARML: dict[str, Json] = {
    "proteus": guitarml(20),
    "no skip": guitarml(8, skip=0),
    "two layers": guitarml(8, 2),
    "gru": guitarml(10, unit="GRU"),
    "three layers of a gru": guitarml(6, 3, unit="GRU"),
}


def play(file: Any, x: Any, block: int = 64, **options: Any) -> Any:
    """Play a signal from a zero state."""
    model = ng.load_capture(file)
    graph = ng.Graph.chain(amp=ng.Nam(model, prewarm=False, **options))
    engine = ng.Engine(graph, sample_rate=model.sample_rate, max_frames=block, fade_s=0.0)
    y = np.zeros_like(x)
    engine.play([x], [y], x.size, block)
    assert engine.stats().faults == 0
    return y


def check(file: Json, wanted: Any, **options: Any) -> None:
    """Assert the output, in every block size."""
    x = signal(FRAMES)
    recurrent = str(file).count("rec.weight_hh") + str(file).count("'lstm'")
    recurrent += str(file).count("'gru'")
    found = play(file, x, **options)
    peak = np.abs(wanted).max()
    assert peak > 0.01
    allowed = DEEP_TOLERANCE if recurrent > 1 else TOLERANCE
    assert np.abs(found - wanted).max() <= allowed * peak
    for block in BLOCKS:
        same_bits(play(file, x, block, **options), found)


@pytest.mark.parametrize("name", KERAS)
def test_keras_layers(name: str) -> None:
    check(KERAS[name], play_keras(KERAS[name], signal(FRAMES)))


@pytest.mark.parametrize("name", GUITARML)
def test_guitarml(name: str) -> None:
    check(GUITARML[name], play_guitarml(GUITARML[name], signal(FRAMES)))


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_a_network_is_prewarmed_on_silence(kind: str) -> None:
    file = keras(layer(kind, 1, 8), dense(8))
    model = ng.load_capture(file)
    x = signal(200)
    silence = np.zeros(model.prewarm, np.float32)
    wanted = play_keras(file, np.concatenate([silence, x]))[model.prewarm :]
    assert np.abs(model.player().process(x) - wanted).max() < 1e-5 * np.abs(wanted).max()
    assert model.prewarm == 24_000
    assert model.receptive_field is None


def test_a_silenced_input_and_a_gain_of_minus_90_db() -> None:
    file = keras(dense(1, 1, activation="tanh"), in_gain=-90.0)
    assert np.ptp(play(file, signal(50))) == 0.0


def test_what_a_file_says() -> None:
    aida = keras(layer("lstm", 1, 4), dense(4), in_skip=1, metadata={"name": "Deer", "style": "x"})
    model = ng.load_capture(aida | {"metadata": {"name": "Deer", "samplerate": "44100"}})
    assert (model.name, model.sample_rate, model.sample_rate_is_assumed) == ("Deer", 44_100, False)
    assert (model.architecture, model.kind) == ("LSTM", "a Keras model for RTNeural (AIDA-X)")
    assert ng.load_capture(aida).sample_rate == ng.DEFAULT_SAMPLE_RATE
    proteus = ng.load_capture(guitarml(4))
    assert (proteus.sample_rate, proteus.sample_rate_is_assumed) == (44_100, True)
    assert proteus.weight_count == 4 * 4 * (1 + 4 + 1) + 2 * 4 + 4 + 1
    stack = ng.load_capture(KERAS["convolutions"])
    assert (stack.receptive_field, stack.architecture) == (1 + 10 + 64, "Conv1D")


def test_from_a_path_bytes_text_and_a_file_object(tmp_path: Path) -> None:
    text = json.dumps(KERAS["gru"])
    path = tmp_path / "amp.dat"  # the content decides
    path.write_text(text)
    with open(path, "rb") as opened:
        sources: list[Any] = [path, text, text.encode(), KERAS["gru"], opened]
        digests = {ng.load_capture(source).digest for source in sources}
    assert len(digests) == 1
    model = ng.load_capture(path)
    assert ng.load_capture(model) is model
    ng.save_nam(model, tmp_path / "copy.json")
    assert (tmp_path / "copy.json").read_text() == text


def test_a_nam_file_by_any_name_is_a_capture_too(tmp_path: Path) -> None:
    path = tmp_path / "amp.json"
    path.write_bytes(Path(ng.asset("crunch-lstm.nam")).read_bytes())
    assert ng.load_capture(path).digest == ng.load_nam(ng.asset("crunch-lstm.nam")).digest


def test_shared_files_made_elsewhere() -> None:
    folder = next((p / "shared/models" for p in Path(__file__).parents
                   if (p / "shared/models/other").is_dir()), None)  # fmt: skip
    if folder is None:
        pytest.skip("no folder shared/models/other beside the project")
    x = np.fromfile(folder / "ref/input.f32", np.float32)
    for wanted_path in sorted((folder / "other").glob("*.f32")):
        name, *knobs = wanted_path.stem.split("@")
        (path,) = (p for p in (folder / "other").glob(f"{name}.*") if p.suffix != ".f32")
        wanted = np.fromfile(wanted_path, np.float32)
        found = play(path, x, knobs={f"knob{n + 1}": float(k) for n, k in enumerate(knobs)})
        error = np.abs(found - wanted)[4000:].max() / np.abs(wanted).max()
        assert error < (DEEP_TOLERANCE if "two-layers" in name else TOLERANCE), name
