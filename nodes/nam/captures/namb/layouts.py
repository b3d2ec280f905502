"""The .namb form of fabiohl/nam-rs: a .nam without weights as JSON, then the weights.

Their order is that of a .nam, or one for fast loading: of an LSTM ``[gate][column][unit]`` in place
of ``[gate][unit][column]``; of a WaveNet dense layers ``[in][out]``, and convolutions
``[block of 4 outputs][tap][in][4]``, padded with zeros.
"""

import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .....graph.errors import (
    NamJsonError,
    NamReadError,
    UnsupportedFeatureError,
    WeightCountError,
)
from .....graph.json_text import parse_json
from ...format.checked_json import MAX_WEIGHTS, Fields, too_large
from ...format.lstm import MAX_HIDDEN, MAX_LAYERS
from ...format.wavenet_array import ArrayFile

__all__ = ["read_layouts"]

Json = dict[str, Any]
Floats = NDArray[np.float32]
JSON_AT, RATE_AT = 80, 64
LANES, MAX_ARRAYS = 4, 64


def read_layouts(content: bytes, begin: int, layout: int, quantized: bool) -> Json:
    """Return the values of the equal .nam; ``begin`` is the byte of the first of its weights."""
    if quantized:
        raise UnsupportedFeatureError("its weights are quantized: must be float32")
    rest = len(content) - begin
    if rest % 4:
        raise NamReadError(f"ends within a weight: must have a multiple of 4 bytes, not {rest}")
    if rest // 4 > MAX_WEIGHTS:
        raise too_large(f"has {rest // 4} weights", "weights", rest // 4, MAX_WEIGHTS)
    text = content[JSON_AT:begin].split(b"\0", 1)[0]
    if not text.strip():
        raise UnsupportedFeatureError("has no description of its network: get the .nam")
    values = parse_json(text, NamJsonError)
    root = Fields(values)
    weights = np.frombuffer(content, "<f4", rest // 4, begin)
    orders: dict[tuple[int, str], Callable[[Fields, Floats], Floats]] = {
        (1, "LSTM"): _lstm,
        (2, "WaveNet"): _wavenet,
    }
    order = orders.get((layout, root.text("architecture")))
    if order is not None:
        weights = order(root.fields("config"), weights)
    made = {**values, "weights": weights.tolist()}
    (rate,) = struct.unpack_from("<f", content, RATE_AT)
    if not root.has("sample_rate"):
        made.pop("sample_rate", None)
        if math.isfinite(rate) and rate > 0.0:
            made["sample_rate"] = rate
    return made


class _Taker:
    """Takes weights one after another, each count checked first."""

    def __init__(self, weights: Floats) -> None:
        self.weights, self.taken = weights, 0

    def take(self, *shape: int) -> Floats:
        """Return the next numbers in a shape."""
        begin, count = self.taken, math.prod(shape)
        self.taken += count
        if self.taken > len(self.weights):
            raise WeightCountError(
                f"has {len(self.weights)} weights: config needs {self.taken} at least",
                expected=self.taken,
                found=len(self.weights),
            )
        return self.weights[begin : self.taken].reshape(shape)


def _lstm(config: Fields, weights: Floats) -> Floats:
    hidden = config.integer("hidden_size", 1, MAX_HIDDEN)
    inputs = config.integer("input_size", 1, MAX_HIDDEN)
    taker, made = _Taker(weights), list[Floats]()
    for number in range(config.integer("num_layers", 0, MAX_LAYERS)):
        columns = hidden + (hidden if number else inputs)
        made.append(taker.take(4, columns, hidden).transpose(0, 2, 1).ravel())
        made.append(taker.take(6 * hidden))  # biases, and the state at first
    return np.concatenate([*made, weights[taker.taken :]])


def _wavenet(config: Fields, weights: Floats) -> Floats:
    taker, made = _Taker(weights), list[Floats]()
    for value, path in config.items("layers", MAX_ARRAYS):
        array = ArrayFile(Fields(value, path))
        if not _plain(array):
            raise UnsupportedFeatureError(
                f"{path} has groups, FiLMs, head1x1, a bottleneck or no layer1x1: its weights must"
                " be in the order of a .nam"
            )
        c, condition = array.channels, array.condition
        made.append(taker.take(array.inputs, c).T.ravel())
        for taps, gating in zip(array.taps, array.gatings, strict=True):
            outputs = c if gating == "none" else 2 * c
            made.append(_interleaved(taker, outputs, c, taps))
            made.append(taker.take(outputs))
            made.append(taker.take(condition, outputs).T.ravel())
            made.append(taker.take(c, c).T.ravel())
            made.append(taker.take(c))
        if array.head_taps > 1:
            made.append(_interleaved(taker, array.head_out, c, array.head_taps))
        else:
            made.append(taker.take(c, array.head_out).T.ravel())
        made.append(taker.take(array.head_out if array.head_bias else 0))
    return np.concatenate([*made, weights[taker.taken :]])


def _plain(array: ArrayFile) -> bool:
    """Whether a layer array has the parts alone whose order is described."""
    return (
        array.width == array.channels
        and array.layer1x1 == 1
        and array.head1x1 is None
        and not any(array.films.values())
        and set(array.groups.values()) == {1}
    )


def _interleaved(taker: _Taker, outputs: int, inputs: int, taps: int) -> Floats:
    """Return ``[out][in][tap]`` of ``[block][tap][in][4]``."""
    blocks = -(-outputs // LANES)
    found = taker.take(blocks, taps, inputs, LANES).transpose(0, 3, 2, 1)
    return found.reshape(blocks * LANES, inputs, taps)[:outputs].ravel()
