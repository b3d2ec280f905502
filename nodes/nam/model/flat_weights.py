"""All weights of a WaveNet as one array, in the order of a .nam file, and back."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from .knob import encode
from .networks import Conv, Floats
from .wavenet import ParametricWaveNet, WaveNet
from .wavenet_parts import Film, Layer, LayerArray

__all__ = ["flat_weights", "plain_network", "weight_shapes", "with_weights"]

Change = Callable[[Floats], Floats]


def flat_weights(network: WaveNet) -> Floats:
    """Return the weights of a network without a condition DSP, in the order of the file."""
    found: list[Floats] = []

    def keep(array: Floats) -> Floats:
        found.append(array.ravel())
        return array

    _changed(network, keep)
    return np.concatenate(found)


def weight_shapes(network: WaveNet) -> list[tuple[int, ...]]:
    """Return the shapes of the arrays of weights, in the order of the file."""
    found: list[tuple[int, ...]] = []

    def keep(array: Floats) -> Floats:
        found.append(array.shape)
        return array

    _changed(network, keep)
    return found


def with_weights(network: WaveNet, flat: Floats) -> WaveNet:
    """Return a network of the same shape with these weights, in the order of the file."""
    at = 0

    def take(array: Floats) -> Floats:
        nonlocal at
        piece = flat[at : at + array.size].reshape(array.shape)
        piece.flags.writeable = False
        at += array.size
        return piece

    made = _changed(network, take)
    if at != flat.size:
        raise ValueError(f"{flat.size} weights: the network has {at}")
    return made


def plain_network(network: ParametricWaveNet, values: Sequence[float]) -> WaveNet:
    """Return the plain WaveNet that knobs at these values make."""
    return with_weights(network.inner, network.function(encode(network.knobs, values)))


def _changed(network: WaveNet, change: Change) -> WaveNet:
    """Return a network with ``change`` applied to each array, called in the order of the file."""
    arrays = tuple(_array(array, change) for array in network.arrays)
    head = tuple(_conv(conv, change) for conv in network.head)
    scale = change(np.array([network.head_scale], np.float32))
    return replace(network, arrays=arrays, head=head, head_scale=float(scale[0]))


def _array(array: LayerArray, change: Change) -> LayerArray:
    rechannel = _conv(array.rechannel, change)
    layers = tuple(_layer(layer, change) for layer in array.layers)
    return replace(array, rechannel=rechannel, layers=layers, head=_conv(array.head, change))


def _layer(layer: Layer, change: Change) -> Layer:
    conv, mixin = _conv(layer.conv, change), _conv(layer.mixin, change)
    out = None if layer.out is None else _conv(layer.out, change)
    head = None if layer.head is None else _conv(layer.head, change)
    films = {key: Film(_conv(f.conv, change), f.shift) for key, f in layer.films.items()}
    return replace(layer, conv=conv, mixin=mixin, out=out, head=head, films=films)


def _conv(conv: Conv, change: Change) -> Conv:
    weight = change(conv.weight)
    return replace(conv, weight=weight, bias=None if conv.bias is None else change(conv.bias))
