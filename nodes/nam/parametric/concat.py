"""ConcatWaveNet and ConcatLSTM: the numbers of the knobs are input channels after the sound.

They are constant in time, so what they add is part of biases.  In a WaveNet that is so in every
mixin; what the first rechannel makes of them goes through the convolution of the first layer, and
on in the sum of its layer1x1, whose biases take it up.  Facts by the sources of the fork (MIT).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.errors import UnsupportedFeatureError
from ..format.checked_json import Fields, Weights, fault
from ..format.lstm import read_lstm
from ..format.wavenet import read_wavenet
from ..model.captures import Conditioned
from ..model.knob import Knob
from ..model.networks import Conv
from ..model.wavenet import ParametricWaveNet, WaveNet
from ..model.wavenet_parts import Layer, LayerArray
from .film import kept, no_models
from .params import read_params
from .plain_config import derived, no_condition_dsp
from .terms import Table, Tensor, conditioned, identity

__all__ = ["read_concat_lstm", "read_concat_wavenet"]

Carried = NDArray[np.float64] | None
"""``[channel][number of a knob]``: what knobs add to a signal."""


def read_concat_lstm(config: Fields) -> Callable[[Weights], Conditioned]:
    """Check the config of a ConcatLSTM; return the function that builds it from weights."""
    knobs = read_params(config)
    inputs = _inputs(knobs)
    for key in ("input_size", "in_channels"):
        if config.has(key) and config.integer(key, 1, 1 << 30) != inputs:
            raise fault(config.at(key), config.raw(key), f"{inputs}, which follows from the knobs")
    layers = config.raw("num_layers", None)
    if layers is not None:
        config.integer("num_layers", 1, 1 << 30)
    sizes = {"input_size": inputs, "in_channels": inputs, "num_layers": layers or 1}
    build = read_lstm(Fields({**config.values, **sizes}, config.path))
    return lambda w: Conditioned(build(w), knobs)


def read_concat_wavenet(config: Fields) -> Callable[[Weights], Any]:
    """Check the config of a ConcatWaveNet; return the function that builds it from weights."""
    no_condition_dsp(config)
    knobs = read_params(config)
    row = derived(config, _inputs(knobs))
    inner = read_wavenet(row, no_models)

    def build(w: Weights) -> Any:
        before, network = w.taken, inner(w)
        return network if w.counting else _folded(network, knobs, row, w.taken - before)

    return build


def _inputs(knobs: tuple[Knob, ...]) -> int:
    return 1 + sum(knob.width for knob in knobs)


def _folded(
    network: WaveNet, knobs: tuple[Knob, ...], row: Fields, count: int
) -> ParametricWaveNet:
    if any(layer.films for array in network.arrays for layer in array.layers):
        raise UnsupportedFeatureError(
            f"{row.at('layers')} have FiLMs, which would move with the sound: none may be active"
            " in a ConcatWaveNet"
        )
    table, arrays = Table(), []
    carried: Carried = None
    for number, array in enumerate(network.arrays):
        weight = array.rechannel.weight
        if number == 0:
            carried = weight[:, 1:, 0].astype(np.float64)
            weight = weight[:, :1]
        elif carried is not None:
            carried = weight[:, :, 0].astype(np.float64) @ carried
        rechannel = Conv(table.add(weight))
        layers = []
        for layer in array.layers:
            made, carried = _folded_layer(layer, carried, table)
            layers.append(made)
        arrays.append(LayerArray(rechannel, tuple(layers), kept(array.head, table)))
    head = tuple(kept(conv, table) for conv in network.head)
    table.add(np.array([network.head_scale], np.float32))
    shape = WaveNet(tuple(arrays), network.head_scale, head, network.head_activation)
    return conditioned(shape, knobs, [identity(knobs)], table, count)


def _folded_layer(layer: Layer, carried: Carried, table: Table) -> tuple[Layer, Carried]:
    """Return a layer without knobs, and what they add to its output beyond its weights."""
    conv, mixin = layer.conv, _dense(layer.mixin)
    assert conv.bias is not None  # the reader takes one
    bias, added = Tensor(conv.bias), mixin[:, 1:].astype(np.float64)
    if carried is not None:
        whole = _dense(conv, taps=True)
        added = added + whole @ carried
    _add(bias, added)
    plain = Conv(table.add(conv.weight), table.add(bias), conv.dilation, conv.groups)
    plain_mixin = Conv(table.add(np.ascontiguousarray(mixin[:, :1, None])))
    out = head = None
    if layer.out is not None:
        assert layer.out.bias is not None
        after = Tensor(layer.out.bias)
        if carried is not None:
            _add(after, carried)
        weight = table.add(layer.out.weight)
        out, carried = Conv(weight, table.add(after), groups=layer.out.groups), None
    if layer.head is not None:
        head = kept(layer.head, table)
    made = Layer(plain, plain_mixin, layer.activation, out, head, layer.gating, layer.second)
    return made, carried


def _add(bias: Tensor, added: NDArray[np.float64]) -> None:
    for number, column in enumerate(added.T):
        bias.plus(column, np.full(column.size, number + 1))


def _dense(conv: Conv, taps: bool = False) -> NDArray[Any]:
    """Return weights ``[out][in]`` without groups, of one tap, or the sum of all in float64."""
    given: NDArray[Any] = conv.weight[:, :, 0]
    if taps:
        given = conv.weight.sum(axis=2, dtype=np.float64)
    inner = conv.inputs // conv.groups
    made = np.zeros((conv.outputs, conv.inputs), given.dtype)
    begin = np.arange(conv.outputs) * conv.groups // conv.outputs * inner
    np.put_along_axis(made, begin[:, None] + np.arange(inner), given, axis=1)
    return made
