"""Weights in the order in which the device's kernel reads them.

Channels are the last axis, and as many as are stored (fours); what is added is zero.
"""

from collections.abc import Iterable

import numpy as np

from ..networks import Activation, Conv, Floats
from ..parts import bias_of
from ..wavenet_parts import Layer, LayerArray

__all__ = ["array_weights", "head_weights", "padded", "rechannel_weights"]


def padded(channels: int) -> int:
    """Return the channels that are stored."""
    return -(-channels // 4) * 4


def rechannel_weights(conv: Conv) -> Floats:
    """Return ``[in][out]``: a way in has one tap and no bias."""
    return _by_tap(conv.weight).ravel()


def head_weights(conv: Conv, last: bool) -> Floats:
    """Return the bias, then ``[tap][in][out]``; of the last head, which has one output, the first.

    The last head is one number a frame: its weights lie by inputs, as the columns they multiply.
    """
    weight = conv.weight.transpose(2, 0, 1) if last else conv.weight.transpose(2, 1, 0)
    return np.concatenate([_row(bias_of(conv)), _row(weight).ravel()])


def array_weights(array: LayerArray) -> list[Floats]:
    """Return each layer's weights, as ``Place`` in arrays.cuh has them."""
    gated = any(layer.gating != "none" for layer in array.layers)
    first = _most(layer.activation for layer in array.layers)
    second = _most(layer.second for layer in array.layers)
    made = []
    for layer in array.layers:
        width = layer.width
        parts = [_rows(layer, 0, layer.activation, first)]
        convs = [_by_tap(layer.conv.weight[:width])]
        if gated:
            parts.append(_rows(layer, width, layer.second, second))
        if layer.second is not None:
            convs.append(_by_tap(layer.conv.weight[width:]))
        made.append(np.concatenate([p.ravel() for p in (*parts, *_way_out(layer), *convs)]))
    return made


def _row(values: Floats) -> Floats:
    """Return an array with zeros at the end of its last axis."""
    missing = padded(values.shape[-1]) - values.shape[-1]
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)])


def _by_tap(weight: Floats) -> Floats:
    """Return ``[tap][in][out]`` of ``[out][in][tap]``."""
    return _row(weight.transpose(2, 1, 0))


def _most(activations: Iterable[Activation | None]) -> int:
    """Return how many rows of parameters there must be room for in each layer of an array."""
    return max((len(a.parameters) for a in activations if a is not None), default=0)


def _rows(layer: Layer, first: int, activation: Activation | None, rows: int) -> Floats:
    """Return bias, mixin and parameters of half a layer (all zero if it has no such half)."""
    made = np.zeros((2 + rows, padded(layer.width)), np.float32)
    if activation is not None:
        part = slice(first, first + layer.width)
        made[0, : layer.width] = bias_of(layer.conv)[part]
        made[1, : layer.width] = layer.mixin.weight[part, 0, 0]
        table = activation.table(layer.width)
        made[2 : 2 + len(table), : layer.width] = table
    return made


def _way_out(layer: Layer) -> tuple[Floats, Floats]:
    """Return bias and weights of the 1x1, or as many zeros."""
    if layer.out is None:
        channels = padded(layer.conv.inputs)
        return np.zeros(channels, np.float32), np.zeros((layer.width, channels), np.float32)
    return _row(bias_of(layer.out)), _by_tap(layer.out.weight)
