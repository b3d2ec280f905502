"""``Model``: its rate, what its file says of it, its identity, its ``repr``."""

import copy
import dataclasses
import json
import pickle
from datetime import datetime
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.nam.model.model import Model
from namgraph.nodes.testing import same_bits

from . import nets
from .playing import Playing, parse
from .shapes import fill, random_wavenet

LSTM, NANO = nets.lstm(3, 2), nets.a1("nano")
SIGNAL = np.random.default_rng(2).uniform(-0.5, 0.5, 300).astype(np.float32)
DATE = {"year": 2024, "month": 2, "day": 29, "hour": 23, "minute": 5, "second": 7}


def rated(file: dict[str, Any], rate: float | None) -> dict[str, Any]:
    rest = {k: v for k, v in file.items() if k != "sample_rate"}
    return rest if rate is None else rest | {"sample_rate": rate}


def about(**metadata: Any) -> Model:
    return parse(LSTM | {"metadata": metadata})


# ---- sample rates ------------------------------------------------------------------------------


def test_the_default_is_public_and_assumed_where_a_file_is_silent() -> None:
    assert ng.DEFAULT_SAMPLE_RATE == 48_000.0
    unsaid = parse(rated(LSTM, None))
    assert (unsaid.sample_rate, unsaid.sample_rate_is_assumed) == (48_000.0, True)
    given = parse(rated(LSTM, 48_000))
    assert (given.sample_rate, given.sample_rate_is_assumed) == (48_000.0, False)
    slow = parse(rated(LSTM, 22_050.5))
    assert (slow.sample_rate, slow.prewarm) == (22_050.5, 11_025)


@pytest.mark.parametrize(
    ("outer", "first", "second", "rate"),
    [
        (44_100, None, None, 44_100),
        (44_100, 44_100, None, 44_100),
        (None, 44_100, None, 44_100),
        (None, None, 96_000, 96_000),
        (None, None, None, None),
    ],
)
def test_a_container_and_all_of_its_sizes_have_one_rate(
    outer: Any, first: Any, second: Any, rate: Any
) -> None:
    model = parse(rated(nets.container(rated(LSTM, first), rated(NANO, second)), outer))
    for each in (model, model.select(0.0), model.select(1.0)):
        assert each.sample_rate == (rate or 48_000)
        assert each.sample_rate_is_assumed == (rate is None)
    assert model.select(0.0).prewarm == (rate or 48_000) // 2
    assert ng.Nam(model).own_rate() == (rate or 48_000)


def test_containers_in_containers_have_the_rate_too() -> None:
    inner = rated(nets.container(rated(LSTM, None), rated(NANO, None)), None)
    model = parse(rated(nets.container(rated(LSTM, None), inner), 44_100))
    assert [s.model.sample_rate for s in model.submodels[1].model.submodels] == [44_100] * 2


def test_sizes_of_different_rates_are_refused() -> None:
    said = r"submodels\[1\]\.model\.sample_rate is 44100: must be 48000, as in config\.submodels\[0"
    with pytest.raises(ng.SampleRateError, match=said):
        parse(rated(nets.container(rated(LSTM, 48_000), rated(NANO, 44_100)), None))


# ---- metadata ----------------------------------------------------------------------------------

TEXTS = ("name", "modeled_by", "gear_type", "gear_make", "gear_model", "tone_type", "trainer")
NUMBERS = ("loudness", "gain", "input_level_dbu", "output_level_dbu", "validation_esr")


def test_what_a_file_says() -> None:
    said = {key: f"its {key}" for key in TEXTS} | dict.fromkeys(NUMBERS, 3) | {"date": DATE}
    model = about(**said)
    assert {key: getattr(model, key) for key in TEXTS} == {key: said[key] for key in TEXTS}
    assert {key: getattr(model, key) for key in NUMBERS} == dict.fromkeys(NUMBERS, 3.0)
    assert model.date == datetime(2024, 2, 29, 23, 5, 7)
    assert about(training={"validation_esr": 0.01}, validation_esr=0.5).validation_esr == 0.01


@pytest.mark.parametrize("wrong", [None, [1], {"a": 1}, True, 10**400])
def test_what_is_missing_or_of_another_type_is_none(wrong: Any) -> None:
    keys = (*TEXTS, "date", "gain", "validation_esr", "training")
    for model in (parse(LSTM), about(**dict.fromkeys(keys, wrong))):
        for key in (*TEXTS, *NUMBERS, "date", "includes_cab"):
            assert getattr(model, key) is None
    assert about(gain="loud", validation_esr="1").gain is None
    assert about(name=3, gear_type=5).includes_cab is None


@pytest.mark.parametrize(
    "date",
    [
        {"year": 2024, "month": 13, "day": 1},
        {"year": 2024, "month": 2},
        {"year": 10**30, "month": 1, "day": 1},
        {"year": 2024, "month": 1, "day": 1.0},
        {"year": True, "month": 1, "day": 1},
        "2024-01-01",
        {},
    ],
)
def test_a_date_that_is_none(date: Any) -> None:
    assert about(date=date).date is None


