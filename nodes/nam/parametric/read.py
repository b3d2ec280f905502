"""The readers of models with knobs, by architecture."""

from collections.abc import Callable
from typing import Any

from ....graph.errors import UnsupportedFeatureError
from ..format.checked_json import Fields, Weights, fault
from .concat import read_concat_lstm, read_concat_wavenet
from .dialects import FILM_A2
from .film import film_wavenet, read_film_wavenet
from .hyper import read_hyper_wavenet
from .params import MAX_KNOBS, read_ranges
from .trunk import Trunk

__all__ = ["READERS"]

A2_TAPS = [6] * 14 + [15, 15] + [6] * 7
A2_DILATIONS = [1, 3, 7, 17, 41, 101, 239] * 2 + [1, 13] + [1, 3, 7, 17, 41, 101, 239]
MAX_WIDTH = 512
SCHEMA = 1


def read_film_a2(config: Fields) -> Callable[[Weights], Any]:
    """Check the config of a ParametricWaveNet of .param.nam; return what builds it.

    ``layers`` is the number of channels; all else of the network is fixed.  The network gets the
    values of knobs as they are.
    """
    if not config.has("parametric"):
        raise UnsupportedFeatureError(
            f"{config.at('parametric')} is missing: of the dialects of ParametricWaveNet the one of"
            " .param.nam is played, with config.parametric.type film"
        )
    row = config.fields("parametric")
    if row.text("type") != "film":
        raise fault(row.at("type"), row.raw("type"), "film")
    if row.has("schema_version"):
        row.integer("schema_version", 0, SCHEMA)
    if row.raw("head_mode", "residual") != "skip":
        raise UnsupportedFeatureError(
            f"{row.at('head_mode')} is not skip: the head of such older files is another one, which"
            " its own programs no longer play either"
        )
    knobs = read_ranges(row)
    if row.has("condition_size") and row.integer("condition_size", 1, MAX_KNOBS) != len(knobs):
        allowed = f"{len(knobs)}, the number of parameters"
        raise fault(row.at("condition_size"), row.raw("condition_size"), allowed)
    every = [f"layer_{n}" for n in range(len(A2_TAPS))]
    if row.has("film_layers") and row.raw("film_layers") != every:
        raise fault(row.at("film_layers"), row.raw("film_layers"), f"all {len(every)} layers")
    channels = config.integer("layers", 1, MAX_WIDTH)
    array = {
        "input_size": 1,
        "condition_size": 1,
        "channels": channels,
        "kernel_sizes": A2_TAPS,
        "dilations": A2_DILATIONS,
        "activation": {"type": "LeakyReLU", "negative_slope": 0.01},
        "head": {"out_channels": 1, "kernel_size": 16, "bias": True},
        "activation_pre_film": {"active": True, "shift": True, "groups": 1},
    }
    whole = {"layers": [array], "head_scale": config.raw("head_scale", 1.0)}
    encoder = Trunk((sum(knob.width for knob in knobs),), 0, 0.0, False)
    return film_wavenet(Fields(whole, config.path), knobs, encoder)


READERS: dict[str, Callable[[Fields], Callable[[Weights], Any]]] = {
    "ConcatWaveNet": read_concat_wavenet,
    "ConcatLSTM": read_concat_lstm,
    "FiLMWaveNet": read_film_wavenet,
    "HyperWaveNet": read_hyper_wavenet,
    FILM_A2: read_film_a2,
}
"""By architecture: checks a config, and returns the function that builds a network of weights."""
