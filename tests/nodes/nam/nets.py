"""Models for tests: .nam files of random weights, in any shape."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["A1", "A2_DILATIONS", "A2_TAPS", "container", "lstm", "wavenet", "write"]

Json = dict[str, Any]

POWERS = [2**n for n in range(10)]
SHORT, LONG = POWERS[:7], [128, 256, 512, *POWERS]
A1 = {
    "standard": (16, 8, POWERS, POWERS),
    "lite": (12, 6, SHORT, LONG),
    "feather": (8, 4, SHORT, LONG),
    "nano": (4, 2, SHORT, LONG),
}
"""Channels and dilations of the two arrays (nam-format.md, 2.10)."""
A2_TAPS = [6] * 14 + [15, 15] + [6] * 7
A2_DILATIONS = [1, 3, 7, 17, 41, 101, 239] * 2 + [1, 13] + [1, 3, 7, 17, 41, 101, 239]


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
    """One element of ``config.layers``."""
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
    """Weights of an array (nam-format.md, 2.4)."""
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
    """A WaveNet of these arrays, tame enough to compare in float32."""
    rng = np.random.default_rng(seed)
    weights = []
    for row in rows:
        # About the variance that keeps a signal's level from layer to layer.
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
    """One of the four sizes of the first generation."""
    wide, narrow, first, second = A1[name]
    return wavenet(
        array(wide, first, head=narrow, bias=False),
        array(narrow, second, inputs=wide),
        seed=seed,
    )


def a2(channels: int, seed: int = 0) -> Json:
    """A network of the second generation: 3 channels (lite) or 8 (full)."""
    leaky = [{"type": "LeakyReLU", "negative_slope": 0.01}] * len(A2_TAPS)
    return wavenet(
        array(channels, A2_DILATIONS, taps=A2_TAPS, activation=leaky, head_taps=16), seed=seed
    )


def lstm(
    hidden: int,
    depth: int,
    seed: int = 0,
    rate: float | None = 48_000,
    channels: tuple[int, int] = (1, 1),
) -> Json:
    """An LSTM that does not start from silence; ``channels`` in and out."""
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


def container(*models: Json, limits: Sequence[float] = (0.5, 1.0)) -> Json:
    """Models as sizes of one."""
    rows = [{"max_value": v, "model": m} for v, m in zip(limits, models, strict=True)]
    return {
        "version": "0.7.0",
        "architecture": "SlimmableContainer",
        "config": {"submodels": rows},
        "weights": [],
        "sample_rate": 48_000,
    }


def write(folder: Path, model: Any, name: str = "model.nam") -> str:
    """Write a model to a file; return its path."""
    path = folder / name
    path.write_text(json.dumps(model))
    return str(path)
