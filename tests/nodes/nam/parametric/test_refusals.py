"""Models with knobs that are refused: each in one line, by the place in the file."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

import namgraph as ng
from namgraph.graph import NamFileError, errors

from ..nets import container, lstm
from .files import (
    Json,
    concat_lstm,
    concat_wavenet,
    filled,
    film_a2,
    film_wavenet,
    hyper_wavenet,
    layer_array,
)

Change = Callable[[Json], object]
FIELD, FEATURE = errors.FieldValueError, errors.UnsupportedFeatureError
LARGE, COUNT = errors.ConfigTooLargeError, errors.WeightCountError


def put(*path: Any, value: Any) -> Change:
    """Return a change that sets what lies at a path."""

    def change(file: Json) -> None:
        place: Any = file
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


def config(*path: Any, value: Any) -> Change:
    return put("config", *path, value=value)


SWITCH = ("params", 1)
DELTA = ("hypernet", "delta_map")
WRONG: list[tuple[Callable[[], Json], Change, type[NamFileError], str]] = [
    (concat_wavenet, put("version", value="2.0.0"), errors.UnsupportedVersionError, "or 1.0"),
    (lambda: lstm(4, 1), put("version", value="1.0.0"), errors.UnsupportedVersionError, "0.7$"),
    (concat_wavenet, put("weights", value=[0.0] * 9), COUNT, "needs exactly 246"),
    (concat_lstm, put("weights", value=[0.0] * 9), COUNT, "needs exactly 473"),
    (film_wavenet, put("weights", value=[0.0] * 9), COUNT, "needs exactly 978"),
    (hyper_wavenet, put("weights", value=[0.0] * 9), COUNT, "needs exactly"),
    (concat_wavenet, lambda f: f["config"].pop("params"), errors.MissingFieldError, "params"),
    (concat_wavenet, config("params", value=[]), FIELD, "params is .*: must be a list of 1 to"),
    (concat_wavenet, config("params", 0, "name", value=" "), FIELD, "name is ' ': must be"),
    (concat_wavenet, config("params", 0, "name", value="x" * 99), LARGE, "99 characters"),
    (concat_wavenet, config("params", 0, "name", value="mode"), FIELD, "must differ"),
    (concat_wavenet, config("params", 0, "max", value=0.0), FIELD, "above min, 0"),
    (concat_wavenet, config("params", 0, "default", value=11), FIELD, r"in \[0, 10\]"),
    (concat_wavenet, config("params", 0, "type", value="dial"), FIELD, "continuous or switch"),
    (concat_wavenet, config("params", 0, "enum_names", value=["a", "b"]), FIELD, "unless a switch"),
    (concat_wavenet, config(*SWITCH, "enum_names", value=["a", "a", "b"]), FIELD, "no other"),
    (concat_wavenet, config(*SWITCH, "enum_names", value=["a"]), FIELD, "at least 2"),
    (concat_wavenet, config(*SWITCH, "max", value=3), FIELD, "2, with 0 as min"),
    (concat_wavenet, config(*SWITCH, "default", value=0.5), FIELD, "number of one of"),
    (concat_wavenet, config("layers", 0, "input_size", value=3), FIELD, "5, which follows"),
    (concat_wavenet, config("layers", 1, "condition_size", value=1), FIELD, "5, which follows"),
    (concat_wavenet, config("condition_dsp", value={}), FEATURE, "condition_dsp"),
    (concat_wavenet, config("layers", 0, "packing", value=[1]), FEATURE, "packing"),
    (concat_wavenet, config("layers", 0, "slimmable", value={"method": "x"}), FEATURE, "slim"),
    (concat_lstm, config("input_size", value=2), FIELD, "5, which follows from the knobs"),
    (concat_lstm, config("num_layers", value=0), FIELD, "num_layers"),
    (film_wavenet, config("layers", 0, "film_condition_size", value=3), FIELD, "4, which"),
    (film_wavenet, config("param_encoder", value={"hidden_sizes": [0]}), FIELD, "hidden_sizes"),
    (film_wavenet, config("param_encoder", value={"hidden_sizes": [4] * 9}), FIELD, "at most 4"),
    (
        film_wavenet,
        config("param_encoder", value={"activation": "Fasttanh"}),
        errors.ActivationError,
        "Fasttanh: must be one of ReLU",
    ),
    (hyper_wavenet, config("hypernet", "mode", value="half"), FIELD, "full or low_rank"),
    (hyper_wavenet, config(*DELTA, value=[]), FIELD, "delta_map"),
    (hyper_wavenet, config(*DELTA, 1, "numel", value=17), FIELD, "18, out_features times"),
    (hyper_wavenet, config(*DELTA, 1, "export_offset", value=2), FIELD, "must begin after"),
    (hyper_wavenet, config(*DELTA, 3, "numel", value=5), FIELD, "before head_scale"),
    (film_a2, config("parametric", "head_mode", value="residual"), FEATURE, "is not skip"),
    (film_a2, config("parametric", "schema_version", value=2), LARGE, "schema_version"),
    (film_a2, config("parametric", "type", value="concat"), FIELD, "must be film"),
    (film_a2, config("parametric", "condition_size", value=2), FIELD, "3, the number of"),
    (film_a2, config("parametric", "film_layers", value=["layer_0"]), FIELD, "all 23"),
    (film_a2, lambda f: f["config"].pop("parametric"), FEATURE, "dialects"),
]


@pytest.mark.parametrize(("make", "change", "kind", "said"), WRONG)
def test_what_is_refused(
    make: Callable[[], Json], change: Change, kind: type[NamFileError], said: str
) -> None:
    file = copy.deepcopy(make())
    ng.load_nam(json.dumps(file))  # the positive control
    change(file)
    with pytest.raises(kind, match=said) as caught:
        ng.load_nam(json.dumps(file))
    assert "\n" not in str(caught.value)


def test_a_film_without_sites_and_a_concat_with_one() -> None:
    with pytest.raises(FEATURE, match="no active FiLM"):
        ng.load_nam(film_wavenet(layers=[layer_array(2, [1])]))
    films = concat_wavenet(layers=[layer_array(2, [1])])
    films["config"]["layers"][0]["conv_post_film"] = {}
    with pytest.raises(FEATURE, match="have FiLMs"):
        ng.load_nam({**films, "weights": [0.0] * 64})


def test_a_model_with_knobs_within_another() -> None:
    inner = film_wavenet()
    series = {"version": "0.7.0", "architecture": "Sequential", "weights": []}
    with pytest.raises(FEATURE, match="must be the whole file"):
        ng.load_nam({**series, "config": {"models": [inner]}})
    with pytest.raises(FEATURE, match="must be a WaveNet"):
        ng.load_nam(container(concat_lstm(), concat_lstm()))
    with pytest.raises(FIELD, match="other knobs"):
        ng.load_nam(container(film_a2(), film_a2(name="Drive")))


@pytest.mark.parametrize("make", [concat_wavenet, film_wavenet, hyper_wavenet])
def test_several_outputs(make: Callable[[], Json]) -> None:
    file = copy.deepcopy(make())
    file["config"]["layers"][-1]["head"]["out_channels"] = 2
    with pytest.raises(FEATURE, match=r"has 2 outputs: .* must have 1"):
        ng.load_nam(filled(file))


def test_sizes_are_bounded_before_memory_is_asked_for() -> None:
    file = film_wavenet()
    wide = {**file["config"], "layers": [layer_array(512, [1] * 40, conv_pre_film={})]}
    with pytest.raises(NamFileError, match="weights"):
        ng.load_nam({**file, "config": wide})
