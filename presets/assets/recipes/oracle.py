"""Runs a shipped `.nam` file in float64 numpy, a second opinion on training and export.

It shares no code with the networks that were trained and reads the file by the format alone:
sizes from the config, weights one after another. It knows the two shapes that ship, no others.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pathlib import Path

Signal = npt.NDArray[np.float64]


class _Reader:
    """Reads the flat weights in order."""

    def __init__(self, weights: list[float]) -> None:
        self.left: Signal = np.asarray(weights, dtype=np.float64)

    def take(self, *shape: int) -> Signal:
        count = int(np.prod(shape))
        if count > self.left.size:
            raise ValueError("the file holds fewer weights than its config asks for")
        head, self.left = self.left[:count], self.left[count:]
        return head.reshape(shape)


def _causal(x: Signal, w: Signal, dilation: int) -> Signal:
    """Convolve channels x time with [out][in][tap]; the last tap meets the current sample."""
    y = np.zeros((w.shape[0], x.shape[1]))
    taps = w.shape[2]
    for k in range(taps):
        delay = (taps - 1 - k) * dilation
        y[:, delay:] += w[:, :, k] @ x[:, : x.shape[1] - delay]
    return y


def _wavenet(config: dict[str, Any], r: _Reader, x: Signal) -> Signal:
    (layer,) = config["layers"]
    c, head = int(layer["channels"]), layer["head"]
    reach = sum((k - 1) * d for k, d in zip(layer["kernel_sizes"], layer["dilations"], strict=True))
    reach += int(head["kernel_size"]) - 1
    # A player starts on settled silence; zeros in front are the same thing.
    condition = np.concatenate([np.zeros(reach), x])[None]
    h = r.take(c, 1) @ condition
    total = np.zeros_like(h)
    for k, d, act in zip(
        layer["kernel_sizes"], layer["dilations"], layer["activation"], strict=True
    ):
        conv, bias, mix = r.take(c, c, k), r.take(c, 1), r.take(c, 1)
        z = _causal(h, conv, d) + bias + mix @ condition
        a = np.where(z > 0.0, z, act["negative_slope"] * z)
        total += a
        h = h + r.take(c, c) @ a + r.take(c, 1)
    y = _causal(total, r.take(1, c, head["kernel_size"]), 1) + r.take(1, 1)
    out: Signal = r.take(1)[0] * y[0, reach:]
    return out


def _lstm(config: dict[str, Any], r: _Reader, x: Signal) -> Signal:
    size = int(config["hidden_size"])
    if config["num_layers"] != 1 or config["input_size"] != 1:
        raise ValueError("the oracle knows LSTMs with one layer and one input")
    gates, bias = r.take(4 * size, 1 + size), r.take(4 * size)
    h, c = r.take(size), r.take(size)
    head, offset = r.take(size), r.take(1)[0]
    from_input, from_state = gates[:, 0], np.ascontiguousarray(gates[:, 1:])
    half = np.full(4 * size, 0.5)  # sigmoid(v) = (1 + tanh(v / 2)) / 2: one tanh for all gates
    half[2 * size : 3 * size] = 1.0
    y = np.empty(x.size)
    for n, sample in enumerate(x):
        t = np.tanh(half * (from_state @ h + from_input * sample + bias))
        i, f = 0.5 + 0.5 * t[:size], 0.5 + 0.5 * t[size : 2 * size]
        c = f * c + i * t[2 * size : 3 * size]
        h = (0.5 + 0.5 * t[3 * size :]) * np.tanh(c)
        y[n] = head @ h + offset
    return y


def run(path: Path, x: Signal) -> Signal:
    """Return the output of the model in `path` for mono audio, started on settled silence."""
    data = json.loads(path.read_text(encoding="utf-8"))
    reader = _Reader(data["weights"])
    forward = {"WaveNet": _wavenet, "LSTM": _lstm}[data["architecture"]]
    y = forward(data["config"], reader, np.asarray(x, dtype=np.float64))
    if reader.left.size:
        raise ValueError(f"{path.name}: {reader.left.size} weights are left over")
    return y


def esr(y: Signal, target: Signal) -> float:
    """Return the error-to-signal ratio sum((y - t)**2) / sum(t**2), without pre-emphasis."""
    return float(np.sum((y - target) ** 2) / np.sum(target**2))