def test_a_date_may_lack_the_time() -> None:
    assert about(date={"year": 2023, "month": 4, "day": 1}).date == datetime(2023, 4, 1)


@pytest.mark.parametrize(
    ("gear", "cab"),
    [
        ("amp_cab", True), ("amp_pedal_cab", True), ("amp-cab", True), ("full-rig", True),
        ("cab", True), ("ir", True), ("  AMP Cab ", True), ("pedal_amp_cab", True),
        ("amp", False), ("pedal", False), ("pedal_amp", False), ("PREAMP", False),
        ("outboard", False), ("space", False),
        ("studio", None), ("experimental", None), ("cabless", None), ("air", None), ("", None),
    ],
)  # fmt: skip
def test_a_cabinet_is_included_if_the_gear_says_so(gear: str, cab: bool | None) -> None:
    assert about(gear_type=gear).includes_cab is cab


# ---- identity ----------------------------------------------------------------------------------


def test_equal_by_the_bytes_of_the_file() -> None:
    content = json.dumps(LSTM).encode()
    one, two, other = ng.load_nam(content), ng.load_nam(content), ng.load_nam(NANO)
    assert one == two
    assert hash(one) == hash(two)
    assert one != other
    assert one != content
    assert len({one, two, other}) == 2
    assert one is not two


def test_sizes_are_models_of_their_own() -> None:
    whole = nets.wavenet(nets.array(4, [1, 2]))
    whole["config"]["layers"][0]["slimmable"] = {"method": "slice_channels_uniform"}
    for model in (parse(whole), parse(nets.container(LSTM, NANO))):
        sizes = [size.model for size in model.sizes]
        assert len({model, *sizes}) >= len(sizes) > 1
        assert sizes[0] != model
        wanted = Playing(sizes[0], primed=True)(SIGNAL)
        same_bits(ng.render(rack(sizes[0]), SIGNAL, 48_000, tail=False), wanted)


def rack(model: Model) -> ng.Graph:
    graph = ng.Graph()
    end = graph.input("in", channels=1) >> graph.add("amp", ng.Nam(model))
    end >> graph.output("out", channels=1)
    return graph


@pytest.mark.parametrize("file", [LSTM, NANO, nets.container(LSTM, NANO)])
def test_pickled_and_copied(file: dict[str, Any]) -> None:
    model = ng.load_nam(file | {"metadata": {"name": "Plexi", "date": DATE}})
    assert model.sizes  # computed: not pickled
    assert copy.copy(model) is copy.deepcopy(model) is model
    again = pickle.loads(pickle.dumps(model))
    assert again == model
    assert again.metadata == model.metadata
    assert again.content == model.content
    with pytest.raises(TypeError):
        again.metadata["name"] = "Other"
    same_bits(Playing(again.select())(SIGNAL), Playing(model.select())(SIGNAL))


# ---- repr --------------------------------------------------------------------------------------


def test_a_model_in_one_line() -> None:
    named = nets.a1("standard") | {"metadata": {"name": "Plexi"}}
    assert repr(parse(named)) == "<Model 'Plexi': WaveNet 16x10+8x10, 13802 weights, 48000 Hz>"
    assert repr(parse(rated(LSTM, None))) == "<Model: LSTM 3x2, 160 weights, 48000 Hz assumed>"
    both = repr(parse(nets.container(LSTM, NANO)))
    assert both == "<Model: SlimmableContainer, 2 sizes, 1002 weights, 48000 Hz>"
    assert "\n" not in repr(about(name="a\nb" * 1_000))


def inner(thing: Any) -> Any:
    """Return every dataclass of the package in a model, itself included."""
    yield thing
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        for one in (
            value.values()
            if isinstance(value, dict)
            else value
            if isinstance(value, tuple)
            else (value,)
        ):
            for part in one if isinstance(one, tuple) else (one,):
                if dataclasses.is_dataclass(part):
                    yield from inner(part)


def test_everything_in_a_model_is_one_short_line() -> None:
    slopes = {"type": "PReLU", "negative_slopes": [0.123456789] * 64}
    files = [
        *(random_wavenet(seed) for seed in range(12)),
        nets.a1("standard") | {"metadata": {"name": "n" * 5_000}},
        nets.wavenet(*[nets.array(1, [1], activation=slopes)] * 12),
        nets.container(nets.lstm(30, 9), NANO),
        fill({"receptive_field": 999, "bias": True}, "Linear"),
        fill({"channels": 3, "dilations": [1] * 60, "batchnorm": True, "activation": "ReLU"},
             "ConvNet"),
    ]  # fmt: skip
    seen = set()
    for file in files:
        for thing in inner(parse(file)):
            seen.add(type(thing).__name__)
            line = repr(thing)
            assert line.startswith((f"{type(thing).__name__}(", "<Model")), line
            assert "\n" not in line
            assert len(line) < 200, line
    assert seen >= {
        "Activation", "Conv", "ConvNet", "Film", "Layer", "LayerArray", "Linear", "Lstm",
        "LstmLayer", "Model", "Submodel", "WaveNet",
    }  # fmt: skip
