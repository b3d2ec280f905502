"""Contents of model files with random weights, in the shapes of real captures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "A1",
    "A2_DILATIONS",
    "A2_TAPS",
    "a1",
    "a2",
    "array",
    "convnet",
    "count",
    "gru",
    "linear",
    "lstm",
    "wavenet",
    "write",
]

Json = dict[str, Any]

POWERS = [2**n for n in range(10)]
SHORT, LONG = POWERS[:7], [128, 256, 512, *POWERS]
A1 = {
    "standard": (16, 8, POWERS, POWERS),
    "lite": (12, 6, SHORT, LONG),
    "feather": (8, 4, SHORT, LONG),
    "nano": (4, 2, SHORT, LONG),
}
"""Channels and dilations of the two arrays of each size of the first generation."""
A2_TAPS = [6] * 14 + [15, 15] + [6] * 7
A2_DILATIONS = [1, 3, 7, 17, 41, 101, 239] * 2 + [1, 13] + [1, 3, 7, 17, 41, 101, 239]
"""Taps and dilations of the layers of the second generation."""


def array(
    channels: int,
    dilations: Sequence[int],
    *,
    inputs: int = 1,
    taps: int | Sequence[int] = 3,
    activation: Any = "Tanh",
    head: int = 1,
    head_taps: int = 1,
    head_dilation: int = 1,
    bias: bool = True,
) -> Json:
    """Return one layer array, an element of ``config.layers``."""
    sizes = {"kernel_size": taps} if isinstance(taps, int) else {"kernel_sizes": list(taps)}
    ends: Json = {"head_size": head, "head_bias": bias}
    if head_taps > 1:
        inner = {"out_channels": head, "kernel_size": head_taps, "bias": bias}
        ends = {"head": inner | {"head_dilation": head_dilation}}
    return {
        "input_size": inputs,
        "condition_size": 1,
        "channels": channels,
        "dilations": list(dilations),
        "activation": activation,
        **sizes,
        **ends,
    }


def count(row: Json) -> int:
    """Return the number of weights of a layer array."""
    c, layers = row["channels"], len(row["dilations"])
    taps = row.get("kernel_sizes") or [row["kernel_size"]] * layers
    ends = row.get("head") or {
        "out_channels": row["head_size"],
        "kernel_size": 1,
        "bias": row["head_bias"],
    }
    inner = sum(c * c * k + c + c + c * c + c for k in taps)
    out = int(ends["out_channels"])
    return int(c * row["input_size"] + inner + out * (c * ends["kernel_size"] + ends["bias"]))


def wavenet(*rows: Json, seed: int = 0, rate: float | None = 48_000, loud: float = 1.0) -> Json:
    """Return a WaveNet of layer arrays, with levels that suit comparison in float32."""
    rng = np.random.default_rng(seed)
    weights = []
    for row in rows:
        # About the variance that keeps the level constant from layer to layer.
        scale = 0.5 / np.sqrt(row["channels"] * 3)
        weights += list(rng.normal(0, scale, count(row)))
    made: Json = {
        "version": "0.5.4",
        "architecture": "WaveNet",
        "config": {"layers": list(rows), "head": None, "head_scale": 0.02},
        "weights": [float(np.float32(w)) for w in [*weights, loud]],
    }
    return made if rate is None else made | {"sample_rate": rate}


def a1(name: str, seed: int = 0) -> Json:
    """Return one of the four sizes of the first generation, by its name in ``A1``."""
    wide, narrow, first, second = A1[name]
    return wavenet(
        array(wide, first, head=narrow, bias=False),
        array(narrow, second, inputs=wide),
        seed=seed,
    )


def a2(channels: int, seed: int = 0) -> Json:
    """Return a network of the second generation: of 3 channels (lite) or 8 (full)."""
    leaky = [{"type": "LeakyReLU", "negative_slope": 0.01}] * len(A2_TAPS)
    return wavenet(
        array(channels, A2_DILATIONS, taps=A2_TAPS, activation=leaky, head_taps=16), seed=seed
    )


def convnet(channels: int, dilations: Sequence[int], seed: int = 0) -> Json:
    """Return a ConvNet without batch norm: two taps in each layer, tanh between them."""
    rng, weights, inputs = np.random.default_rng(seed), list[float](), 1
    for _ in dilations:
        weights += list(rng.normal(0, 1 / np.sqrt(2 * inputs), 2 * channels * inputs))
        weights += list(rng.normal(0, 0.1, channels))
        inputs = channels
    weights += list(rng.normal(0, 0.5 / np.sqrt(channels), channels + 1))
    config = {"channels": channels, "dilations": list(dilations)}
    return _file("ConvNet", config | {"batchnorm": False, "activation": "Tanh"}, weights)


def linear(taps: int, seed: int = 0) -> Json:
    """Return a Linear, an impulse response that decays by 60 dB."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 0.1, taps) * 10.0 ** (-3.0 * np.arange(taps) / taps)
    return _file("Linear", {"receptive_field": taps, "bias": False}, list(weights))


def _file(architecture: str, config: Json, weights: Sequence[float]) -> Json:
    made = {"version": "0.5.4", "architecture": architecture, "config": config}
    return made | {"weights": [float(np.float32(w)) for w in weights], "sample_rate": 48_000}


def gru(hidden: int, depth: int = 1, seed: int = 0) -> Json:
    """Return GRU layers and a dense layer, as Keras keeps them (AIDA-X, RTNeural)."""
    rng = np.random.default_rng(seed)

    def weights(*shape: int) -> Any:
        return rng.normal(0, 1.0 / np.sqrt(shape[0]), shape).astype(np.float32).tolist()

    layers: list[Json] = []
    for number in range(depth):
        kept = [weights(hidden if number else 1, 3 * hidden), weights(hidden, 3 * hidden)]
        bias = rng.normal(0, 0.1, (2, 3 * hidden)).tolist()
        row = {"type": "gru", "activation": "", "shape": [None, None, hidden]}
        layers.append({**row, "weights": [*kept, bias]})
    dense = {"type": "dense", "activation": "", "shape": [None, None, 1]}
    layers.append({**dense, "weights": [weights(hidden, 1), [0.0]]})
    return {"in_shape": [None, None, 1], "samplerate": 48_000, "layers": layers}


def lstm(
    hidden: int,
    depth: int,
    seed: int = 0,
    rate: float | None = 48_000,
    channels: tuple[int, int] = (1, 1),
) -> Json:
    """Return an LSTM with random initial states; ``channels`` are in and out."""
    inputs, outputs = channels
    rng = np.random.default_rng(seed)
    weights: list[float] = []
    for number in range(depth):
        columns = (hidden if number else inputs) + hidden
        scale = 1.5 / np.sqrt(columns)
        weights += list(rng.normal(0, scale, 4 * hidden * columns + 4 * hidden))
        weights += list(rng.normal(0, 0.3, 2 * hidden))
    weights += list(rng.normal(0, 1 / np.sqrt(hidden), outputs * (hidden + 1)))
    wide = {} if channels == (1, 1) else {"in_channels": inputs, "out_channels": outputs}
    made: Json = {
        "version": "0.5.4",
        "architecture": "LSTM",
        "config": {"input_size": inputs, "hidden_size": hidden, "num_layers": depth} | wide,
        "weights": [float(np.float32(w)) for w in weights],
    }
    return made if rate is None else made | {"sample_rate": rate}


def write(folder: Path, model: Any, name: str = "model.nam") -> str:
    """Write a model to a file; return its path."""
    path = folder / name
    path.write_text(json.dumps(model))
    return str(path)
