"""Networks of captures that are no .nam files: GRUs, stacks of layers, knobs.

* Gru            layers; the head is applied to the hidden state of the last
* ConvStack      causal convolutions, dense layers (of one tap) and activations, in order
* Conditioned    a network whose inputs after the first are knobs, constant or slowly moving

Arrays and properties are as in ``networks.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .around import Around
from .knob import Knob, encode
from .networks import Activation, Conv, Floats, Lstm, RecurrentNetwork
from .short_repr import short_repr

__all__ = [
    "Conditioned",
    "ConvStack",
    "Gru",
    "GruLayer",
    "Softmax",
    "folded_bias",
]


@dataclass(frozen=True, eq=False, repr=False)
class GruLayer:
    """A layer: gates z, r, n of the input and of the hidden state, each with a bias (reset after).

    ``z`` and ``r`` are sigmoids of the sum of both parts, ``n = tanh(input part + r hidden part)``;
    the new hidden state is ``z h + (1 - z) n``: Keras's GRU with ``reset_after``, PyTorch's.
    """

    __repr__ = short_repr

    weight: Floats
    """``[3 H][inputs]``"""
    recurrent: Floats
    """``[3 H][H]``"""
    bias: Floats
    """``[3 H]``, of the input part."""
    recurrent_bias: Floats


@dataclass(frozen=True, eq=False, repr=False)
class Gru(RecurrentNetwork):
    """GRU layers of one size in series, from a zero state, then a head."""

    __repr__ = short_repr

    layers: tuple[GruLayer, ...]
    head: Floats
    """``[out][H]``"""
    head_bias: Floats
    inputs: int = 1

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, without activations."""
        return sum(la.weight.size + la.recurrent.size for la in self.layers) + self.head.size

    @property
    def weight_count(self) -> int:
        """Number of weights."""
        inner = sum(
            la.weight.size + la.recurrent.size + la.bias.size + la.recurrent_bias.size
            for la in self.layers
        )
        return inner + self.head.size + self.head_bias.size


@dataclass(frozen=True)
class Softmax:
    """``e^x / sum e^x`` over all channels of a frame."""


@dataclass(frozen=True, eq=False, repr=False)
class ConvStack:
    """Convolutions and activations in order; a dense layer is a convolution of one tap."""

    __repr__ = short_repr

    steps: tuple[Conv | Activation | Softmax, ...]
    inputs: int = 1

    @property
    def convs(self) -> tuple[Conv, ...]:
        """The convolutions."""
        return tuple(step for step in self.steps if isinstance(step, Conv))

    @property
    def outputs(self) -> int:
        """Output channels."""
        return self.convs[-1].outputs if self.convs else self.inputs

    @property
    def receptive_field(self) -> int:
        """Input frames that an output frame depends on."""
        return 1 + sum(conv.lookback for conv in self.convs)

    @property
    def operation_count(self) -> int:
        """Steps: a measure of the cost to prepare the network."""
        return 1 + len(self.steps)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, without activations."""
        return sum(conv.weight.size for conv in self.convs)

    @property
    def history_floats(self) -> int:
        """Float32 values of past frames that the convolutions keep."""
        return sum(conv.inputs * conv.lookback for conv in self.convs)

    @property
    def weight_count(self) -> int:
        """Number of weights; the slopes of PReLUs count."""
        slopes = [s.parameters for s in self.steps if isinstance(s, Activation)]
        extra = sum(len(row) for rows in slopes for row in rows)
        return sum(conv.weight_count for conv in self.convs) + extra


@dataclass(frozen=True, eq=False, repr=False)
class Conditioned(Around):
    """A network with one input of sound, and after it inputs for knobs (``knob.encode``).

    Its first layer multiplies a constant by each knob's column of weights, so that knobs at rest
    are part of the biases: ``at`` returns the network without knobs that they make.
    """

    __repr__ = short_repr

    inner: Lstm | Gru | ConvStack
    knobs: tuple[Knob, ...]

    @property
    def inputs(self) -> int:
        """Input channels, without knobs."""
        return self.inner.inputs - self.knob_inputs

    @property
    def knob_inputs(self) -> int:
        """Inputs for knobs: one for each, of a switch one for each choice."""
        return sum(knob.width for knob in self.knobs)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame with knobs at rest, without activations."""
        return self.inner.multiply_adds - self.columns.size

    @property
    def weight_count(self) -> int:
        """Number of weights, those of knobs too."""
        return self.inner.weight_count

    @property
    def defaults(self) -> tuple[float, ...]:
        """The default value of each knob."""
        return tuple(knob.default for knob in self.knobs)

    @property
    def bias(self) -> Floats:
        """The biases that knobs add to: those of the input of the first layer."""
        if isinstance(self.inner, ConvStack):
            bias = self._conv.bias
            return np.zeros(self._conv.outputs, np.float32) if bias is None else bias
        return self.inner.layers[0].bias

    @property
    def columns(self) -> Floats:
        """``[knob input][bias]``: what a 1 there adds to each bias."""
        if isinstance(self.inner, ConvStack):
            weight = self._conv.weight[:, self.inputs :].sum(axis=2, dtype=np.float64)
            made: Floats = weight.T.astype(np.float32)
            return made
        first = self.inputs
        return self.inner.layers[0].weight[:, first : first + self.knob_inputs].T

    @property
    def _conv(self) -> Conv:
        first = self.inner.steps[0] if isinstance(self.inner, ConvStack) else None
        assert isinstance(first, Conv)  # the reader checks it
        return first

    def at(self, values: Sequence[float] | None = None) -> Lstm | Gru | ConvStack:
        """Return the network that knobs at these values make; by default those of ``defaults``."""
        values = self.defaults if values is None else values
        bias = folded_bias(self.bias, self.columns, encode(self.knobs, values))
        own, inner = self.inputs, self.inner
        if isinstance(inner, ConvStack):
            first = replace(self._conv, weight=self._conv.weight[:, :own], bias=bias)
            return ConvStack((first, *inner.steps[1:]), own)
        weight = np.delete(inner.layers[0].weight, np.s_[own : own + self.knob_inputs], axis=1)
        if isinstance(inner, Lstm):
            layers = (replace(inner.layers[0], weight=weight, bias=bias), *inner.layers[1:])
            return replace(inner, layers=layers, inputs=own)
        gru = (replace(inner.layers[0], weight=weight, bias=bias), *inner.layers[1:])
        return replace(inner, layers=gru, inputs=own)


def folded_bias(bias: Floats, columns: Floats, values: Sequence[float]) -> Floats:
    """Return biases and each column times its value, added in float64 in that order."""
    total: NDArray[np.float64] = bias.astype(np.float64)
    for column, value in zip(columns, values, strict=True):
        total = total + column.astype(np.float64) * float(value)
    with np.errstate(over="ignore"):  # the engine mutes infinite output
        made: Floats = total.astype(np.float32)
        return made
