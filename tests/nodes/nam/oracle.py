"""Reference output of a .nam model in float64 NumPy, from the flat list of weights in the file.

Written from the description of the format (nam-format.md) and without code of the package, so that
a mistake would have to be made twice.  WaveNets are in oracle_wavenet.py.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ACTIVATIONS", "Cutter", "Signal", "activation", "conv", "play", "run"]

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
    """The flat list of weights, taken from the front."""

    def __init__(self, weights: list[float]) -> None:
        self.rest = np.array(weights, np.float32).astype(np.float64)

    def __call__(self, *shape: int) -> Signal:
        size = int(np.prod(shape))
        piece, self.rest = self.rest[:size], self.rest[size:]
        return piece.reshape(shape)


def conv(x: Signal, weight: Signal, bias: Signal | None, dilation: int, groups: int = 1) -> Signal:
    """Causal convolution, with silence before the first frame."""
    taps, frames = weight.shape[2], x.shape[1]
    padded = np.pad(x, ((0, 0), ((taps - 1) * dilation, 0)))
    parts = []
    for rows, seen in zip(np.split(weight, groups), np.split(padded, groups), strict=True):
        pieces = [seen[:, k * dilation :][:, :frames] for k in range(taps)]
        parts.append(sum(rows[:, :, k] @ pieces[k] for k in range(taps)))
    y = np.concatenate(parts)
    return np.asarray(y if bias is None else y + bias[:, None])


def play(model: dict[str, Any], signal: NDArray[np.float32]) -> Signal:
    """Run a model from its initial state (of a WaveNet: that after infinite silence).

    One channel comes back as a signal of one dimension.
    """
    y = run(model, np.atleast_2d(signal).astype(np.float64))
    return y[0] if len(y) == 1 else y


def run(model: dict[str, Any], x: Signal) -> Signal:
    """Run a model on ``(channels, frames)``."""
    cut = Cutter(model["weights"])
    y = part(model["architecture"], model["config"], cut, x)
    assert cut.rest.size == 0
    return y


def part(name: str, config: dict[str, Any], cut: Cutter, x: Signal) -> Signal:
    """Run one architecture with weights cut from a list that may hold more than its own."""
    from .oracle_wavenet import wavenet

    if name == "Sequential":
        for inner in config["models"]:
            x = run(inner, x)
        return x
    runs = {"WaveNet": wavenet, "LSTM": lstm, "ConvNet": convnet, "Linear": linear}
    return runs[name](config, cut, x)


def lstm(config: dict[str, Any], cut: Cutter, signal: Signal) -> Signal:
    hidden, depth = config["hidden_size"], config["num_layers"]
    layers = []
    for number in range(depth):
        columns = (hidden if number else config["input_size"]) + hidden
        layers.append([cut(4 * hidden, columns), cut(4 * hidden), cut(hidden), cut(hidden)])
    outputs = config.get("out_channels", 1)
    weight, bias = cut(outputs, hidden), cut(outputs)
    out = np.zeros((outputs, signal.shape[1]))
    for t, fed in enumerate(signal.T):
        for layer in layers:
            w, b, h, c = layer
            i, f, g, o = (w @ np.concatenate([fed, h]) + b).reshape(4, hidden)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            fed = sigmoid(o) * np.tanh(c)
            layer[2:] = fed, c
        out[:, t] = weight @ fed + bias if layers else fed
    return out


def convnet(config: dict[str, Any], cut: Cutter, x: Signal) -> Signal:
    c, groups = config["channels"], config.get("groups", 1)
    for dilation in config["dilations"]:
        weight = cut(c, len(x) // groups, 2)
        bias = None if config["batchnorm"] else cut(c)
        x = conv(x, weight, bias, dilation, groups)
        if config["batchnorm"]:
            mean, variance, gamma, beta = (cut(c)[:, None] for _ in range(4))
            scale = gamma / np.sqrt(cut(1)[0] + variance)
            x = scale * x + (beta - scale * mean)
        x = activation(config["activation"], x)
    outputs = config.get("out_channels", 1)
    return conv(x, cut(outputs, c, 1), cut(outputs), 1)


def linear(config: dict[str, Any], cut: Cutter, x: Signal) -> Signal:
    """Convolve by FFT, one response per path (NAM Core 0.6.0, docs/linear.rst)."""
    inputs, outputs = len(x), config.get("out_channels", 1)
    alike = inputs == outputs
    responses = [cut(config["receptive_field"]) for _ in range(1 if alike else inputs * outputs)]
    bias = cut(1 if alike else outputs) if config["bias"] else np.zeros(1)
    size = x.shape[1] + config["receptive_field"]
    heard = np.fft.rfft(x, size)
    y = np.zeros((outputs, x.shape[1]))
    for o in range(outputs):
        for i in [o] if alike else range(inputs):
            response = responses[0 if alike else o + i]
            y[o] += np.fft.irfft(heard[i] * np.fft.rfft(response, size), size)[: x.shape[1]]
        y[o] += bias[o % len(bias)]
    return y
