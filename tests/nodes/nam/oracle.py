"""What a .nam model computes, in float64 and plain numpy, straight from the file's flat list.

Written from the format's description and sharing no code with the package: weights are cut here a
second time, so that a mistake would have to be made twice.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ACTIVATIONS", "activation", "play"]

Signal = NDArray[np.float64]


def sigmoid(x: Signal) -> Signal:
    return np.asarray(0.5 * np.tanh(0.5 * x) + 0.5)


def leaky_hardtanh(x: Signal, lo: float, hi: float, below: float, above: float) -> Signal:
    return np.where(x < lo, (x - lo) * below + lo, np.where(x > hi, (x - hi) * above + hi, x))


def fast_tanh(x: Signal) -> Signal:
    p, q0, q1 = 2.45550750702956, 0.893229853513558, 0.821226666969744
    r, s = 2.44506634652299, 0.814642734961073
    a = abs(x)
    return np.asarray(
        x * (p + p * a + (q0 + q1 * a) * x**2) / (r + (r + x**2) * abs(x + s * x * a))
    )


ACTIVATIONS: dict[str, Any] = {
    "Tanh": np.tanh,
    "Fasttanh": fast_tanh,
    "Hardtanh": lambda x: np.clip(x, -1, 1),
    "ReLU": lambda x: np.maximum(x, 0),
    "Sigmoid": sigmoid,
    "SiLU": lambda x: x * sigmoid(x),
    "Hardswish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "Softsign": lambda x: x / (1 + abs(x)),
}


def activation(spec: Any, x: Signal) -> Signal:
    """Apply an activation as a file names it to ``(channels, frames)``."""
    spec = {"type": spec} if isinstance(spec, str) else spec
    name = spec["type"]
    if name in ("LeakyReLU", "PReLU"):
        one = spec.get("negative_slope")
        slopes = [one] if one is not None else spec.get("negative_slopes", [0.01])
        column = np.array([slopes[c % len(slopes)] for c in range(len(x))])[:, None]
        return np.where(x > 0, x, column * x)
    if name in ("LeakyHardtanh", "LeakyHardTanh"):
        defaults = {"min_val": -1.0, "max_val": 1.0, "min_slope": 0.01, "max_slope": 0.01}
        return leaky_hardtanh(x, *(spec.get(k, v) for k, v in defaults.items()))
    return np.asarray(ACTIVATIONS[name](x))


class Cutter:
    """The flat list, cut from the front."""

    def __init__(self, weights: list[float]) -> None:
        self.rest = np.array(weights, np.float32).astype(np.float64)

    def __call__(self, *shape: int) -> Signal:
        size = int(np.prod(shape))
        piece, self.rest = self.rest[:size], self.rest[size:]
        return piece.reshape(shape)


def conv(x: Signal, weight: Signal, bias: Signal | None, dilation: int) -> Signal:
    """Causal, with silence before the first frame."""
    taps, frames = weight.shape[2], x.shape[1]
    padded = np.pad(x, ((0, 0), ((taps - 1) * dilation, 0)))
    y = sum(weight[:, :, k] @ padded[:, k * dilation :][:, :frames] for k in range(taps))
    return np.asarray(y if bias is None else y + bias[:, None])


def play(model: dict[str, Any], signal: NDArray[np.float32]) -> Signal:
    """Run a model from its start (an unprimed WaveNet has heard silence without end)."""
    cut = Cutter(model["weights"])
    run = {"WaveNet": wavenet, "LSTM": lstm}[model["architecture"]]
    y = run(model["config"], cut, signal.astype(np.float64))
    assert cut.rest.size == 0
    return y


def per_layer(row: dict[str, Any]) -> Iterator[tuple[int, int, Any]]:
    dilations = row["dilations"]
    taps = row.get("kernel_sizes") or [row["kernel_size"]] * len(dilations)
    spec = row["activation"]
    kinds = spec if isinstance(spec, list) else [spec] * len(dilations)
    return zip(taps, dilations, kinds, strict=True)


def wavenet(config: dict[str, Any], cut: Cutter, signal: Signal) -> Signal:
    condition = x = signal[None]
    head: Any = 0.0
    for row in config["layers"]:
        c = row["channels"]
        x = conv(x, cut(c, row["input_size"], 1), None, 1)
        for taps, dilation, kind in per_layer(row):
            z = conv(x, cut(c, c, taps), cut(c), dilation)
            a = activation(kind, z + conv(condition, cut(c, 1, 1), None, 1))
            x = x + conv(a, cut(c, c, 1), cut(c), 1)
            head = head + a
        end = row.get("head") or {"out_channels": row["head_size"], "bias": row["head_bias"]}
        weight = cut(end["out_channels"], c, end.get("kernel_size", 1))
        bias = cut(end["out_channels"]) if end["bias"] else None
        head = conv(head, weight, bias, end.get("head_dilation", 1))
    return np.asarray(cut(1)[0] * head[0])


def lstm(config: dict[str, Any], cut: Cutter, signal: Signal) -> Signal:
    hidden, depth = config["hidden_size"], config["num_layers"]
    layers = []
    for number in range(depth):
        columns = (hidden if number else 1) + hidden
        layers.append([cut(4 * hidden, columns), cut(4 * hidden), cut(hidden), cut(hidden)])
    weight, bias = cut(hidden), cut(1)[0]
    out = np.zeros(signal.size)
    for t, x in enumerate(signal):
        fed = np.array([x])
        for layer in layers:
            w, b, h, c = layer
            i, f, g, o = (w @ np.concatenate([fed, h]) + b).reshape(4, hidden)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            fed = sigmoid(o) * np.tanh(c)
            layer[2:] = fed, c
        out[t] = weight @ fed + bias if layers else x
    return out
