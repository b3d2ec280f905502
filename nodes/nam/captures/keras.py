"""Read Keras layers as JSON: the files of RTNeural's converter, and of AIDA-X.

The arrays are those of Keras (``get_weights``); facts by RTNeural's ``model_loader.h`` (BSD-3).
AIDA-X adds ``in_gain`` and ``out_gain`` in dB, ``in_skip``, ``samplerate`` and a batch of samples
that the model turns into another.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....graph.errors import (
    ActivationError,
    FieldValueError,
    UnsupportedArchitectureError,
    UnsupportedFeatureError,
)
from ..format.checked_json import Fields, as_integer, fault, format_json
from ..format.wavenet_array import MAX_DILATION, MAX_TAPS
from ..model.captures import Softmax
from ..model.networks import Activation, Conv
from ..model.wavenet import Gained, Network
from .arrays import Arrays, flat_numbers
from .layers import Recurrent, gru_layer, join_layers, lstm_layer

__all__ = ["keras_architecture", "read_batch", "read_keras"]

MAX_WIDTH = 512
MAX_LAYERS = 256
MAX_DB = 200.0
SILENT_DB = -90.0
"""AIDA-X takes a gain this low, or lower, as none at all."""
ACTIVATIONS = {"tanh": "tanh", "relu": "relu", "sigmoid": "sigmoid", "elu": "elu"}
KNOWN = (*ACTIVATIONS, "softmax")
NOTHING = ("", "linear")
Layers = list[Recurrent | Conv | Activation | Softmax]


def read_keras(root: Fields) -> Network:
    """Return the network of a file; ``NamFileError`` if a layer or a weight is wrong."""
    inputs = _last(root, "in_shape")
    layers, arrays, width = Layers(), Arrays(), inputs
    for value, path in root.items("layers", MAX_LAYERS):
        row = Fields(value, path)
        kind = row.text("type")
        if kind not in READERS:
            raise UnsupportedArchitectureError(
                f"{row.at('type')} is {format_json(kind)}, a layer that is not played: must be one"
                f" of {', '.join(READERS)}",
                architecture=kind,
                supported=tuple(READERS),
            )
        made, width = READERS[kind](row, width, arrays)
        layers += made
    if not any(isinstance(layer, Recurrent | Conv) for layer in layers):
        raise fault(root.at("layers"), root.raw("layers"), "a list with a layer that has weights")
    if width > 1 and width != inputs:
        last = f"{root.at('layers')}[{len(root.raw('layers')) - 1}].shape"
        raise fault(last, width, f"1, or {inputs} as in_shape, in the last layer")
    network = join_layers(layers, inputs, width)
    skip = bool(root.integer("in_skip", 0, 1, 0)) if root.has("in_skip") else False
    before, after = _gain(root, "in_gain"), _gain(root, "out_gain")
    plain = not skip and before == after == 1.0
    return network if plain else Gained(network, before, after, skip)


def keras_architecture(root: Fields) -> str:
    """Return the name of the network: that of its recurrent or convolutional layers, or Dense."""
    kinds = [row.get("type") for row in root.raw("layers")]
    names = {"lstm": "LSTM", "gru": "GRU", "conv1d": "Conv1D"}
    return next((name for kind, name in names.items() if kind in kinds), "Dense")


def read_batch(root: Fields, network: Network) -> tuple[Any, Any] | None:
    """Return ``input_batch`` and ``output_batch``, if there are both, of a model without knobs."""
    if not (root.has("input_batch") and root.has("output_batch")):
        return None
    given, made = (
        flat_numbers(root.raw(key), root.at(key)) for key in ("input_batch", "output_batch")
    )
    if len(given) != len(made):
        found = f"{root.at('output_batch')} has {len(made)} numbers"
        allowed = f"{len(given)}, as input_batch"
        raise FieldValueError(
            f"{found}: must have {allowed}", field="output_batch", allowed=allowed
        )
    return (given, made) if network.inputs == network.outputs == 1 else None


def _last(row: Fields, key: str) -> int:
    """Return the last number of a shape such as ``[null, null, 1]``."""
    items = list(row.items(key, 4))
    return as_integer(*items[-1], 1, MAX_WIDTH)


def _size(row: Fields, key: str, most: int) -> int:
    """Return a whole number, or the last of a list of them."""
    value = row.raw(key)
    if isinstance(value, list):
        return as_integer(*list(row.items(key, 4))[-1], 1, most)
    return row.integer(key, 1, most)


def _gain(root: Fields, key: str) -> float:
    if not root.has(key):
        return 1.0
    level = root.number(key, -MAX_DB, MAX_DB)
    return float(np.float32(10.0 ** (level / 20.0))) if level > SILENT_DB else 0.0


def _weights(row: Fields, *counts: int) -> list[tuple[Any, str]]:
    """Return the arrays of a layer, each with its path; their number must be one of ``counts``."""
    value, path = row.raw("weights"), row.at("weights")
    if not isinstance(value, list) or len(value) not in counts:
        raise fault(path, value, f"a list of {' or '.join(map(str, counts))} arrays")
    return [(array, f"{path}[{n}]") for n, array in enumerate(value)]


def _activation(row: Fields) -> list[Activation | Softmax]:
    """Return the activation of a layer, if it has one."""
    name = row.text("activation") if row.has("activation") else ""
    if name in NOTHING:
        return []
    if name == "softmax":
        return [Softmax()]
    if name not in ACTIVATIONS:
        raise ActivationError(
            f"{row.at('activation')} is {format_json(name)}: must be one of {', '.join(KNOWN)}",
            activation=name,
            supported=KNOWN,
        )
    return [Activation(ACTIVATIONS[name])]


def _only_tanh(row: Fields) -> None:
    name = row.text("activation") if row.has("activation") else ""
    if name not in ("", "tanh"):
        raise ActivationError(
            f"{row.at('activation')} is {format_json(name)}: must be tanh in a recurrent layer",
            activation=name,
            supported=("tanh",),
        )


def _lstm(row: Fields, inputs: int, arrays: Arrays) -> tuple[Layers, int]:
    hidden = _last(row, "shape")
    _only_tanh(row)
    kernel, recurrent, bias = _weights(row, 3)
    weight = arrays.take(*kernel, inputs, 4 * hidden)
    own = arrays.take(*recurrent, hidden, 4 * hidden)
    return [lstm_layer(weight.T, own.T, arrays.take(*bias, 4 * hidden))], hidden


def _gru(row: Fields, inputs: int, arrays: Arrays) -> tuple[Layers, int]:
    hidden = _last(row, "shape")
    _only_tanh(row)
    kernel, recurrent, bias = _weights(row, 3)
    if isinstance(bias[0], list) and len(bias[0]) == 3 * hidden:
        raise UnsupportedFeatureError(
            f"{bias[1]} has one row of biases (reset_after=False): must have two, as with"
            " reset_after=True, the default of Keras"
        )
    weight = arrays.take(*kernel, inputs, 3 * hidden)
    own = arrays.take(*recurrent, hidden, 3 * hidden)
    both = arrays.take(*bias, 2, 3 * hidden)
    return [gru_layer(weight.T, own.T, both[0], both[1])], hidden


def _dense(row: Fields, inputs: int, arrays: Arrays) -> tuple[Layers, int]:
    width = _last(row, "shape")
    found = _weights(row, 1, 2)
    weight = arrays.take(*found[0], inputs, width)
    bias = arrays.take(*found[1], width) if len(found) == 2 else None
    return [Conv(weight.T[:, :, None], bias), *_activation(row)], width


def _conv1d(row: Fields, inputs: int, arrays: Arrays) -> tuple[Layers, int]:
    width, taps = _last(row, "shape"), _size(row, "kernel_size", MAX_TAPS)
    dilation = _size(row, "dilation", MAX_DILATION) if row.has("dilation") else 1
    groups = row.integer("groups", 1, MAX_WIDTH, 1)
    if row.has("strides") and _size(row, "strides", MAX_TAPS) != 1:
        raise UnsupportedFeatureError(f"{row.at('strides')} is above 1: must be 1")
    for size in (inputs, width):
        if size % groups:
            raise fault(row.at("groups"), groups, f"a divisor of {size} channels")
    found = _weights(row, 1, 2)
    weight = arrays.take(*found[0], taps, inputs // groups, width)
    bias = arrays.take(*found[1], width) if len(found) == 2 else None
    conv = Conv(np.ascontiguousarray(weight.transpose(2, 1, 0)), bias, dilation, groups)
    return [conv, *_activation(row)], width


def _prelu(row: Fields, inputs: int, arrays: Arrays) -> tuple[Layers, int]:
    (slopes,) = _weights(row, 1)
    found = arrays.take(*slopes, 1, inputs)
    return [Activation("leaky", (tuple(float(v) for v in found[0]),))], inputs


def _plain(row: Fields, inputs: int, arrays: Arrays) -> tuple[Layers, int]:
    return [*_activation(row)], inputs


def _batch_norm(row: Fields, inputs: int, arrays: Arrays) -> tuple[Layers, int]:
    """Return the convolution of one tap per channel that a batch normalization is."""
    found = [arrays.take(*each, inputs).astype(np.float64) for each in _weights(row, 2, 4)]
    mean, variance = found[-2:]
    gamma, beta = found[:2] if len(found) == 4 else (np.ones(inputs), np.zeros(inputs))
    spread = variance + row.number("epsilon", 0.0, 1.0, 0.001)
    if not (spread > 0.0).all():
        place, words = row.at("weights"), "variances above 0"
        raise FieldValueError(f"{place}: must have {words}", field=place, allowed=words)
    scale = gamma / np.sqrt(spread)
    with np.errstate(over="ignore"):
        weight, bias = (a.astype(np.float32) for a in (scale, beta - mean * scale))
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        place, words = row.at("weights"), "normalised weights in the range of float32"
        raise FieldValueError(f"{place}: must have {words}", field=place, allowed=words)
    return [Conv(weight[:, None, None], bias, groups=inputs)], inputs


READERS: dict[str, Callable[[Fields, int, Arrays], tuple[Layers, int]]] = {
    "lstm": _lstm,
    "gru": _gru,
    "dense": _dense,
    "time-distributed-dense": _dense,
    "conv1d": _conv1d,
    "prelu": _prelu,
    "activation": _plain,
    "batchnorm": _batch_norm,
}
