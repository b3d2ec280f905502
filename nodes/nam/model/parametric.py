"""The weights of a WaveNet as a function of the values of knobs.

The function of all dialects is of one form.  Dense layers turn the numbers of the knobs (``encode``
of ``knob.py``) into coefficients; a weight is a constant, or a sum of products of a factor and up
to three coefficients.  A FiLM's scales and shifts are such coefficients, and so are the outputs of
a hypernetwork.  All is computed in float64, in one order, and rounded once: kernels that move a
knob (``cpu/weight_kernel.py``) get the same bits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .networks import Floats
from .short_repr import short_repr

__all__ = ["ACTIVATION_CODES", "DenseLayer", "WeightFunction", "activation_value"]

Doubles = NDArray[np.float64]
PLACES = 3
"""Coefficients of a product."""
ACTIVATION_CODES = {
    "": 0,
    "relu": 1,
    "leaky": 2,
    "tanh": 3,
    "sigmoid": 4,
    "silu": 5,
    "hardtanh": 6,
    "softsign": 7,
    "hardswish": 8,
}


def activation_value(code: int, slope: float, x: float) -> float:
    """Return an activation of a number; control threads and kernels compute the same."""
    if code == 1:
        return x if x > 0.0 else 0.0
    if code == 2:
        return x if x > 0.0 else slope * x
    if code == 6:
        return -1.0 if x < -1.0 else (1.0 if x > 1.0 else x)
    if code == 7:
        return x / (1.0 + (x if x > 0.0 else -x))
    if code == 8:
        low = x + 3.0 if x > -3.0 else 0.0
        return x * (low if low < 6.0 else 6.0) / 6.0
    if code == 0:
        return x
    power = -2.0 * x if code == 3 else -x
    share = 1.0 / (1.0 + math.exp(power if power < 700.0 else 700.0))
    if code == 3:
        return 2.0 * share - 1.0
    return x * share if code == 5 else share


@dataclass(frozen=True, eq=False, repr=False)
class DenseLayer:
    """``activation(weight x + bias)``, the activation by its code; ``slope`` is of a leaky one."""

    __repr__ = short_repr

    weight: Floats
    """``[out][in]``"""
    bias: Doubles
    activation: int = 0
    slope: float = 0.0

    def __call__(self, x: Doubles) -> Doubles:
        """Return the outputs, summed from the first input to the last."""
        total = self.bias.astype(np.float64)
        for column, value in zip(self.weight.T, x, strict=True):
            total = total + column.astype(np.float64) * value
        if self.activation:
            found = [activation_value(self.activation, self.slope, float(v)) for v in total]
            return np.array(found)
        return total


@dataclass(frozen=True, eq=False, repr=False)
class WeightFunction:
    """Weights, in the order of a file, as a function of the numbers of the knobs."""

    __repr__ = short_repr

    base: Floats
    """All weights; those that the knobs move are zero."""
    layers: tuple[DenseLayer, ...]
    """From the numbers of the knobs to the coefficients: one without activation comes last."""
    targets: NDArray[np.int64]
    """Ascending: the weights that are sums of products."""
    starts: NDArray[np.int64]
    """The first product of each, and the number of all."""
    factors: Doubles
    places: NDArray[np.int32]
    """``[product][3]``: the coefficients; 0 stands for the number 1, n + 1 for coefficient n."""

    def __call__(self, encoded: Sequence[float]) -> Floats:
        """Return all weights as float32; beyond its range they are infinite."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            x = np.array(encoded, np.float64)
            for layer in self.layers:
                x = layer(x)
            known = np.concatenate([[1.0], x])
            products = self.factors.copy()
            for place in self.places.T:
                products *= known[place]
            owner = np.repeat(np.arange(self.targets.size), np.diff(self.starts))
            made = self.base.copy()
            # bincount adds in order, as the kernel does
            sums = np.bincount(owner, products, self.targets.size)
            made[self.targets] = sums.astype(np.float32)
        return made
