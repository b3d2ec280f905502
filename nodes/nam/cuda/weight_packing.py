"""Packs weights in the order in which the WaveNet kernel reads them.

Channels are the last axis, zero-padded to multiples of four.  Weights of tensor core convolutions
are in the order of the warp's lanes (tensors.cuh).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..cpu.layers import bias_of, by_tap
from ..model.networks import Activation, Conv, Floats
from ..model.wavenet_parts import Layer, LayerArray

__all__ = ["Packing", "padded"]

LANES = np.arange(32)


def padded(channels: int) -> int:
    """Return the number of channels as stored: the next multiple of four."""
    return -(-channels // 4) * 4


@dataclass(frozen=True)
class Packing:
    """Packs weights for a kernel with TENSORS = ``tensors``: 0, 1 or 3."""

    tensors: int = 0

    def rechannel(self, conv: Conv) -> Floats:
        """Return ``[in][out]``: the rechannel convolution has one tap and no bias."""
        return self._conv(conv.weight)

    def head(self, conv: Conv, last: bool) -> Floats:
        """Return the bias, then ``[tap][in][out]``; of the last head ``[tap][in]``.

        The last head has one output: its weights are in the order of a column.
        """
        taps = _row(conv.weight[0].T).ravel() if last else self._conv(conv.weight)
        return np.concatenate([_row(bias_of(conv)), taps])

    def layers(self, array: LayerArray) -> list[Floats]:
        """Return each layer's weights, in the order of ``Place`` in arrays.cuh."""
        gated = any(layer.gating != "none" for layer in array.layers)
        first = _parameter_rows(layer.activation for layer in array.layers)
        second = _parameter_rows(layer.second for layer in array.layers)
        made = []
        for layer in array.layers:
            width = layer.width
            parts = [_rows(layer, 0, layer.activation, first)]
            if gated:
                parts.append(_rows(layer, width, layer.second, second))
            parts += [*self._output_conv(layer), self._conv(layer.conv.weight[:width])]
            if layer.second is not None:
                parts.append(self._conv(layer.conv.weight[width:]))
            made.append(np.concatenate(parts))
        return made

    def _output_conv(self, layer: Layer) -> tuple[Floats, Floats]:
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
        return _fragments(_round_to_tf32(rows) if self.tensors == 1 else rows)


def _fragments(rows: Floats) -> Floats:
    """Return ``[tap][8 in][pair][lane][8 out][2]``: two numbers a lane of each block of 8 x 8.

    Where outputs are multiples of 16, a lane loads those of two blocks at once.
    """
    taps, inputs, outputs = rows.shape
    pair = 1 if outputs // 8 % 2 else 2
    blocks = rows.reshape(taps, inputs // 8, 8, outputs // 8 // pair, pair, 8)
    parts = [blocks[:, :, LANES % 4 + 4 * n, ..., LANES // 4] for n in range(2)]
    # NumPy puts axes of separated index arrays first: [lane][tap][8 in][pair][8 out].
    return np.stack(parts, axis=-1).transpose(1, 2, 3, 0, 4, 5).ravel()


def _round_to_tf32(values: Floats) -> Floats:
    """Round to the nearest TF32 values: a tensor core truncates."""
    bits = np.ascontiguousarray(values).view(np.int32)
    rounded = ((bits + np.int32(0x1000)) & np.int32(~0x1FFF)).view(np.float32)
    return np.where(np.isfinite(rounded), rounded, values)


def _row(values: Floats) -> Floats:
    """Pad the last axis with zeros to the stored channels."""
    padding = padded(values.shape[-1]) - values.shape[-1]
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, padding)])


def _parameter_rows(activations: Iterable[Activation | None]) -> int:
    """Return the most rows of activation parameters of any layer of an array."""
    return max((len(a.parameters) for a in activations if a is not None), default=0)


def _rows(layer: Layer, first: int, activation: Activation | None, rows: int) -> Floats:
    """Return bias, mixin and activation parameters of a layer's first or second half, or zeros."""
    made = np.zeros((2 + rows, padded(layer.width)), np.float32)
    if activation is not None:
        part = slice(first, first + layer.width)
        made[0, : layer.width] = bias_of(layer.conv)[part]
        made[1, : layer.width] = layer.mixin.weight[part, 0, 0]
        table = activation.table(layer.width)
        made[2 : 2 + len(table), : layer.width] = table
    return made.ravel()
