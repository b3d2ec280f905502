"""Contents of .nam files with random weights, in the shapes of real captures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["A1", "a1", "array", "count", "lstm", "wavenet", "write"]

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
