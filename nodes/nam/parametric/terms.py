"""Weights as sums of products of a factor and coefficients, collected in the order of a file."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..format.checked_json import too_large
from ..model.flat_weights import plain_network
from ..model.knob import Knob, encode
from ..model.networks import Floats
from ..model.parametric import PLACES, DenseLayer, WeightFunction
from ..model.wavenet import ParametricWaveNet, WaveNet

__all__ = ["MAX_COEFFICIENTS", "Table", "Tensor", "conditioned", "identity"]

Places = NDArray[Any]
MAX_PRODUCTS = 1 << 21
"""Products of all weights of a network: some ms to compute them all."""
MAX_COEFFICIENTS = 1 << 18


class Tensor:
    """An array of weights: a sum of arrays of factors, each times coefficients by their places.

    Place 0 stands for the number 1.  Places are arrays that fit the shape by NumPy's rules.
    """

    def __init__(self, *factors: Any) -> None:
        self.terms: list[tuple[NDArray[np.float64], tuple[Places, ...]]] = [
            (np.asarray(f, np.float64), ()) for f in factors
        ]

    def times(self, places: Places | None) -> None:
        """Multiply all weights by coefficients; ``None`` changes nothing."""
        if places is not None:
            self.terms = [(factors, (*before, places)) for factors, before in self.terms]

    def plus(self, factors: Any, places: Places | None = None) -> None:
        """Add factors, times coefficients if their places are given."""
        given = () if places is None else (places,)
        self.terms.append((np.asarray(factors, np.float64), given))

    def join(self, other: "Tensor") -> None:
        """Add another tensor of the same shape."""
        self.terms += other.terms


class Table:
    """Collects the weights of a network, tensor by tensor, in the order of the file."""

    def __init__(self) -> None:
        self.at = self.count = 0
        self.base: list[Floats] = []
        self.rows: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int32]]] = []

    def add(self, tensor: Tensor | Floats) -> Floats:
        """Add weights; return an array of their shape, zeros where coefficients move them."""
        if isinstance(tensor, Tensor):
            if any(places for _, places in tensor.terms):
                return self._add_products(tensor)
            total = np.sum([factors for factors, _ in tensor.terms], axis=0)
            return self.add(np.asarray(total, np.float32))
        self.base.append(np.asarray(tensor, np.float32).ravel())
        self.at += tensor.size
        return tensor

    def add_at(self, targets: Any, factors: Any, *places: Any) -> None:
        """Add a product for each of ``targets``, weights by their number in the file."""
        self._append(np.asarray(targets, np.int64), np.asarray(factors, np.float64), places)

    def _add_products(self, tensor: Tensor) -> Floats:
        shape = np.broadcast_shapes(*(factors.shape for factors, _ in tensor.terms))
        made = np.zeros(shape, np.float32)
        targets = np.arange(self.at, self.at + made.size)
        for factors, places in tensor.terms:
            wide = (np.broadcast_to(p, shape).ravel() for p in places)
            self._append(targets, np.broadcast_to(factors, shape).ravel(), tuple(wide))
        self.base.append(made.ravel())
        self.at += made.size
        return made

    def _append(self, targets: Any, factors: Any, places: tuple[Any, ...]) -> None:
        self.count += targets.size
        if self.count > MAX_PRODUCTS:
            found = "the weights that knobs move need too many products"
            raise too_large(found, "products", self.count, MAX_PRODUCTS)
        row = np.zeros((targets.size, PLACES), np.int32)
        for n, place in enumerate(places):
            row[:, n] = place
        self.rows.append((targets, factors, row))

    def function(self, layers: Sequence[DenseLayer]) -> WeightFunction:
        """Return the function of all weights added."""
        targets = np.concatenate([row[0] for row in self.rows])
        order = np.argsort(targets, kind="stable")
        live, first = np.unique(targets[order], return_index=True)
        starts = np.append(first, targets.size).astype(np.int64)
        factors = np.concatenate([row[1] for row in self.rows])[order]
        places = np.concatenate([row[2] for row in self.rows])[order]
        base = np.concatenate(self.base)
        base[live] = 0.0
        return WeightFunction(base, tuple(layers), live, starts, factors, places)


def conditioned(
    shape: WaveNet, knobs: tuple[Knob, ...], layers: Sequence[DenseLayer], table: Table, count: int
) -> ParametricWaveNet:
    """Return a WaveNet of a shape whose weights are those of a table; ``count`` those in a file."""
    function = table.function(layers)
    known = ParametricWaveNet(shape, knobs, function, count)
    defaults = [knob.default for knob in knobs]
    return ParametricWaveNet(plain_network(known, defaults), knobs, function, count)


def identity(knobs: Sequence[Knob]) -> DenseLayer:
    """Return the layer that makes the numbers of the knobs the coefficients."""
    count = len(encode(knobs, [knob.default for knob in knobs]))
    return DenseLayer(np.eye(count, dtype=np.float32), np.zeros(count))
