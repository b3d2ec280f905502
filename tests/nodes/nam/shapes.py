"""Models of any shape with random weights, covering the feature table of the format.

``fill`` lets the oracle count the weights that a config needs (nam-format.md, 2.4), and makes as
many.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from . import oracle
from .oracle_wavenet import FILMS

__all__ = ["fill", "film", "layer_array", "random_wavenet"]

Json = dict[str, Any]
KINDS: list[Any] = [
    *oracle.ACTIVATIONS,
    "LeakyReLU",
    {"type": "LeakyReLU", "negative_slope": 0.3},
    {"type": "PReLU", "negative_slope": 0.2},
    {"type": "LeakyHardtanh", "min_val": -0.4, "max_val": 0.5, "min_slope": 0.2},
]


class Counting(oracle.Cutter):
    """Random weights, each tensor scaled so that signals stay bounded."""

    def __init__(self, seed: int, loud: float) -> None:
        super().__init__([])
        self.rng, self.made, self.loud = np.random.default_rng(seed), list[float](), loud

    def __call__(self, *shape: int) -> oracle.Signal:
        fan = np.prod(shape[1:]) if len(shape) > 1 else 4.0
        values = self.rng.normal(0, self.loud / np.sqrt(fan), shape)
        if len(shape) == 1:  # variances of a normalisation must be positive; biases may be
            values = abs(values) + 0.05
        values = values.astype(np.float32).astype(np.float64)
        self.made += values.ravel().tolist()
        return np.asarray(values)


def fill(
    config: Json, architecture: str = "WaveNet", seed: int = 0, loud: float = 0.7, **more: Any
) -> Json:
    """Return a complete file with this config and random weights."""
    counting = Counting(seed, loud)
    first = config
    while "models" in first:  # a Sequential takes what its first model takes
        first = first["models"][0]["config"]
    inputs = first.get("in_channels", 1)
    oracle.part(architecture, config, counting, np.zeros((inputs, 2)))
    frame: Json = {"version": "0.7.0", "architecture": architecture, "config": config}
    return {**frame, "weights": counting.made, "sample_rate": 48_000, **more}


def film(shift: bool = True, groups: int = 1) -> Json:
    """An active FiLM."""
    return {"active": True, "shift": shift, "groups": groups}


def layer_array(channels: int, dilations: list[int], **keys: Any) -> Json:
    """One element of ``config.layers``; by default kernel size 3, Tanh, one output."""
    row: Json = {"input_size": 1, "condition_size": 1, "channels": channels, "kernel_size": 3}
    ends = {"head_size": 1, "head_bias": True}
    if "kernel_sizes" in keys:
        del row["kernel_size"]
    if "head" in keys:
        ends = {}
    return {**row, "dilations": dilations, "activation": "Tanh", **ends, **keys}


def picker(rng: Any) -> Callable[..., Any]:
    """Return a function that picks one of its arguments."""

    def pick(*values: Any) -> Any:
        return values[rng.integers(len(values))]

    return pick


def random_wavenet(seed: int, inner: bool = True) -> Json:
    """Return a WaveNet with random valid options."""
    rng = np.random.default_rng(seed)
    pick = picker(rng)
    inputs = pick(1, 1, 1, 2)
    config: Json = {"head_scale": 0.5, "head": None, "in_channels": inputs}
    condition = inputs
    if inner and pick(0, 0, 1):
        condition = pick(1, 2, 4)
        config["condition_dsp"] = _condition(rng, inputs, condition, seed)
    rows: list[Json] = []
    before, carried = inputs, 0
    for _ in range(pick(1, 1, 2, 3)):
        rows.append(_array(rng, before, condition, carried))
        before, carried = rows[-1]["channels"], rows[-1].pop("carried")
    config["layers"] = rows
    if pick(0, 0, 1):
        config["head"] = {
            "channels": pick(1, 3),
            "out_channels": pick(1, 2),
            "kernel_sizes": [pick(1, 4) for _ in range(pick(1, 2))],
            "activation": pick(*KINDS),
        }
    return fill(config, seed=seed, loud=0.8)


def _condition(rng: Any, inputs: int, outputs: int, seed: int) -> Json:
    kind = rng.integers(4)
    if kind == 0:
        sizes = {"input_size": inputs, "hidden_size": 3, "num_layers": 1}
        wide = {"in_channels": inputs, "out_channels": outputs}
        return fill(sizes | wide, "LSTM", seed)
    wide = {"in_channels": inputs, "out_channels": outputs}
    if kind == 1:
        net = {"channels": 2 * inputs, "dilations": [1, 4], "batchnorm": bool(seed % 2)}
        return fill(net | wide | {"activation": "ReLU"}, "ConvNet", seed)
    if kind == 2 and (inputs == outputs or 1 in (inputs, outputs)):
        return fill({"receptive_field": 5, "bias": True} | wide, "Linear", seed)
    row = layer_array(3, [1, 2], input_size=inputs, condition_size=inputs, head_size=outputs)
    return fill({"layers": [row], "head_scale": 1.0, "in_channels": inputs}, seed=seed)


def _array(rng: Any, inputs: int, condition: int, carried: int) -> Json:
    pick = picker(rng)
    channels, count = pick(1, 2, 3, 4, 6), int(pick(1, 2, 3))
    width, out1 = pick(channels, channels, 2, 4), pick(True, True, False)
    width = width if out1 else channels
    if carried:
        head1 = {"active": True, "out_channels": carried, "groups": 1}
    else:
        head1 = {"active": bool(pick(0, 1)), "out_channels": pick(1, 2, 6), "groups": 1}
    if carried == width and pick(0, 1):
        head1["active"] = False
    outputs = pick(1, 2, 3)
    modes = [pick("none", "gated", "blended") for _ in range(count)]
    row: Json = {
        "input_size": inputs,
        "condition_size": condition,
        "channels": channels,
        "bottleneck": width,
        "dilations": [pick(0, 1, 2, 7, 40) for _ in range(count)],
        "activation": [pick(*KINDS) for _ in range(count)],
        "gating_mode": modes,
        "secondary_activation": [pick(*KINDS) if m != "none" else None for m in modes],
        "kernel_sizes": [pick(1, 2, 3, 5) for _ in range(count)],
        "layer1x1": {"active": out1, "groups": _divisor(rng, channels, width)},
        "head1x1": head1,
        "groups_input": _divisor(rng, channels, width),
        "groups_input_mixin": _divisor(rng, condition, width),
        "head": {"out_channels": outputs, "kernel_size": pick(1, 1, 3), "bias": bool(pick(0, 1))},
        "carried": outputs,
    }
    if head1["active"]:
        head1["groups"] = _divisor(rng, width, head1["out_channels"])
    row["head"]["head_dilation"] = pick(1, 3)
    for key in FILMS:
        legal = {"layer1x1_post_film": out1, "head1x1_post_film": head1["active"]}.get(key, True)
        if legal and pick(0, 0, 1):
            row[key] = film(bool(pick(0, 1)))
            sizes = {"conv_pre_film": channels, "layer1x1_post_film": channels}
            sizes |= {"head1x1_post_film": head1["out_channels"], "input_mixin_pre_film": condition}
            row[key]["groups"] = _divisor(rng, condition, sizes.get(key, width))
    return row


def _divisor(rng: Any, a: int, b: int) -> int:
    found = [n for n in range(1, 7) if a % n == b % n == 0]
    return int(found[rng.integers(len(found))])
