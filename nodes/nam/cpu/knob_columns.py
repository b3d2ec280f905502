"""Biases that knobs are part of: where they lie, and what each knob input adds to each of them.

A first layer computes ``bias + knob column * knob value + ...`` for every frame.  While knobs rest
that sum is a constant, so a kernel reads it where it would read its biases, and the kernel of a
node with knobs (``knob_kernel.py``) writes it anew when a knob has moved.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.prepare import Memory
from ..model.captures import Conditioned

__all__ = ["Fold", "KnobColumns", "bias_block", "state_block"]

Floats = NDArray[np.float32]
Layout = Callable[[Floats], Floats]
"""From biases in the order of the network to those in the order of a kernel, padded with zeros."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Biases in memory that depend on knobs: ``base``, and ``columns`` times numbers of knobs."""

    target: Any
    base: Floats
    columns: Floats
    """``[knob input][bias]``"""


@dataclass(frozen=True, eq=False)
class KnobColumns:
    """The knobs of a network that is being prepared, and the folds found so far."""

    network: Conditioned
    folds: list[Any] = field(default_factory=list)

    def add(self, memory: Memory, bias: Floats, layout: Layout, extra: Floats | None = None) -> Any:
        """Allocate ``layout(bias) + extra`` as state, for knobs at their defaults; add the fold."""
        beside = 0.0 if extra is None else extra
        block = state_block(memory, np.asarray(layout(bias) + beside, np.float32))
        base = np.asarray(layout(self.network.bias) + beside, np.float32).ravel()
        columns = np.stack([layout(column).ravel() for column in self.network.columns])
        self.folds.append(Fold(block, base, columns))
        return block


def bias_block(
    memory: Memory,
    bias: Floats,
    layout: Layout,
    knobs: KnobColumns | None,
    extra: Floats | None = None,
) -> Any:
    """Allocate the biases of a layer, plus ``extra`` in their layout; constant without knobs."""
    if knobs is not None:
        return knobs.add(memory, bias, layout, extra)
    return memory.constant(np.asarray(layout(bias) + (0.0 if extra is None else extra), np.float32))


def state_block(memory: Memory, values: Floats) -> Any:
    """Allocate state with these initial values."""
    return memory.record(np.dtype([("values", np.float32, values.shape)]), values=values)
