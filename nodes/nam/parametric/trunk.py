"""Dense layers between the knobs and what they move: an encoder, the trunk of a hypernetwork."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ....graph.errors import ActivationError
from ..format.activation import read_activation
from ..format.checked_json import Fields, Weights, as_integer, fault
from ..model.knob import Knob
from ..model.networks import Activation
from ..model.parametric import ACTIVATION_CODES, DenseLayer

__all__ = ["Trunk", "read_encoder", "read_trunk"]

MAX_HIDDEN = 1024
MAX_LAYERS = 4
KNOWN = ("ReLU", "LeakyReLU", "Tanh", "Sigmoid", "SiLU", "Hardtanh", "Softsign", "Hardswish")


@dataclass(frozen=True)
class Trunk:
    """Sizes of dense layers, the first that of the input; the activation between them."""

    sizes: tuple[int, ...]
    code: int
    slope: float
    last: bool
    """Whether the last layer is activated, too."""

    @property
    def outputs(self) -> int:
        """Numbers that come out."""
        return self.sizes[-1]

    def build(self, w: Weights) -> list[DenseLayer]:
        """Take the weights: of each layer ``[out][in]``, then the bias."""
        made = []
        for number, (inner, outer) in enumerate(zip(self.sizes, self.sizes[1:], strict=False)):
            weight, bias = w.take(outer, inner), w.take(outer)
            code = self.code if self.last or number < len(self.sizes) - 2 else 0
            made.append(DenseLayer(weight, bias.astype(np.float64), code, self.slope))
        return made


def read_encoder(config: Fields, knobs: tuple[Knob, ...]) -> Trunk:
    """Read ``param_encoder``; without one the numbers of the knobs are the output."""
    inputs = sum(knob.width for knob in knobs)
    if not config.has("param_encoder"):
        return Trunk((inputs,), 0, 0.0, False)
    row = config.fields("param_encoder")
    outputs = row.integer("out_features", 1, MAX_HIDDEN, inputs)
    code, slope = _activation(row)
    return Trunk((inputs, *_hidden(row), outputs), code, slope, False)


def read_trunk(row: Fields, knobs: tuple[Knob, ...]) -> Trunk:
    """Read the hidden layers of a hypernetwork, all of them activated."""
    code, slope = _activation(row)
    return Trunk((sum(knob.width for knob in knobs), *_hidden(row)), code, slope, True)


def _hidden(row: Fields) -> list[int]:
    given = row.raw("hidden_sizes", [])
    if not isinstance(given, list) or len(given) > MAX_LAYERS:
        raise fault(row.at("hidden_sizes"), given, f"a list of at most {MAX_LAYERS} sizes")
    path = row.at("hidden_sizes")
    return [as_integer(v, f"{path}[{n}]", 1, MAX_HIDDEN) for n, v in enumerate(given)]


def _activation(row: Fields) -> tuple[int, float]:
    """Return the code of an activation, and its slope."""
    given: Any = row.raw("activation", "ReLU")
    path = row.at("activation")
    made: Activation = read_activation(given, path)
    slope = made.parameters[0][0] if made.parameters else 0.0
    if made.name not in ACTIVATION_CODES or any(len(p) != 1 for p in made.parameters):
        kind = given if isinstance(given, str) else given["type"]
        raise ActivationError(
            f"{path} is {kind}: must be one of {', '.join(KNOWN)} between knobs and weights",
            activation=str(kind),
            supported=KNOWN,
        )
    return ACTIVATION_CODES[made.name], slope
