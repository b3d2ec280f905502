"""FiLMWaveNet: knobs scale and shift channels; at any setting that is a plain WaveNet.

Facts by the sources of the fork (MIT): the condition of all FiLMs is the numbers of the knobs, or
what ``param_encoder``, dense layers whose weights come first, makes of them.  Scales and shifts are
linear operations next to linear operations, so they become part of weights and biases:

    conv_pre, conv_post, input_mixin_*, activation_pre    the convolution, the mixin, the bias
    activation_post                                       layer1x1, and head1x1
    layer1x1_post, head1x1_post                           layer1x1, head1x1

A layer without head1x1 gets one for ``activation_post``: a scale and a bias per channel.

ParametricWaveNet (of .param.nam, MIT) is the second generation's WaveNet with activation_pre_film.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.errors import UnsupportedFeatureError
from ..format.checked_json import Fields, Weights, too_large
from ..format.wavenet import read_wavenet
from ..model.knob import Knob
from ..model.networks import Conv
from ..model.parametric import DenseLayer
from ..model.wavenet import ParametricWaveNet, WaveNet
from ..model.wavenet_parts import Film, Layer, LayerArray
from .params import read_params
from .plain_config import derived, no_condition_dsp
from .terms import MAX_COEFFICIENTS, Table, Tensor, conditioned, identity
from .trunk import Trunk, read_encoder

__all__ = ["film_wavenet", "kept", "no_models", "read_film_wavenet"]


def read_film_wavenet(config: Fields) -> Callable[[Weights], Any]:
    """Check the config of a FiLMWaveNet; return the function that builds it from weights."""
    no_condition_dsp(config)
    knobs = read_params(config)
    return film_wavenet(config, knobs, read_encoder(config, knobs))


def film_wavenet(
    config: Fields, knobs: tuple[Knob, ...], encoder: Trunk
) -> Callable[[Weights], Any]:
    """Return the function that builds a WaveNet whose FiLMs have the output of ``encoder``."""
    width = encoder.outputs
    row = derived(config, 1, {"film_condition_size": width})
    inner = read_wavenet(row, no_models, width)

    def build(w: Weights) -> Any:
        before = w.taken
        layers, network = encoder.build(w), inner(w)
        if w.counting:
            return network
        return _folded(network, knobs, layers, row, w.taken - before)

    return build


def no_models(row: Fields) -> Any:
    """Refuse a model within a model with knobs."""
    raise UnsupportedFeatureError(f"{row.path}: a model with knobs has no condition_dsp")


@dataclass(frozen=True)
class _Site:
    """Where the coefficients of a FiLM are."""

    scale: NDArray[np.int64]
    shift: NDArray[np.int64] | None


def _folded(
    network: WaveNet,
    knobs: tuple[Knob, ...],
    layers: list[DenseLayer],
    row: Fields,
    count: int,
) -> ParametricWaveNet:
    films = [f for a in network.arrays for la in a.layers for f in la.films.values()]
    if not films:
        raise UnsupportedFeatureError(
            f"{row.at('layers')} have no active FiLM: knobs would do nothing: one must be active"
        )
    rows = sum(film.conv.outputs for film in films)
    if rows > MAX_COEFFICIENTS:
        found = f"{row.at('layers')} have {rows} scales and shifts"
        raise too_large(found, "scales and shifts", rows, MAX_COEFFICIENTS)
    sites, table = _sites(films), Table()
    arrays = []
    for array in network.arrays:
        rechannel = Conv(table.add(array.rechannel.weight))
        made = [_folded_layer(layer, sites, table) for layer in array.layers]
        arrays.append(LayerArray(rechannel, tuple(made), kept(array.head, table)))
    head = tuple(kept(conv, table) for conv in network.head)
    table.add(np.array([network.head_scale], np.float32))
    shape = WaveNet(tuple(arrays), network.head_scale, head, network.head_activation)
    steps = [*(layers or [identity(knobs)]), _coefficients(films)]
    return conditioned(shape, knobs, steps, table, count)


def _sites(films: list[Film]) -> dict[int, _Site]:
    """Return the places of the coefficients of each FiLM, by its identity."""
    sites, first = {}, 1
    for film in films:
        channels = np.arange(film.channels)
        shift = first + film.channels + channels if film.shift else None
        sites[id(film)] = _Site(first + channels, shift)
        first += film.conv.outputs
    return sites


def _coefficients(films: list[Film]) -> DenseLayer:
    """Return the layer from the condition to all scales and shifts."""
    weights = []
    for film in films:
        conv, inner = film.conv, film.conv.inputs // film.conv.groups
        wide = np.zeros((conv.outputs, conv.inputs), np.float32)
        begin = np.arange(conv.outputs) * conv.groups // conv.outputs * inner
        places = begin[:, None] + np.arange(inner)
        np.put_along_axis(wide, places, conv.weight[:, :, 0], axis=1)
        weights.append(wide)
    bias = [np.zeros(0) if f.conv.bias is None else f.conv.bias for f in films]
    return DenseLayer(np.concatenate(weights), np.concatenate(bias).astype(np.float64))


def kept(conv: Conv, table: Table) -> Conv:
    """Return a convolution that no knob moves, its weights added to the table."""
    weight = table.add(conv.weight)
    bias = None if conv.bias is None else table.add(conv.bias)
    return Conv(weight, bias, conv.dilation, conv.groups)


def _folded_layer(layer: Layer, sites: dict[int, _Site], table: Table) -> Layer:
    found = {key: sites[id(film)] for key, film in layer.films.items()}
    weight, bias = _convolution(layer.conv, found.get("conv_pre_film"))
    _scaled(weight, bias, found.get("conv_post_film"))
    mixin, mixed = _convolution(layer.mixin, found.get("input_mixin_pre_film"))
    _scaled(mixin, mixed, found.get("input_mixin_post_film"))
    bias.join(mixed)
    before = found.get("activation_pre_film")
    _scaled(weight, bias, before)
    if before is not None:
        mixin.times(before.scale[:, None, None])
    conv = Conv(table.add(weight), table.add(bias), layer.conv.dilation, layer.conv.groups)
    plain_mixin = Conv(table.add(mixin), groups=layer.mixin.groups)
    after = found.get("activation_post_film")
    out = head = None
    if layer.out is not None:
        out = _projection(layer.out, after, found.get("layer1x1_post_film"), table)
    given = layer.head
    if given is None and after is not None:
        ones = np.ones((layer.width, 1, 1), np.float32)
        given = Conv(ones, np.zeros(layer.width, np.float32), groups=layer.width)
    if given is not None:
        head = _projection(given, after, found.get("head1x1_post_film"), table)
    return Layer(conv, plain_mixin, layer.activation, out, head, layer.gating, layer.second)


def _projection(conv: Conv, before: _Site | None, after: _Site | None, table: Table) -> Conv:
    weight, bias = _convolution(conv, before)
    _scaled(weight, bias, after)
    return Conv(table.add(weight), table.add(bias), conv.dilation, conv.groups)


def _convolution(conv: Conv, before: _Site | None) -> tuple[Tensor, Tensor]:
    """Return weights and biases of a convolution whose inputs are scaled and shifted."""
    weight = Tensor(conv.weight)
    bias = Tensor(np.zeros(conv.outputs) if conv.bias is None else conv.bias)
    if before is not None:
        inner = conv.inputs // conv.groups
        group = np.arange(conv.outputs) * conv.groups // conv.outputs
        channels = group[:, None] * inner + np.arange(inner)
        weight.times(before.scale[channels][:, :, None])
        if before.shift is not None:
            whole = conv.weight.sum(axis=2, dtype=np.float64)
            for i in range(inner):
                bias.plus(whole[:, i], before.shift[channels[:, i]])
    return weight, bias


def _scaled(weight: Tensor, bias: Tensor, after: _Site | None) -> None:
    """Scale and shift the outputs of a convolution."""
    if after is None:
        return
    weight.times(after.scale[:, None, None])
    bias.times(after.scale)
    if after.shift is not None:
        bias.plus(np.ones(after.shift.size), after.shift)
