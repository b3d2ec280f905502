"""Random captures of other makers, with every layer that is read, small ones."""

import random
from collections.abc import Callable
from typing import Any

from ..nodes.nam.captures.files import Json, dense, guitarml, keras, layer
from ..nodes.nam.captures.smartamp import smartamp, smartamp_pro

__all__ = ["KINDS", "capture"]


ACTIVATIONS = ["", "tanh", "relu", "sigmoid", "elu", "softmax"]


def capture(rng: random.Random, kind: str = "") -> Json:
    """Return a file that plays, of a kind in ``KINDS`` or of any."""
    inputs = rng.choice([1, 1, 1, 2, 3])
    made = KINDS[kind or rng.choice([*KINDS, "keras"])](rng, inputs)
    if rng.random() < 0.3:
        made["metadata"] = {"name": "x", "samplerate": rng.choice(["44100", 48_000, None])}
    return made


def _guitarml(rng: random.Random, inputs: int) -> Json:
    unit = rng.choice(["LSTM", "LSTM", "GRU"])
    return guitarml(rng.randint(1, 9), rng.randint(1, 3), inputs, unit, skip=rng.randint(0, 1))


def _smartamp(rng: random.Random, inputs: int) -> Json:
    activation = rng.choice(["gated", "gated", "softgated", "tanh", "relu", "linear", "sigmoid"])
    dilations = [rng.choice([1, 2, 5, 64]) for _ in range(rng.randint(1, 4))]
    sizes = rng.randint(1, 4), rng.randrange(1 << 20), rng.random() < 0.5
    return smartamp(rng.randint(1, 6), dilations, activation, *sizes)


def _smartamp_pro(rng: random.Random, inputs: int) -> Json:
    first, second = rng.randint(1, 5), rng.randint(1, 5)
    window = rng.randint(max(1, first * (second - 1) + 1), first * second)
    channels, hidden = (rng.randint(1, 4), rng.randint(1, 4)), rng.randint(1, 6)
    strides = first, second
    return smartamp_pro(window, strides, strides, channels, hidden, rng.randrange(1 << 20))


def _keras(rng: random.Random, inputs: int) -> Json:
    rows, width = list[Json](), inputs
    kinds = ["lstm", "gru", "dense", "conv1d", "prelu", "batchnorm"]
    for n in range(rng.randint(1, 4)):
        kind = rng.choice(kinds if n or inputs == 1 else kinds[:4])
        to = width if kind in ("prelu", "batchnorm") else rng.randint(1, 7)
        more: dict[str, Any] = {}
        if kind == "conv1d":
            more = {"kernel_size": [rng.randint(1, 4)], "dilation": [rng.choice([1, 2, 9])]}
        if kind == "batchnorm":
            more = {"epsilon": 0.01}
        if kind in ("dense", "conv1d"):
            more["activation"] = rng.choice(ACTIVATIONS)
        rows.append(layer(kind, width, to, rng.randrange(1 << 20), **more))
        width = to
    made = keras(*rows, dense(width), inputs=inputs)
    for key, value in (("in_skip", 1), ("in_gain", 3.0), ("out_gain", -6.0)):
        if rng.random() < 0.3:
            made[key] = value
    if rng.random() < 0.2:
        made |= {"input_batch": [0.0, 0.5, 0.25], "output_batch": [0.1, 0.2, 0.3]}
    return made


KINDS: dict[str, Callable[[random.Random, int], Json]] = {
    "keras": _keras,
    "guitarml": _guitarml,
    "smartamp": _smartamp,
    "smartamp_pro": _smartamp_pro,
}
