"""Captures for tests, as RTNeural, AIDA-X and GuitarML write them: seeded random weights.

``play_keras`` and ``play_guitarml`` compute what a file means, in float64, sample by sample and
gate by gate, straight from its lists.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Json", "dense", "guitarml", "keras", "layer", "play_guitarml", "play_keras", "signal"]

Json = dict[str, Any]


def signal(frames: int, seed: int = 3) -> Any:
    """Noise of guitar level, float32."""
    return np.random.default_rng(seed).uniform(-0.5, 0.5, frames).astype(np.float32)


def _some(seed: int, scale: float, *shape: int) -> Any:
    return np.random.default_rng(seed).normal(0.0, scale, shape).astype(np.float32).tolist()


def layer(kind: str, inputs: int, width: int, seed: int = 0, **more: Any) -> Json:
    """A Keras layer of one kind, from ``inputs`` to ``width`` channels."""
    scale, weights = 0.5 / width**0.5, list[Any]()
    if kind in ("lstm", "gru"):
        gates = 4 if kind == "lstm" else 3
        bias = (gates * width,) if kind == "lstm" else (2, gates * width)
        every: Any = [(inputs, gates * width), (width, gates * width), bias]
        weights = [_some(seed + n, scale, *shape) for n, shape in enumerate(every)]
    elif kind == "conv1d":
        shapes: Any = [(more["kernel_size"][0], inputs // more.get("groups", 1), width), (width,)]
        weights = [_some(seed + n, 0.5, *shape) for n, shape in enumerate(shapes)]
    elif kind == "dense":
        weights = [_some(seed, 0.5, inputs, width), _some(seed + 1, 0.2, width)]
    elif kind == "prelu":
        weights = [_some(seed, 0.3, 1, width)]
    elif kind == "batchnorm":
        weights = _some(seed, 0.3, 4, width)
        weights[3] = [abs(v) for v in weights[3]]
    return {"type": kind, "activation": "", "shape": [None, None, width], "weights": weights} | more


def dense(inputs: int, width: int = 1, seed: int = 50, **more: Any) -> Json:
    """A dense layer."""
    return layer("dense", inputs, width, seed, **more)


def keras(*layers: Json, inputs: int = 1, **more: Any) -> Json:
    """A file of Keras layers."""
    return {"in_shape": [None, None, inputs], "layers": list(layers)} | more


def guitarml(hidden: int, depth: int = 1, inputs: int = 1, unit: str = "LSTM", **more: Any) -> Json:
    """A file of GuitarML."""
    rows, state, scale = hidden * {"LSTM": 4, "GRU": 3}[unit], {}, 0.5 / hidden**0.5
    for n in range(depth):
        shapes: Any = {"weight_ih": (rows, hidden if n else inputs), "weight_hh": (rows, hidden)}
        shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        for k, (name, shape) in enumerate(shapes.items()):
            state[f"rec.{name}_l{n}"] = _some(10 * n + k, scale, *shape)
    state |= {"lin.weight": _some(80, 0.5, 1, hidden), "lin.bias": _some(81, 0.2, 1)}
    about = {"model": "SimpleRNN", "unit_type": unit, "input_size": inputs, "output_size": 1}
    about |= {"num_layers": depth, "hidden_size": hidden, "skip": 1, "bias_fl": True} | more
    return {"model_data": about, "state_dict": state}


def _sigmoid(x: Any) -> Any:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def _lstm_step(x: Any, h: Any, c: Any, w: Any, u: Any, b: Any) -> tuple[Any, Any]:
    i, f, g, o = np.split(x @ w + h @ u + b, 4)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _gru_step(x: Any, h: Any, w: Any, u: Any, b: Any, own: Any) -> Any:
    (xz, xr, xn), (hz, hr, hn) = np.split(x @ w + b, 3), np.split(h @ u + own, 3)
    z, r = _sigmoid(xz + hz), _sigmoid(xr + hr)
    return z * h + (1.0 - z) * np.tanh(xn + r * hn)


def _rows(kind: str, x: Any, arrays: Sequence[Any]) -> Any:
    """A recurrent layer on ``(frames, inputs)``."""
    h = c = np.zeros(len(arrays[1]))
    made = []
    for row in x:
        if kind == "lstm":
            h, c = _lstm_step(row, h, c, *arrays)
        else:
            h = _gru_step(row, h, arrays[0], arrays[1], *arrays[2])
        made.append(h)
    return np.array(made)


ACTIVATIONS: dict[str, Any] = {
    "": lambda x: x,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": _sigmoid,
    "elu": lambda x: np.where(x > 0.0, x, np.expm1(np.minimum(x, 0.0))),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
}


def _conv(x: Any, weight: Any, bias: Any, dilation: int, groups: int) -> Any:
    taps, inner, width = weight.shape
    made = np.tile(bias, (len(x), 1))
    for k in range(taps):
        back = (taps - 1 - k) * dilation
        past = np.vstack([np.zeros((min(back, len(x)), x.shape[1])), x[: max(len(x) - back, 0)]])
        for o in range(width):
            first = o * groups // width * inner
            made[:, o] += past[:, first : first + inner] @ weight[k, :, o]
    return made


def play_keras(file: Json, x: Any, *knobs: float) -> Any:
    """What a file makes of a signal, from a zero state."""
    before, after = (10.0 ** (file.get(key, 0.0) / 20.0) for key in ("in_gain", "out_gain"))
    given = before * x.astype(np.float64)
    y = np.column_stack([given, *(np.full(len(x), k) for k in knobs)])
    for row in file["layers"]:
        arrays: Any = [np.array(w, np.float64) for w in row["weights"]]
        kind, name = row["type"], row.get("activation", "")
        if kind in ("lstm", "gru"):
            y, name = _rows(kind, y, arrays), ""
        elif kind == "dense":
            y = y @ arrays[0] + arrays[1]
        elif kind == "conv1d":
            y = _conv(y, arrays[0], arrays[1], row.get("dilation", [1])[0], row.get("groups", 1))
        elif kind == "prelu":
            y = np.where(y > 0.0, y, y * arrays[0])
        elif kind == "batchnorm":
            gamma, beta, mean, variance = arrays
            y = gamma * (y - mean) / np.sqrt(variance + row["epsilon"]) + beta
        y = ACTIVATIONS[name](y)
    return after * (y[:, 0] + (given if file.get("in_skip") else 0.0))


def play_guitarml(file: Json, x: Any, *knobs: float) -> Any:
    """What a file makes of a signal, from a zero state; PyTorch's GRU rows are r, z, n."""
    about, state = file["model_data"], file["state_dict"]
    y = np.column_stack([x.astype(np.float64), *(np.full(len(x), k) for k in knobs)])
    for n in range(about["num_layers"]):
        w, u, b, own = (
            np.array(state[f"rec.{name}_l{n}"], np.float64)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        if about["unit_type"] == "LSTM":
            y = _rows("lstm", y, [w.T, u.T, b + own])
        else:
            h, size = about["hidden_size"], 3 * about["hidden_size"]
            order = [*range(h, 2 * h), *range(h), *range(2 * h, size)]
            y = _rows("gru", y, [w[order].T, u[order].T, (b[order], own[order])])
    y = y @ np.array(state["lin.weight"], np.float64).T + np.array(state["lin.bias"])
    return y[:, 0] + (x if about["skip"] else 0.0)
