"""Networks of networks: WaveNet, Sequential, Gained, with knobs, Interleaved."""

from dataclasses import dataclass, replace

from .around import Around
from .captures import Conditioned, ConvStack, Gru
from .knob import Knob
from .networks import Activation, Conv, ConvNet, Linear, Lstm
from .parametric import WeightFunction
from .short_repr import short_repr
from .slimming import bottleneck_of, cut_array, head_width_of, least_slim, width_of
from .wavenet_parts import LayerArray

__all__ = [
    "Gained",
    "Interleaved",
    "Network",
    "ParametricWaveNet",
    "Sequential",
    "WaveNet",
    "knobs_of",
]


@dataclass(frozen=True, eq=False, repr=False)
class WaveNet:
    """Layer arrays in series; the head of each array starts from the head output of the one before.

    The condition, an input of every layer, is the input of the network or the output of the network
    ``condition`` on it.  The output of the last array's head, times ``head_scale``, goes through
    ``head``: ``head_activation`` and a convolution, alternately.
    """

    __repr__ = short_repr

    arrays: tuple[LayerArray, ...]
    head_scale: float
    head: tuple[Conv, ...] = ()
    head_activation: Activation | None = None
    condition: "Network | None" = None

    @property
    def inputs(self) -> int:
        """Input channels."""
        return self.arrays[0].rechannel.inputs

    @property
    def outputs(self) -> int:
        """Output channels."""
        return (self.head[-1] if self.head else self.arrays[-1].head).outputs

    @property
    def convs(self) -> tuple[Conv, ...]:
        """All convolutions but those of ``condition``."""
        return (*(c for array in self.arrays for c in array.convs), *self.head)

    @property
    def receptive_field(self) -> int | None:
        """Input frames that an output frame depends on."""
        before = 1 if self.condition is None else self.condition.receptive_field
        if before is None:
            return None
        own = sum(a.lookback for a in self.arrays) + sum(c.lookback for c in self.head)
        return before + own

    @property
    def operation_count(self) -> int:
        """Convolutions or LSTM layers: a measure of the cost to prepare the network."""
        return len(self.convs) + (0 if self.condition is None else self.condition.operation_count)

    @property
    def history_floats(self) -> int:
        """Float32 values of past frames that the convolutions keep."""
        return sum(c.inputs * c.lookback for c in self.convs)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, without activations."""
        before = 0 if self.condition is None else self.condition.multiply_adds
        return before + sum(c.weight.size for c in self.convs)

    @property
    def weight_count(self) -> int:
        """Number of weights in the file."""
        before = 0 if self.condition is None else self.condition.weight_count
        return before + 1 + sum(c.weight_count for c in self.convs)

    @property
    def limits(self) -> tuple[float, ...]:
        """Slim values below which each size is selected, ascending; the last is 1."""
        counts = {len(array.widths) for array in self.arrays}
        return (*sorted({least_slim(k, n) for n in counts for k in range(1, n)}), 1.0)

    def slimmed(self, slim: float) -> "WaveNet":
        """Return the network with its layer arrays cut to the width for a slim value.

        As in NAM Core: of n widths the one at index ``floor(slim n)``; the first channels remain.
        """
        widths = [width_of(array, slim) for array in self.arrays]
        if widths == [array.channels for array in self.arrays]:
            return self
        inner = [bottleneck_of(a, width) for a, width in zip(self.arrays, widths, strict=True)]
        inputs = [self.inputs, *widths]
        # The head output of one array starts the head sum of the next.
        outputs = [*(head_width_of(a, b) for a, b in zip(self.arrays[1:], inner[1:], strict=True))]
        outputs.append(self.arrays[-1].head.outputs)
        arrays = [
            cut_array(array, inputs[n], widths[n], inner[n], outputs[n])
            for n, array in enumerate(self.arrays)
        ]
        return replace(self, arrays=tuple(arrays))


@dataclass(frozen=True, eq=False, repr=False)
class Sequential:
    """Networks in series; each may be a Sequential itself."""

    __repr__ = short_repr

    parts: tuple["Network", ...]

    @property
    def inputs(self) -> int:
        """Input channels."""
        return self.parts[0].inputs

    @property
    def outputs(self) -> int:
        """Output channels."""
        return self.parts[-1].outputs

    @property
    def receptive_field(self) -> int | None:
        """Input frames that an output frame depends on."""
        fields = [part.receptive_field for part in self.parts]
        known = [f for f in fields if f is not None]
        return 1 + sum(f - 1 for f in known) if len(known) == len(fields) else None

    @property
    def operation_count(self) -> int:
        """Convolutions or LSTM layers: a measure of the cost to prepare the network."""
        return sum(part.operation_count for part in self.parts)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, without activations."""
        return sum(part.multiply_adds for part in self.parts)

    @property
    def weight_count(self) -> int:
        """Number of weights in the file."""
        return sum(part.weight_count for part in self.parts)


@dataclass(frozen=True, eq=False, repr=False)
class Gained(Around):
    """``output_gain * (inner(x) + x)``, x the input times ``input_gain``; ``+ x`` if ``skip``."""

    __repr__ = short_repr

    inner: "Network"
    input_gain: float = 1.0
    output_gain: float = 1.0
    skip: bool = False

    @property
    def operation_count(self) -> int:
        """Convolutions or recurrent layers: a measure of the cost to prepare the network."""
        return 2 + self.inner.operation_count

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, without activations."""
        return self.inner.multiply_adds + self.inputs + self.outputs

    @property
    def weight_count(self) -> int:
        """Number of weights of the network within."""
        return self.inner.weight_count


@dataclass(frozen=True, eq=False, repr=False)
class ParametricWaveNet(Around):
    """A WaveNet whose weights are a function of knobs: ``plain_network`` of ``flat_weights.py``.

    ``inner`` is the plain WaveNet that knobs at their defaults make.
    """

    __repr__ = short_repr

    inner: WaveNet
    knobs: tuple[Knob, ...]
    function: WeightFunction
    weight_count: int
    """Number of weights in the file."""


@dataclass(frozen=True, eq=False, repr=False)
class Interleaved:
    """Copies of a mono network, ``times`` of them: each plays every ``times``-th frame."""

    __repr__ = short_repr

    network: "Network"
    times: int
    inputs: int = 1
    """Input channels."""
    outputs: int = 1
    """Output channels."""

    @property
    def receptive_field(self) -> int | None:
        """Input frames that an output frame depends on."""
        field = self.network.receptive_field
        return None if field is None else 1 + (field - 1) * self.times

    @property
    def operation_count(self) -> int:
        """Convolutions or LSTM layers: a measure of the cost to prepare the network."""
        return self.times * self.network.operation_count

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, without activations."""
        return self.network.multiply_adds

    @property
    def weight_count(self) -> int:
        """Number of weights in the file."""
        return self.network.weight_count


Network = (
    WaveNet
    | Lstm
    | ConvNet
    | Linear
    | Sequential
    | Gru
    | ConvStack
    | Gained
    | Conditioned
    | ParametricWaveNet
    | Interleaved
)


def knobs_of(network: Network) -> tuple[Knob, ...]:
    """Return the knobs of a network, of all parts of a Sequential too."""
    if isinstance(network, Conditioned | ParametricWaveNet):
        return network.knobs
    if isinstance(network, Gained):
        return knobs_of(network.inner)
    if isinstance(network, Sequential):
        return tuple(knob for part in network.parts for knob in knobs_of(part))
    return ()
