"""Networks of a .nam file: shapes, weights, and numbers derived from them.

* WaveNet        layer arrays (wavenet_parts.py), each with a head; wavenet.py
* Lstm           layers; the head is applied to the hidden state of the last
* ConvNet        blocks of convolution and activation, then a 1x1 head
* Linear         one long convolution (an impulse response)
* Sequential     networks in series; wavenet.py

Arrays are read-only float32.  Weights have the shape ``[out][in / groups][tap]`` of the file; the
last tap multiplies the current frame.  All networks have the same properties: ``inputs`` and
``outputs`` (channels), ``receptive_field`` (frames; ``None`` if unbounded), ``multiply_adds`` (per
frame), ``weight_count`` and ``operation_count``.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .short_repr import short_repr

__all__ = [
    "Activation",
    "Conv",
    "ConvNet",
    "Floats",
    "Linear",
    "Lstm",
    "LstmLayer",
    "RecurrentNetwork",
]

Floats = NDArray[np.float32]


@dataclass(frozen=True, repr=False)
class Activation:
    """An activation: name of its kernel; each parameter as one number or one per channel."""

    __repr__ = short_repr

    name: str
    parameters: tuple[tuple[float, ...], ...] = ()

    def table(self, channels: int) -> Floats:
        """Return the parameters as ``(parameter, channel)``; short lists repeat, as in NAM Core."""
        rows = [[row[c % len(row)] for c in range(channels)] for row in self.parameters]
        return np.array(rows, np.float32).reshape(len(rows), channels)


@dataclass(frozen=True, eq=False, repr=False)
class Conv:
    """A causal convolution: ``y[o, t] = bias[o] + sum weight[o, i, k] x[i, t - (K-1-k) d]``.

    K is the number of taps, d the dilation.  With ``groups``, outputs and inputs are split into
    that many equal parts, and each part of the outputs depends on one part of the inputs.
    """

    __repr__ = short_repr

    weight: Floats
    bias: Floats | None = None
    dilation: int = 1
    groups: int = 1

    @property
    def outputs(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])

    @property
    def inputs(self) -> int:
        """Input channels."""
        return int(self.weight.shape[1]) * self.groups

    @property
    def taps(self) -> int:
        """Kernel size."""
        return int(self.weight.shape[2])

    @property
    def lookback(self) -> int:
        """Frames before the current one that an output frame depends on."""
        return (self.taps - 1) * self.dilation

    @property
    def weight_count(self) -> int:
        """Number of weights and biases."""
        return int(self.weight.size) + (0 if self.bias is None else int(self.bias.size))

    def first(self, outputs: int, inputs: int) -> "Conv":
        """Return the convolution of the first ``inputs`` to the first ``outputs``; no groups."""
        bias = None if self.bias is None else self.bias[:outputs]
        return replace(self, weight=self.weight[:outputs, :inputs], bias=bias)

    def scaled(self, factor: float) -> "Conv":
        """Return the convolution with its outputs multiplied by ``factor``."""
        number = np.float32(factor)
        with np.errstate(over="ignore"):  # the engine mutes infinite output
            bias = None if self.bias is None else self.bias * number
            return replace(self, weight=self.weight * number, bias=bias)


@dataclass(frozen=True, eq=False, repr=False)
class LstmLayer:
    """A layer: ``weight[4 H][inputs + H]``, gates i, f, g, o; initial hidden and cell state."""

    __repr__ = short_repr

    weight: Floats
    bias: Floats
    hidden: Floats
    cell: Floats


class RecurrentNetwork:
    """Base of ``Lstm`` and ``Gru``: what follows from the layers and the shape of the head."""

    layers: tuple[Any, ...]
    head: Floats

    @property
    def hidden_size(self) -> int:
        """Units in every layer."""
        return int(self.head.shape[1])

    @property
    def outputs(self) -> int:
        """Output channels."""
        return int(self.head.shape[0])

    @property
    def operation_count(self) -> int:
        """Layers: a measure of the cost to prepare the network."""
        return 1 + len(self.layers)

    @property
    def receptive_field(self) -> None:
        """``None``: an output frame depends on all input before it."""
        return None


@dataclass(frozen=True, eq=False, repr=False)
class Lstm(RecurrentNetwork):
    """LSTM layers in series, then a head; without layers the input passes through."""

    __repr__ = short_repr

    layers: tuple[LstmLayer, ...]
    head: Floats
    """``[out][H]``"""
    head_bias: Floats
    inputs: int = 1

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, without activations."""
        return sum(layer.weight.size for layer in self.layers) + self.head.size

    @property
    def weight_count(self) -> int:
        """Number of weights in the file."""
        inner = sum(la.weight.size + la.bias.size + 2 * la.hidden.size for la in self.layers)
        return inner + self.head.size + self.head_bias.size


@dataclass(frozen=True, eq=False, repr=False)
class ConvNet:
    """Blocks of convolution (with batch norm folded in) and activation, then a 1x1 head."""

    __repr__ = short_repr

    blocks: tuple[tuple[Conv, Activation], ...]
    head: Conv
    weight_count: int
    """Number of weights in the file."""

    @property
    def inputs(self) -> int:
        """Input channels."""
        return self.blocks[0][0].inputs

    @property
    def outputs(self) -> int:
        """Output channels."""
        return self.head.outputs

    @property
    def receptive_field(self) -> int:
        """Input frames that an output frame depends on."""
        return 1 + sum(conv.lookback for conv, _ in self.blocks)

    @property
    def operation_count(self) -> int:
        """Convolutions or LSTM layers: a measure of the cost to prepare the network."""
        return 1 + len(self.blocks)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, without activations."""
        return sum(conv.weight.size for conv, _ in self.blocks) + self.head.weight.size


@dataclass(frozen=True, eq=False, repr=False)
class Linear:
    """One long convolution; its layout follows from the channel counts.

    * N in, N out: every channel goes through the same response to the output of its number;
    * 1 in, N out: ``y[n, t] = bias[n] + sum taps[n, k] x[0, t - k]``;
    * N in, 1 out: ``y[0, t] = bias[0] + sum over n, k of taps[n, k] x[n, t - k]``.
    """

    __repr__ = short_repr

    taps: Floats
    """``[response][tap]``; the first tap multiplies the current frame."""
    bias: Floats | None
    """One number, or one per output if there are several responses."""
    inputs: int
    outputs: int
    fast: bool
    """Whether it is computed by FFT."""

    @property
    def receptive_field(self) -> int:
        """Input frames that an output frame depends on."""
        return int(self.taps.shape[1])

    @property
    def operation_count(self) -> int:
        """Convolutions or LSTM layers: a measure of the cost to prepare the network."""
        return len(self.taps)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame of direct convolution."""
        return self.receptive_field * max(self.inputs, self.outputs)

    @property
    def weight_count(self) -> int:
        """Number of weights in the file."""
        return int(self.taps.size) + (0 if self.bias is None else int(self.bias.size))
