"""Networks as a .nam file gives them: shapes, weights, and what follows from them.

* WaveNet        arrays of layers (wavenet_parts.py); each array ends in a head
* Lstm           layers; the last one's hidden state is weighed into the outputs
* ConvNet        convolutions and activations in turn, then a weighing of the channels
* Linear         one long convolution
* Sequential     networks one after another

Arrays are read-only float32.  Shapes are the file's own: ``[out][in / groups][tap]``, and the last
tap multiplies the current frame.  All networks say the same of themselves: channels in and out, the
frames one output depends on (``None`` for all of them), multiply-adds a frame, numbers in the file.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Activation", "Conv", "ConvNet", "Floats", "Linear", "Lstm", "LstmLayer"]

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Activation:
    """A function by its kernel's name; of each of its parameters, one number or one per channel."""

    name: str
    parameters: tuple[tuple[float, ...], ...] = ()

    def table(self, channels: int) -> Floats:
        """Return the parameters as ``(parameter, channel)``; short lists repeat, as in Core."""
        rows = [[row[c % len(row)] for c in range(channels)] for row in self.parameters]
        return np.array(rows, np.float32).reshape(len(rows), channels)


@dataclass(frozen=True, eq=False)
class Conv:
    """A causal convolution: ``y[o, t] = bias[o] + sum weight[o, i, k] x[i, t - (K-1-k) d]``.

    In ``groups``, an equal share of the outputs sees an equal share of the inputs each.
    """

    weight: Floats
    bias: Floats | None = None
    dilation: int = 1
    groups: int = 1

    @property
    def outputs(self) -> int:
        """Channels out."""
        return int(self.weight.shape[0])

    @property
    def inputs(self) -> int:
        """Channels in."""
        return int(self.weight.shape[1]) * self.groups

    @property
    def taps(self) -> int:
        """Frames it weighs."""
        return int(self.weight.shape[2])

    @property
    def lookback(self) -> int:
        """Frames before the current one that it needs."""
        return (self.taps - 1) * self.dilation

    @property
    def numbers(self) -> int:
        """Weights and biases."""
        return int(self.weight.size) + (0 if self.bias is None else int(self.bias.size))

    def first(self, outputs: int, inputs: int) -> "Conv":
        """Return the part between the first channels (of a convolution without groups)."""
        bias = None if self.bias is None else self.bias[:outputs]
        return replace(self, weight=self.weight[:outputs, :inputs], bias=bias)

    def scaled(self, factor: float) -> "Conv":
        """Return one whose outputs are this much larger."""
        number = np.float32(factor)
        with np.errstate(over="ignore"):  # what becomes infinite is muted when it plays
            bias = None if self.bias is None else self.bias * number
            return replace(self, weight=self.weight * number, bias=bias)


@dataclass(frozen=True, eq=False)
class LstmLayer:
    """``weight[4 H][inputs + H]``, gates i, f, g, o; where the hidden and cell state start."""

    weight: Floats
    bias: Floats
    hidden: Floats
    cell: Floats


@dataclass(frozen=True, eq=False)
class Lstm:
    """Layers one after another in each frame; no layers at all pass the input through."""

    layers: tuple[LstmLayer, ...]
    head: Floats
    """``[out][H]``"""
    head_bias: Floats
    inputs: int = 1

    @property
    def hidden_size(self) -> int:
        """The width of every layer."""
        return int(self.head.shape[1])

    @property
    def outputs(self) -> int:
        """Channels out."""
        return int(self.head.shape[0])

    @property
    def pieces(self) -> int:
        """Convolutions, or layers: about what it costs to lay out."""
        return 1 + len(self.layers)

    @property
    def receptive_field(self) -> None:
        """Nothing is ever forgotten for good."""
        return None

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, activations not counted."""
        return sum(layer.weight.size for layer in self.layers) + self.head.size

    @property
    def weight_count(self) -> int:
        """Numbers in the file."""
        inner = sum(la.weight.size + la.bias.size + 2 * la.hidden.size for la in self.layers)
        return inner + self.head.size + self.head_bias.size


@dataclass(frozen=True, eq=False)
class ConvNet:
    """Convolutions (each normalisation is folded in) and their activations, then a weighing."""

    blocks: tuple[tuple[Conv, Activation], ...]
    head: Conv
    weight_count: int
    """Numbers in the file."""

    @property
    def inputs(self) -> int:
        """Channels in."""
        return self.blocks[0][0].inputs

    @property
    def outputs(self) -> int:
        """Channels out."""
        return self.head.outputs

    @property
    def receptive_field(self) -> int:
        """Frames of input that one frame of output depends on."""
        return 1 + sum(conv.lookback for conv, _ in self.blocks)

    @property
    def pieces(self) -> int:
        """Convolutions, or layers: about what it costs to lay out."""
        return 1 + len(self.blocks)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, activations not counted."""
        return sum(conv.weight.size for conv, _ in self.blocks) + self.head.weight.size


@dataclass(frozen=True, eq=False)
class Linear:
    """One long convolution, by the numbers of channels in and out.

    * as many in as out: all channels go through one response, each to its own output;
    * 1 in, N out: ``y[n, t] = bias[n] + sum taps[n, k] x[0, t - k]``;
    * N in, 1 out: ``y[0, t] = bias[0] + sum over n, k of taps[n, k] x[n, t - k]``.
    """

    taps: Floats
    """``[response][tap]``, the tap of the current frame first."""
    bias: Floats | None
    """One number, or one for each output where there are responses of their own."""
    inputs: int
    outputs: int
    fast: bool
    """Whether it goes through the frequency domain."""

    @property
    def receptive_field(self) -> int:
        """Frames of input that one frame of output depends on."""
        return int(self.taps.shape[1])

    @property
    def pieces(self) -> int:
        """Convolutions, or layers: about what it costs to lay out."""
        return len(self.taps)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame if done directly."""
        return self.receptive_field * max(self.inputs, self.outputs)

    @property
    def weight_count(self) -> int:
        """Numbers in the file."""
        return int(self.taps.size) + (0 if self.bias is None else int(self.bias.size))
