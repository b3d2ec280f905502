"""Models with knobs for tests, of every dialect: random weights, as many as a config needs."""

import json
from typing import Any

import numpy as np

from namgraph.graph.errors import WeightCountError
from namgraph.nodes.nam.format.load import parse_nam

from ..nets import A2_TAPS

__all__ = [
    "PARAMS",
    "SITES",
    "Json",
    "concat_lstm",
    "concat_wavenet",
    "filled",
    "film_a2",
    "film_wavenet",
    "hyper_wavenet",
    "layer_array",
]

Json = dict[str, Any]
PARAMS: list[Json] = [
    {"name": "Gain", "min": 0.0, "max": 10.0, "default": 5.0, "type": "continuous"},
    {
        "name": "mode",
        "min": 0,
        "max": 2,
        "default": 1,
        "type": "switch",
        "enum_names": ["clean", "crunch", "lead"],
        "step": None,
    },
]
ENCODED = 4
SITES = (
    *("conv_pre_film", "conv_post_film", "input_mixin_pre_film", "input_mixin_post_film"),
    *("activation_pre_film", "activation_post_film", "layer1x1_post_film", "head1x1_post_film"),
)


def filled(file: Json, seed: int = 0, scale: float = 0.4) -> Json:
    """Return a file with as many random weights as its config needs."""
    try:
        parse_nam(json.dumps({**file, "weights": []}).encode())
    except WeightCountError as error:
        count = error.expected
    weights = np.random.default_rng(seed).normal(0.0, scale, count).astype(np.float32).tolist()
    return {**file, "weights": weights}


def layer_array(channels: int, dilations: list[int], **more: Any) -> Json:
    """A layer array, with a head of one output."""
    return {
        "channels": channels,
        "dilations": dilations,
        "kernel_size": 2,
        "activation": "Tanh",
        "head": {"out_channels": 1, "kernel_size": 1, "bias": True},
        **more,
    }


def two_arrays(**more: Any) -> list[Json]:
    """Two layer arrays, of 4 and 2 channels."""
    head = {"out_channels": 2, "kernel_size": 1, "bias": True}
    return [
        layer_array(4, [1, 2], head=head, **more),
        layer_array(2, [1, 4], input_size=4, **more),
    ]


def _file(architecture: str, seed: int, config: Json, **more: Any) -> Json:
    made = {"version": "1.0.0", "architecture": architecture, "config": config}
    return filled(made | {"sample_rate": 48_000} | more, seed)


def concat_wavenet(seed: int = 0, layers: list[Json] | None = None) -> Json:
    """A WaveNet with knobs as input channels."""
    config = {"layers": layers or two_arrays(), "head_scale": 0.5, "params": PARAMS}
    return _file("ConcatWaveNet", seed, config)


def concat_lstm(hidden: int = 8, depth: int = 1, seed: int = 1) -> Json:
    """An LSTM with knobs as input channels."""
    config = {"hidden_size": hidden, "num_layers": depth, "train_burn_in": 4096, "params": PARAMS}
    return _file("ConcatLSTM", seed, config)


def film_wavenet(seed: int = 2, layers: list[Json] | None = None, encoder: Any = None) -> Json:
    """A WaveNet whose channels knobs scale and shift; with all sites active by default."""
    active = {site: {"active": True, "shift": n % 3 != 1} for n, site in enumerate(SITES)}
    heads = {"head1x1": {"active": True, "out_channels": 4, "groups": 1}}
    first = {**active, **heads, "head": {"out_channels": 4, "kernel_size": 1, "bias": True}}
    second = {**active, **heads}
    rows = [layer_array(4, [1, 2], **first), layer_array(2, [1, 4], input_size=4, **second)]
    config = {"layers": layers or rows, "head_scale": 0.5, "params": PARAMS}
    return _file("FiLMWaveNet", seed, config | {"param_encoder": encoder})


def hyper_wavenet(
    seed: int = 3, mode: str = "low_rank", hidden: tuple[int, ...] = (5,), activation: str = "Tanh"
) -> Json:
    """A WaveNet of 3 channels whose weights a hypernetwork changes."""
    targets: list[Json] = [
        {"name": "rechannel", "mode": "full", "numel": 3, "export_offset": 0},
        {"name": "conv", "numel": 18, "export_offset": 3, "out_features": 3, "rest_features": 6},
        {"name": "bias", "mode": "full", "numel": 3, "export_offset": 21},
        {"name": "head", "mode": "full", "numel": 4, "export_offset": 75},
    ]
    if mode == "full":
        targets = [{**target, "mode": "full"} for target in targets]
    hyper = {
        "hidden_sizes": list(hidden),
        "activation": activation,
        "mode": mode,
        "rank": 2,
        "delta_map": targets,
    }
    rows = [layer_array(3, [1, 2])]
    config = {"layers": rows, "head_scale": 0.5, "params": PARAMS, "hypernet": hyper}
    return _file("HyperWaveNet", seed, config)


def film_a2(channels: int = 3, seed: int = 4, name: str = "Sustain") -> Json:
    """A ParametricWaveNet of .param.nam."""
    knobs = [
        {"name": name, "min": 0.0, "max": 1.0, "default": 0.5},
        {"name": "tone", "min": 0.15, "max": 0.85, "default": 0.4},
        {"name": "bite", "min": 0.0, "max": 1.0, "default": 0.5, "steps": 3},
    ]
    about = {"type": "film", "schema_version": 1, "condition_size": 3, "head_mode": "skip"}
    about["film_layers"] = [f"layer_{n}" for n in range(len(A2_TAPS))]
    config = {"layers": channels, "head_scale": 0.4, "parametric": about | {"parameters": knobs}}
    made = {"version": "0.7.0", "architecture": "ParametricWaveNet", "config": config}
    return filled(made | {"sample_rate": 48_000}, seed, 0.15)
