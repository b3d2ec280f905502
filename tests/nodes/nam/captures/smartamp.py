"""SmartAmp and SmartAmpPro models for tests, and what they mean, in float64 from their lists."""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["play_smartamp", "play_smartamp_pro", "smartamp", "smartamp_pro"]

Json = dict[str, Any]


def smartamp(
    channels: int,
    dilations: Sequence[int],
    activation: str = "gated",
    taps: int = 3,
    seed: int = 0,
    text: bool = True,
) -> Json:
    """A SmartAmp model; numbers as text, as the plugin's own files have them."""
    rng, rows = np.random.default_rng(seed), list[Json]()
    middle = channels * (2 if "gated" in activation else 1)

    def add(number: int, name: str, *shape: int) -> None:
        scale = 0.5 if len(shape) == 1 else 0.9 / np.prod(shape[:-1]) ** 0.5
        data = rng.normal(0.0, scale, shape).astype(np.float32).ravel().tolist()
        rows.append(
            {"layer_idx": number, "data": [*map(str, data)] if text else data, "name": name}
        )

    add(-1, "W", 1, 1, channels)
    add(-1, "b", channels)
    for number in range(len(dilations)):
        add(number, "W_conv", taps, channels, middle)
        add(number, "b_conv", middle)
        add(number, "W_out", 1, channels, channels)
        add(number, "b_out", channels)
    add(len(dilations), "W", 1, channels * len(dilations), 1)
    add(len(dilations), "b", 1)
    return {
        "level_adjust": 10.0,
        "activation": activation,
        "output_channels": 1,
        "input_channels": 1,
        "residual_channels": channels,
        "filter_width": taps,
        "dilations": list(dilations),
        "variables": rows,
    }


def _sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def _softsign(x: Any) -> Any:
    return x / (1.0 + np.abs(x))


def play_smartamp(file: Json, x: Any) -> Any:
    """The output for an input, from a history of zeros; sums written out tap by tap."""
    found = {
        (row["layer_idx"], row["name"]): np.array([float(v) for v in row["data"]])
        for row in file["variables"]
    }
    width, taps, dilations = (
        file[key] for key in ("residual_channels", "filter_width", "dilations")
    )
    signal = np.outer(x.astype(np.float64), found[-1, "W"]) + found[-1, "b"]
    skips = []
    for number, dilation in enumerate(dilations):
        kernel = found[number, "W_conv"].reshape(taps, width, -1)
        z = np.tile(found[number, "b_conv"], (len(x), 1))
        for tap in range(taps):
            back = (taps - 1 - tap) * dilation
            late = np.zeros_like(signal)
            late[back:] = signal[: len(signal) - back]
            z = z + late @ kernel[tap]
        plain: dict[str, Any] = {"tanh": np.tanh, "sigmoid": _sigmoid, "softsign": _softsign,
                 "relu": lambda v: np.maximum(v, 0.0), "linear": lambda v: v}  # fmt: skip
        if file["activation"] == "gated":
            a = np.tanh(z[:, :width]) * _sigmoid(z[:, width:])
        elif file["activation"] == "softgated":
            a = _softsign(z[:, :width]) * _softsign(z[:, width:])
        else:
            a = plain[file["activation"]](z)
        skips.append(a)
        out = found[number, "W_out"].reshape(width, width)
        signal = signal + a @ out + found[number, "b_out"]
    last = len(dilations)
    return np.concatenate(skips, axis=1) @ found[last, "W"] + found[last, "b"]


def smartamp_pro(
    window: int = 24,
    strides: tuple[int, int] = (4, 6),
    sizes: tuple[int, int] = (4, 6),
    channels: tuple[int, int] = (3, 4),
    hidden: int = 5,
    seed: int = 0,
) -> Json:
    """A SmartAmpPro model."""
    rng = np.random.default_rng(seed)

    def some(scale: float, *shape: int) -> Any:
        return rng.normal(0.0, scale, shape).astype(np.float32).tolist()

    first, second = channels
    return {
        "conv1d": {"bias:0": some(0.1, first), "kernel:0": some(0.6, sizes[0], 1, first)},
        "conv1d_1": {"bias:0": some(0.1, second), "kernel:0": some(0.4, sizes[1], first, second)},
        "dense": {"bias:0": some(0.1, 1), "kernel:0": some(0.5, hidden, 1)},
        "lstm": {
            "lstm_cell": {},
            "kernel:0": some(0.6, second, 4 * hidden),
            "bias:0": some(0.3, 4 * hidden),
        },
        "input_size": window,
        "conv1d_stride": strides[0],
        "conv1d_1_stride": strides[1],
    }


def _same(x: Any, kernel: Any, bias: Any, stride: int) -> Any:
    """Keras's Conv1D with padding "same", of ``[frame][channel]``."""
    size, count = len(kernel), -(-len(x) // stride)
    pad = max((count - 1) * stride + size - len(x), 0)
    padded = np.pad(x, ((pad // 2, pad - pad // 2), (0, 0)))
    rows = [padded[n * stride : n * stride + size] for n in range(count)]
    return np.stack([np.einsum("kc,kco->o", row, kernel) for row in rows]) + bias


def play_smartamp_pro(file: Json, x: Any) -> Any:
    """The output for an input, from a history of zeros: each sample from its own window."""
    get: Any = {
        name: [np.array(file[name][key], np.float64) for key in ("kernel:0", "bias:0")]
        for name in ("conv1d", "conv1d_1", "lstm", "dense")
    }
    window, made = file["input_size"], []
    before = np.concatenate([np.zeros(window - 1), x.astype(np.float64)])
    for t in range(len(x)):
        signal = before[t : t + window, None]
        for name in ("conv1d", "conv1d_1"):
            kernel, bias = get[name]
            signal = _same(signal, kernel, bias, file[f"{name}_stride"])
        i, _, g, o = np.split(signal[0] @ get["lstm"][0] + get["lstm"][1], 4)
        h = _sigmoid(o) * np.tanh(_sigmoid(i) * np.tanh(g))
        made.append(h @ get["dense"][0][:, 0] + get["dense"][1][0])
    return np.array(made)
