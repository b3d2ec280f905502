"""Weights in the order in which the device's kernel reads them.

Channels are the last axis, and as many as are stored (fours); what is added is zero.  What tensor
cores multiply lies as their lanes take it (tensors.cuh).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..cpu.layers import bias_of, by_tap
from ..model.networks import Activation, Conv, Floats
from ..model.wavenet_parts import Layer, LayerArray

__all__ = ["Packing", "padded"]

LANE = np.arange(32)


def padded(channels: int) -> int:
    """Return the channels that are stored."""
    return -(-channels // 4) * 4


@dataclass(frozen=True)
class Packing:
    """How weights are laid out for TENSORS of the kernel: 0, 1 or 3."""

    tensors: int = 0

    def rechannel(self, conv: Conv) -> Floats:
        """Return ``[in][out]``: a way in has one tap and no bias."""
        return self._conv(conv.weight)

    def head(self, conv: Conv, last: bool) -> Floats:
        """Return the bias, then ``[tap][in][out]``; of the last head ``[tap][in]``.

        The last head has one output: its weights lie as the columns that they multiply.
        """
        taps = _row(conv.weight[0].T).ravel() if last else self._conv(conv.weight)
        return np.concatenate([_row(bias_of(conv)), taps])

    def layers(self, array: LayerArray) -> list[Floats]:
        """Return each layer's weights, as ``Place`` in arrays.cuh has them."""
        gated = any(layer.gating != "none" for layer in array.layers)
        first = _most(layer.activation for layer in array.layers)
        second = _most(layer.second for layer in array.layers)
        made = []
        for layer in array.layers:
            width = layer.width
            parts = [_rows(layer, 0, layer.activation, first)]
            if gated:
                parts.append(_rows(layer, width, layer.second, second))
            parts += [*self._way_out(layer), self._conv(layer.conv.weight[:width])]
            if layer.second is not None:
                parts.append(self._conv(layer.conv.weight[width:]))
            made.append(np.concatenate(parts))
        return made

    def _way_out(self, layer: Layer) -> tuple[Floats, Floats]:
        """Return bias and weights of the 1x1, or as many zeros."""
        if layer.out is None:
            channels = padded(layer.conv.inputs)
            return np.zeros(channels, np.float32), np.zeros(layer.width * channels, np.float32)
        return _row(bias_of(layer.out)), self._conv(layer.out.weight)

    def _conv(self, weight: Floats) -> Floats:
        """Return ``[tap][in][out]`` of ``[out][in][tap]``."""
        outputs, inputs, _ = weight.shape
        rows = by_tap(weight)
        if not self.tensors or outputs % 8 or inputs % 8:
            return _row(rows).ravel()
        return _fragments(_nearest(rows) if self.tensors == 1 else rows)


def _fragments(rows: Floats) -> Floats:
    """Return ``[tap][8 in][pair][lane][8 out][2]``: a lane takes two numbers of a block of 8 x 8.

    It takes those of two blocks at once where they come in pairs.
    """
    taps, inputs, outputs = rows.shape
    pair = 1 if outputs // 8 % 2 else 2
    blocks = rows.reshape(taps, inputs // 8, 8, outputs // 8 // pair, pair, 8)
    parts = [blocks[:, :, LANE % 4 + 4 * n, ..., LANE // 4] for n in range(2)]
    # Lists of indices with slices between come first: [lane][tap][8 in][pair][8 out].
    return np.stack(parts, axis=-1).transpose(1, 2, 3, 0, 4, 5).ravel()


def _nearest(values: Floats) -> Floats:
    """Return the nearest numbers that a tensor core sees, as it only cuts off."""
    bits = np.ascontiguousarray(values).view(np.int32)
    rounded = ((bits + np.int32(0x1000)) & np.int32(~0x1FFF)).view(np.float32)
    return np.where(np.isfinite(rounded), rounded, values)


def _row(values: Floats) -> Floats:
    """Return an array with zeros at the end of its last axis."""
    missing = padded(values.shape[-1]) - values.shape[-1]
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)])


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
    return made.ravel()
