"""Networks as a .nam file gives them: shapes, weights, and what follows from them.

* WaveNet        arrays of layers; each array ends in a head
  * LayerArray
    - Layer      convolution, condition, activation, way out
* Lstm           layers; the last one's hidden state is weighed into the output
  * LstmLayer

Arrays are read-only float32.  Shapes are the file's own: ``[out][in][tap]``, and the last tap
multiplies the current frame.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Activation", "Conv", "Layer", "LayerArray", "Lstm", "LstmLayer", "WaveNet"]

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
    """A causal convolution: ``y[o, t] = bias[o] + sum weight[o, i, k] x[i, t - (K-1-k) d]``."""

    weight: Floats
    bias: Floats | None = None
    dilation: int = 1

    @property
    def outputs(self) -> int:
        """Channels out."""
        return int(self.weight.shape[0])

    @property
    def inputs(self) -> int:
        """Channels in."""
        return int(self.weight.shape[1])

    @property
    def taps(self) -> int:
        """Frames it weighs."""
        return int(self.weight.shape[2])

    @property
    def lookback(self) -> int:
        """Frames before the current one that it needs."""
        return (self.taps - 1) * self.dilation

    def first(self, outputs: int, inputs: int) -> "Conv":
        """Return the part between the first channels."""
        bias = None if self.bias is None else self.bias[:outputs]
        return replace(self, weight=self.weight[:outputs, :inputs], bias=bias)


@dataclass(frozen=True, eq=False)
class Layer:
    """``a = act(conv(x) + mixin c)``; ``a`` goes to the head, ``x + out(a)`` to the next layer."""

    conv: Conv
    mixin: Conv
    activation: Activation
    out: Conv

    def first(self, channels: int) -> "Layer":
        """Return the layer narrowed to its first channels."""
        conv, out = (c.first(channels, channels) for c in (self.conv, self.out))
        return Layer(conv, self.mixin.first(channels, 1), self.activation, out)


@dataclass(frozen=True, eq=False)
class LayerArray:
    """Layers of one width, a way in, and a head that weighs the sum of their activations."""

    rechannel: Conv
    layers: tuple[Layer, ...]
    head: Conv
    widths: tuple[int, ...] = ()
    """Channel counts the array was trained to be cut down to, narrowest first."""

    @property
    def channels(self) -> int:
        """The width of the layers."""
        return self.rechannel.outputs

    @property
    def convs(self) -> tuple[Conv, ...]:
        """Every convolution, as a signal meets them."""
        inner = [c for layer in self.layers for c in (layer.conv, layer.mixin, layer.out)]
        return (self.rechannel, *inner, self.head)


@dataclass(frozen=True, eq=False)
class WaveNet:
    """Arrays one after another; each head's output is where the next head's sum starts."""

    arrays: tuple[LayerArray, ...]
    head_scale: float

    def slimmed(self, slim: float) -> "WaveNet":
        """Return the network with its arrays cut down to the width for a slim value.

        Core's rule: of n widths number ``floor(slim n)``; what is left are the first channels.
        """
        widths = [_width(array, slim) for array in self.arrays]
        if widths == [array.channels for array in self.arrays]:
            return self
        inputs = [self.arrays[0].rechannel.inputs, *widths]
        outputs = [*widths[1:], self.arrays[-1].head.outputs]
        arrays = [
            LayerArray(
                array.rechannel.first(width, inputs[n]),
                tuple(layer.first(width) for layer in array.layers),
                array.head.first(outputs[n], width),
            )
            for n, (array, width) in enumerate(zip(self.arrays, widths, strict=True))
        ]
        return WaveNet(tuple(arrays), self.head_scale)

    @property
    def receptive_field(self) -> int:
        """Frames of input that one frame of output depends on."""
        return 1 + sum(c.lookback for array in self.arrays for c in array.convs)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, activations not counted."""
        return sum(c.weight.size for array in self.arrays for c in array.convs)

    @property
    def weight_count(self) -> int:
        """Numbers in the file."""
        convs = [c for array in self.arrays for c in array.convs]
        return 1 + sum(c.weight.size + (0 if c.bias is None else c.bias.size) for c in convs)


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
    head_bias: float

    @property
    def hidden_size(self) -> int:
        """The width of every layer."""
        return int(self.head.size)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, activations not counted."""
        return sum(layer.weight.size for layer in self.layers) + self.head.size

    @property
    def weight_count(self) -> int:
        """Numbers in the file."""
        inner = sum(la.weight.size + la.bias.size + 2 * la.hidden.size for la in self.layers)
        return inner + self.head.size + 1


def _width(array: LayerArray, slim: float) -> int:
    count = len(array.widths)
    return array.widths[min(int(slim * count), count - 1)] if count else array.channels
