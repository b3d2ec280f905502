"""Sequential models: complete models in series, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import NamFileError
from namgraph.nodes.nam.cuda import refusal
from namgraph.nodes.nam.model.networks import Linear
from namgraph.nodes.nam.model.wavenet import Sequential, WaveNet
from namgraph.nodes.testing import same_bits

from .. import nets, oracle
from ..playing import Playing, parse
from ..shapes import fill, layer_array, random_wavenet

SIGNAL = np.random.default_rng(6).uniform(-0.7, 0.7, (2, 600)).astype(np.float32)
AMP = nets.wavenet(nets.array(3, [1, 2], head=2), nets.array(2, [8], inputs=3), seed=3)
LSTM = nets.lstm(3, 1, seed=4)
WIDE = fill({"layers": [layer_array(3, [1, 2], head_size=2)], "head_scale": 1}, seed=5)
NET = {"channels": 2, "dilations": [1, 3], "batchnorm": True, "activation": "ReLU"}
BOTH = fill(NET | {"in_channels": 2, "out_channels": 2}, "ConvNet", 6)
JOIN = fill({"receptive_field": 3, "bias": True, "in_channels": 2}, "Linear", 7)
CAB = fill({"receptive_field": 300, "bias": False}, "Linear", 8)


MONO = [m for m in map(random_wavenet, range(40)) if parse(m).channels == (1, 1)]


def sequential(*models: Any, **keys: Any) -> Any:
    frame = {"version": "0.7.0", "architecture": "Sequential", "weights": []}
    return frame | {"config": {"models": list(models)}, "sample_rate": 48_000} | keys


CHAINS = {
    "amp and cab": [AMP, CAB],
    "LSTM and cab": [LSTM, CAB],
    "one": [AMP],
    "two of a kind": [AMP, AMP, AMP],
    "every architecture": [WIDE, BOTH, JOIN, LSTM],
    "nested": [sequential(AMP, JOIN_IN := sequential(CAB)), sequential(JOIN_IN, LSTM)],
    "options": MONO[:3],
    "a condition": [fill({"layers": [layer_array(2, [1])], "head_scale": 1,
                          "condition_dsp": sequential(AMP, CAB)})],
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_a_sequential_equals_its_models_in_series(name: str) -> None:
    models = CHAINS[name]
    wanted = SIGNAL[: parse(models[0]).channels[0]].astype(np.float64)
    for inner in models:
        wanted = oracle.run(inner, wanted)
    model = parse(sequential(*models))
    found = np.atleast_2d(Playing(model)(SIGNAL[: model.channels[0]]))
    assert found.shape == wanted.shape
    assert abs(wanted).max() > 1e-3
    assert abs(found - wanted).max() <= 2e-5 * abs(wanted).max()
    for cut in (1, 17):
        same_bits(np.atleast_2d(Playing(model)(SIGNAL[: model.channels[0]], cut)), found)
    assert model.weight_count == sum(parse(inner).weight_count for inner in models)


def test_a_sequential_equals_nodes_in_series(tmp_path: Path) -> None:
    """Equal once the second node has been prewarmed with the output of the first at rest."""
    paths = [nets.write(tmp_path, m, f"{k}.nam") for k, m in enumerate((AMP, LSTM, CAB))]
    whole = nets.write(tmp_path, sequential(AMP, LSTM, CAB))

    def played(*files: str) -> Any:
        graph = ng.Graph()
        end = graph.input("in", channels=1)
        for k, file in enumerate(files):
            end = end >> graph.add(f"n{k}", ng.Nam(file))
        end >> graph.output("out", channels=1)
        return ng.render(graph, np.pad(SIGNAL[0], (2000, 0)), 48_000, tail=False)[2000:]

    row, one = played(*paths), played(whole)
    assert abs(row - one).max() <= 2e-5 * abs(row).max()


def test_properties_of_a_sequential() -> None:
    said = {"loudness": -19.5, "input_level_dbu": 12.5}
    inner = AMP | {"metadata": {"loudness": -3.0, "output_level_dbu": 18.0}}
    model = parse(sequential(inner, CAB, metadata=said))
    assert (model.loudness, model.input_level_dbu) == (-19.5, 12.5)
    assert model.output_level_dbu is None, "the whole's own, as of a container"
    assert model.receptive_field == parse(AMP).running.receptive_field + 299  # type: ignore[operator]
    assert model.receptive_field <= model.prewarm <= model.receptive_field + 1
    network = model.running
    assert isinstance(network, Sequential)
    assert [type(part) for part in network.parts] == [WaveNet, Linear]
    assert refusal(network) == "Sequential runs on the CPU alone"


def test_a_container_within_plays_its_largest_size() -> None:
    whole = parse(sequential(nets.container(LSTM, AMP), CAB))
    same_bits(Playing(whole)(SIGNAL[0]), Playing(parse(sequential(AMP, CAB)))(SIGNAL[0]))


def rated(model: Any, rate: float | None) -> Any:
    rest = {k: v for k, v in model.items() if k != "sample_rate"}
    return rest if rate is None else rest | {"sample_rate": rate}


@pytest.mark.parametrize(
    ("outer", "first", "second", "told"),
    [
        (48_000, None, 48_000, 48_000),
        (None, 44_100, 44_100, 44_100),
        (None, None, 44_100, 44_100),
        (None, None, None, None),
    ],
)
def test_rates_that_agree(outer: Any, first: Any, second: Any, told: Any) -> None:
    file = rated(sequential(rated(AMP, first), rated(CAB, second)), outer)
    model = parse(file)
    assert (model.sample_rate, model.sample_rate_is_assumed) == (told or 48_000, told is None)


BARE = {"receptive_field": 1, "bias": False}


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (sequential(), "config.models is a list of 0"),
        (sequential(BARE), "config.models[0].version is missing: each model of a Sequential must"),
        (sequential(BARE, weights=[1.0]), "config.models[0].version is missing: each model"),
        (sequential({"name": "Linear", "config": BARE}), "config.models[0].version is missing"),
        (sequential({"architecture": "Linear", "config": BARE}), "config.models[0].version is"),
        (sequential(AMP, weights=[1.0]), "weights has 1 numbers: must be empty in a Sequential"),
        (sequential(AMP, 3), "config.models[1] is 3: must be a JSON object"),
        (sequential(AMP, sequential(weights=[0.5])), "config.models[1].config.models is a list of"),
        (sequential(AMP, sequential(AMP, weights=[1.0])), "config.models[1].weights has 1 numbers"),
        (sequential(WIDE, AMP), "config.models[1] has 1 inputs: must have 2, as the model before"),
        (
            sequential(AMP, rated(CAB, 44_100)),
            "config.models[1].sample_rate is 44100: must be 48000, as in the Sequential",
        ),
        (
            rated(sequential(rated(AMP, 44_100), CAB), None),
            "config.models[1].sample_rate is 48000: must be 44100, as in config.models[0]",
        ),
        (
            sequential(sequential(AMP), rated(sequential(rated(CAB, 44_100)), None)),
            "config.models[1].sample_rate is 44100: must be 48000",
        ),
        (sequential(AMP | {"version": "9.0.0"}), "config.models[0].version is '9.0.0'"),
        (sequential(AMP | {"weights": [1]}), "config.models[0].weights has 1 numbers"),
        (sequential(AMP | {"architecture": "sequential"}), "'sequential' is not one this package"),
        (sequential(*[AMP] * 33), "config.models is a list of 33: must be a list of 1 to 32"),
    ],
)
def test_sequentials_that_are_refused(file: Any, words: str) -> None:
    with pytest.raises(NamFileError) as caught:
        parse(file)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_history_of_all_parts_is_bounded() -> None:
    large = nets.wavenet(nets.array(32, [100_000] * 2, taps=2))
    assert parse(large).weight_count
    with pytest.raises(NamFileError, match=r"needs a history of .* numbers in all sizes: at most"):
        parse(sequential(*[large] * 6))


@pytest.mark.parametrize("name", ["CatWaveNet", "Transformer", "CatLSTM"])
def test_the_architecture_is_named_before_the_version(name: str) -> None:
    with pytest.raises(NamFileError) as caught:
        parse(AMP | {"architecture": name, "version": "1.0.0"})
    said = f"architecture '{name}' is not one this package plays: must be one of WaveNet, LSTM"
    assert str(caught.value).startswith(said)
