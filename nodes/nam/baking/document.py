"""A network as the JSON of a .nam file, where that plays the same; else a ``NamFileError``.

An LSTM whose input is added to its output (Proteus, ``in_skip`` of AIDA-X) becomes a WaveNet of one
channel whose condition is the LSTM: ``x + LSTM(x)`` through an activation that changes nothing.
Gains become a Linear of one tap, before and after, in a Sequential; so does a convolution of the
input that has a bias (SmartAmp), which a WaveNet has not.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ....graph.errors import UnsupportedArchitectureError, UnsupportedFeatureError
from ..format.activation import PLAIN
from ..format.parse import parse_nam
from ..model.captures import ConvStack, Gru
from ..model.flat_weights import flat_weights, weight_shapes
from ..model.networks import Activation, Conv, ConvNet, Floats, Linear, Lstm
from ..model.wavenet import Gained, Network, Sequential, WaveNet
from ..model.wavenet_parts import Layer, LayerArray

__all__ = ["Json", "document"]

Json = dict[str, Any]
VERSION, OLDER = "0.7.0", "0.5.4"
"""The older one, for networks that players of that time know: an LSTM of one input and output."""
EXPRESSIBLE = ("WaveNet", "LSTM")
NAMES = {kernel: name for name, kernel in PLAIN.items()}
BENT = ("min_val", "max_val", "min_slope", "max_slope")


def document(network: Network, rate: float) -> Json:
    """Return a complete model: version, architecture, config, weights, sample rate."""
    if isinstance(network, Gained):
        return _gained(network, rate)
    if isinstance(network, Sequential):
        return _sequential([document(part, rate) for part in network.parts], rate)
    if isinstance(network, Lstm):
        return _lstm(network, rate)
    if isinstance(network, WaveNet):
        return _biased(network, rate)
    kind = "GRU" if isinstance(network, Gru) else type(network).__name__
    if isinstance(network, ConvStack | ConvNet | Linear):
        kind = "dense and convolution layers" if isinstance(network, ConvStack) else kind
    raise UnsupportedArchitectureError(
        f"the network is {'' if ' ' in kind else 'a '}{kind}, which a .nam file cannot hold"
        f" exactly: must be {' or '.join(EXPRESSIBLE)}",
        architecture=kind,
        supported=EXPRESSIBLE,
    )


def _model(architecture: str, config: Json, weights: Floats, rate: float, version: str) -> Json:
    numbers = np.asarray(weights, np.float32)
    if not np.isfinite(numbers).all():
        raise UnsupportedFeatureError(
            "the weights at these values are beyond the range of float32: choose others"
        )
    return {
        "version": version,
        "architecture": architecture,
        "config": config,
        "weights": numbers.astype(float).tolist(),
        "sample_rate": rate,
    }


def _sequential(parts: Sequence[Json], rate: float) -> Json:
    none = np.zeros(0, np.float32)
    return _model("Sequential", {"models": list(parts)}, none, rate, VERSION)


def _gained(network: Gained, rate: float) -> Json:
    if network.inputs != 1 or network.outputs != 1:
        raise UnsupportedFeatureError(
            f"the network has {network.inputs} inputs and {network.outputs} outputs with gains or"
            " skip: must be mono"
        )
    inner = document(network.inner, rate)
    parts = [_skipped(inner, rate) if network.skip else inner]
    if network.input_gain != 1.0:
        parts.insert(0, _gain(network.input_gain, rate))
    if network.output_gain != 1.0:
        parts.append(_gain(network.output_gain, rate))
    return parts[0] if len(parts) == 1 else _sequential(parts, rate)


def _gain(factor: float, rate: float) -> Json:
    config = {"receptive_field": 1, "bias": False}
    return _model("Linear", config, np.array([factor], np.float32), rate, OLDER)


def _skipped(inner: Json, rate: float) -> Json:
    """Return a model that adds its input to the output of another one."""
    array = {
        "input_size": 1,
        "condition_size": 1,
        "channels": 1,
        "kernel_sizes": [1],
        "dilations": [1],
        "activation": [{"type": "LeakyReLU", "negative_slope": 1.0}],
        "bottleneck": 1,
        "layer1x1": {"active": False, "groups": 1},
        "head1x1": {"active": False, "out_channels": 1, "groups": 1},
        "head": {"out_channels": 1, "kernel_size": 1, "bias": False},
    }
    config = {"layers": [array], "head": None, "head_scale": 1.0, "condition_dsp": inner}
    # rechannel, convolution, its bias, mixin, head, head_scale
    weights = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 1.0], np.float32)
    return _model("WaveNet", config, weights, rate, VERSION)


def _lstm(network: Lstm, rate: float) -> Json:
    config: Json = {
        "input_size": network.inputs,
        "hidden_size": network.hidden_size,
        "num_layers": len(network.layers),
    }
    mono = network.inputs == network.outputs == 1
    if not mono:
        config |= {"in_channels": network.inputs, "out_channels": network.outputs}
    arrays = [a for la in network.layers for a in (la.weight, la.bias, la.hidden, la.cell)]
    flat = np.concatenate([a.ravel() for a in (*arrays, network.head, network.head_bias)])
    return _model("LSTM", config, flat, rate, OLDER if mono else VERSION)


def _biased(network: WaveNet, rate: float) -> Json:
    """Return a WaveNet, after a Linear if its input has a bias; what it reads as is compared."""
    before, plain = list[Json](), _with_head_biases(network)
    array = plain.arrays[0]
    rechannel, mixins = array.rechannel, [layer.mixin for layer in array.layers]
    alone = len(plain.arrays) == 1 and plain.condition is None and plain.inputs == 1
    if rechannel.bias is not None and alone and not any(m.weight.any() for m in mixins):
        count = rechannel.outputs
        config = {"receptive_field": 1, "bias": True, "in_channels": 1, "out_channels": count}
        weights = np.concatenate([rechannel.weight.ravel(), rechannel.bias])
        before = [_model("Linear", config, weights, rate, VERSION)]
        unused = np.zeros((mixins[0].outputs, count, 1), np.float32)  # the input of the array
        layers = tuple(replace(layer, mixin=Conv(unused)) for layer in array.layers)
        same = Conv(np.eye(count, dtype=np.float32)[:, :, None])
        plain = replace(plain, arrays=(replace(array, rechannel=same, layers=layers),))
    made = _wavenet(plain, rate)
    read: Any = parse_nam(json.dumps(made).encode()).network
    if weight_shapes(read) != weight_shapes(plain):
        raise UnsupportedFeatureError(
            "the network has biases where a WaveNet of a .nam file has none: it cannot be written"
        )
    return _sequential([*before, made], rate) if before else made


def _with_head_biases(network: WaveNet) -> WaveNet:
    """Return the same network with a bias in every head1x1, as the format has them."""

    def layer(row: Layer) -> Layer:
        if row.head is None or row.head.bias is not None:
            return row
        zeros = np.zeros(row.head.outputs, np.float32)
        return replace(row, head=replace(row.head, bias=zeros))

    arrays = tuple(replace(a, layers=tuple(map(layer, a.layers))) for a in network.arrays)
    return replace(network, arrays=arrays)


def _wavenet(network: WaveNet, rate: float) -> Json:
    config: Json = {
        "in_channels": network.inputs,
        "layers": [_array(array) for array in network.arrays],
        "head": None,
        "head_scale": float(np.float32(network.head_scale)),
    }
    if network.head:
        assert network.head_activation is not None  # the reader takes one
        config["head"] = {
            "in_channels": network.head[0].inputs,
            "channels": network.head[0].outputs if len(network.head) > 1 else 1,
            "out_channels": network.head[-1].outputs,
            "kernel_sizes": [conv.taps for conv in network.head],
            "activation": _activation(network.head_activation),
        }
    if network.condition is not None:
        config["condition_dsp"] = document(network.condition, rate)
    return _model("WaveNet", config, flat_weights(network), rate, VERSION)


def _array(array: LayerArray) -> Json:
    rows, first = array.layers, array.layers[0]
    out, head = first.out, first.head
    return {
        "input_size": array.rechannel.inputs,
        "condition_size": first.mixin.inputs,
        "channels": array.channels,
        "bottleneck": first.width,
        "kernel_sizes": [row.conv.taps for row in rows],
        "dilations": [row.conv.dilation for row in rows],
        "activation": [_activation(row.activation) for row in rows],
        "gating_mode": [row.gating for row in rows],
        "secondary_activation": [_second(row) for row in rows],
        "groups_input": first.conv.groups,
        "groups_input_mixin": first.mixin.groups,
        "layer1x1": {"active": out is not None, "groups": 1 if out is None else out.groups},
        "head1x1": {
            "active": head is not None,
            "out_channels": 1 if head is None else head.outputs,
            "groups": 1 if head is None else head.groups,
        },
        "head": {
            "out_channels": array.head.outputs,
            "kernel_size": array.head.taps,
            "bias": array.head.bias is not None,
            "head_dilation": array.head.dilation,
        },
        "slimmable": None,
    }


def _second(layer: Layer) -> Any:
    return None if layer.second is None else _activation(layer.second)


def _activation(kind: Activation) -> Json:
    if kind.name in NAMES:
        return {"type": NAMES[kind.name]}
    if kind.name == "leaky":
        (slopes,) = kind.parameters
        if len(slopes) == 1:
            return {"type": "LeakyReLU", "negative_slope": slopes[0]}
        return {"type": "PReLU", "negative_slopes": list(slopes)}
    numbers = [row[0] for row in kind.parameters]
    return {"type": "LeakyHardtanh", **dict(zip(BENT, numbers, strict=True))}
