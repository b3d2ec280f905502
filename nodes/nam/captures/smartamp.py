"""Read GuitarML's SmartAmp models: the WaveNet of PedalNetRT, as the plugin's JSON has it.

Facts by the sources of SmartGuitarAmp and PedalNetRT.  A 1x1 convolution of the input; then a layer
for each dilation: a dilated convolution, an activation (``a``, with "gated" tanh times sigmoid of
two halves), and its input plus a 1x1 convolution of ``a`` for the next layer; at the end a 1x1
convolution of the ``a`` of all layers.  Weights are ``[tap][input][output]``, the last tap that of
the current frame.  The plugin does not scale the output.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.errors import (
    ActivationError,
    FieldValueError,
    MissingFieldError,
    WeightCountError,
)
from ..format.checked_json import (
    MAX_WEIGHTS,
    Fields,
    as_integer,
    fault,
    finite_floats,
    format_json,
    too_large,
)
from ..format.wavenet import MAX_FIELD, MAX_HISTORY
from ..format.wavenet_array import MAX_DILATION, MAX_LAYERS
from ..model.networks import Activation, Conv
from ..model.wavenet import WaveNet
from ..model.wavenet_parts import Layer, LayerArray

__all__ = ["read_smartamp"]

Floats = NDArray[np.float32]
MAX_WIDTH, MAX_TAPS = 128, 256
GATED = {"gated": ("tanh", "sigmoid"), "softgated": ("softsign", "softsign")}
PLAIN = ("tanh", "sigmoid", "relu", "softsign", "linear")
LINEAR = Activation("leaky", ((1.0,),))
"""A leaky ReLU whose slope below 0 is that above."""
MAX_DIGITS = 64
"""Most characters of a number that a file gives as text, as the plugin's own files do."""


def read_smartamp(root: Fields) -> WaveNet:
    """Return the network of a file; ``NamFileError`` if a key or a weight is not as it must be."""
    for key in ("input_channels", "output_channels"):
        if root.integer(key, 1, MAX_WIDTH) != 1:
            raise fault(root.at(key), root.raw(key), "1")
    channels = root.integer("residual_channels", 1, MAX_WIDTH)
    taps = root.integer("filter_width", 1, MAX_TAPS)
    dilations = [
        as_integer(v, path, 1, MAX_DILATION) for v, path in root.items("dilations", MAX_LAYERS)
    ]
    first, second = _activations(root)
    middle = channels * (1 if second is None else 2)
    _check_sizes(root, channels, taps, dilations)
    weights = _Variables(root, len(dilations))
    mixin = Conv(np.zeros((middle, 1, 1), np.float32))  # the input goes to the first layer alone
    head = weights.conv(len(dilations), "W", "b", 1, channels * len(dilations), 1)
    layers = []
    for number, dilation in enumerate(dilations):
        conv = weights.conv(number, "W_conv", "b_conv", taps, channels, middle, dilation)
        out = weights.conv(number, "W_out", "b_out", 1, channels, channels)
        part = head.weight[:, channels * number : channels * (number + 1)]
        gating = "none" if second is None else "gated"
        layers.append(Layer(conv, mixin, first, out, Conv(part), gating, second))
    rechannel = weights.conv(-1, "W", "b", 1, 1, channels)
    total = Conv(np.ones((1, 1, 1), np.float32), head.bias)
    return WaveNet((LayerArray(rechannel, tuple(layers), total),), 1.0)


def _activations(root: Fields) -> tuple[Activation, Activation | None]:
    name = root.text("activation")
    if name in GATED:
        first, second = GATED[name]
        return Activation(first), Activation(second)
    if name not in PLAIN:
        known = (*GATED, *PLAIN)
        raise ActivationError(
            f"{root.at('activation')} is {format_json(name)}: must be one of {', '.join(known)}",
            activation=name,
            supported=known,
        )
    return (LINEAR if name == "linear" else Activation(name)), None


def _check_sizes(root: Fields, channels: int, taps: int, dilations: list[int]) -> None:
    """Refuse layers that look back too far, or keep too many numbers."""
    field = 1 + (taps - 1) * sum(dilations)
    if field > MAX_FIELD:
        found = f"{root.at('dilations')} look back {field} frames"
        raise too_large(found, "receptive field", field, MAX_FIELD)
    if channels * field > MAX_HISTORY:
        found = f"layers need a history of {channels * field} numbers"
        raise too_large(found, "history", channels * field, MAX_HISTORY)


class _Variables:
    """The weights of a file by layer and name; each is counted before it is used."""

    def __init__(self, root: Fields, layers: int) -> None:
        self.root, self.taken = root, 0
        self.found: dict[tuple[int, str], tuple[Any, str]] = {}
        for value, path in root.items("variables", 4 * layers + 4):
            row = Fields(value, path)
            place = row.integer("layer_idx", -1, layers), row.text("name")
            if place in self.found:
                message = f"{path} is layer {place[0]}, {format_json(place[1])}, a second time"
                raise FieldValueError(message, field=path, allowed="one of each layer and name")
            self.found[place] = row.raw("data"), row.at("data")

    def conv(
        self, number: int, weight: str, bias: str, *shape: int
    ) -> Conv:  # shape: taps, inputs, outputs, and the dilation
        """Return a convolution from its two variables."""
        taps, inputs, outputs, *dilation = shape
        values = self._take(number, weight, taps, inputs, outputs)
        made = np.ascontiguousarray(values.transpose(2, 1, 0))
        return Conv(made, self._take(number, bias, outputs), *dilation)

    def _take(self, number: int, name: str, *shape: int) -> Floats:
        if (number, name) not in self.found:
            what = f"{self.root.at('variables')} has no {format_json(name)} of layer {number}"
            raise MissingFieldError(what, field=self.root.at("variables"))
        value, path = self.found[number, name]
        count = int(np.prod(shape, dtype=object))
        self.taken += count
        if self.taken > MAX_WEIGHTS:
            found = f"{path} and what is before it have {self.taken} weights"
            raise too_large(found, "weights", self.taken, MAX_WEIGHTS)
        if not isinstance(value, list):
            raise fault(path, value, f"a list of {count} numbers")
        if len(value) != count:
            raise WeightCountError(
                f"{path} has {len(value)} numbers: config needs exactly {count}",
                expected=count,
                found=len(value),
            )
        made = finite_floats([_number(v) for v in value], path).reshape(shape)
        made.flags.writeable = False
        return made


def _number(value: Any) -> Any:
    """Return text as the number it is, if it is one."""
    if not isinstance(value, str) or len(value) > MAX_DIGITS:
        return value
    try:
        return float(value)
    except ValueError:
        return value
