"""Weights of a plain WaveNet that knobs move: which of them lie where in the memory of kernels.

Layouts differ from kernel to kernel.  So the network is laid out twice: once with the number of
each weight in its place, in memory that is thrown away, which shows the layout, and once with the
weights; arrays in which a knob moves something are then state instead of constants.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....runtime.plan.arena import Memory
from ..model.flat_weights import flat_weights, with_weights
from ..model.wavenet import ParametricWaveNet
from .knob_columns import Fold, state_block
from .program import Matrix, Program
from .wavenet import add_wavenet

__all__ = ["LiveWeights", "Moved", "Write", "add_live_wavenet"]


@dataclass(frozen=True, eq=False)
class Write:
    """An array in memory, the places in it that knobs move, and the weights that belong there."""

    target: Any
    positions: NDArray[np.int32]
    sources: NDArray[np.int32]
    """Numbers of weights, counted among those that knobs move."""
    size: int
    """Numbers in the array."""
    factor: float
    """What each is multiplied by: the scale of the last head."""


@dataclass(frozen=True, eq=False)
class LiveWeights:
    """A network whose knobs may move, and where its weights lie."""

    network: ParametricWaveNet
    writes: list[Write]


Moved = Fold | LiveWeights
"""What a kernel with knobs writes anew."""


def add_live_wavenet(
    program: Program, network: ParametricWaveNet, source: Matrix, moved: list[Moved]
) -> Matrix:
    """Add a WaveNet with knobs at their defaults to a program, and what moves to ``moved``."""
    own = program.memory
    layout = _Layout(own, network, _numbered_arrays(network, program.width))
    program.memory = layout
    try:
        target = add_wavenet(program, network.inner, source, source)
    finally:
        program.memory = own
    if layout.writes:  # else knobs move only what is not used
        moved.append(LiveWeights(network, layout.writes))
    return target


class _Recorder:
    """A memory that keeps the constants allocated from it."""

    def __init__(self, memory: Any) -> None:
        self.memory = memory
        self.arrays: list[NDArray[Any]] = []

    def constant(self, array: Any) -> Any:
        """Allocate a constant."""
        self.arrays.append(np.asarray(array))
        return self.memory.constant(array)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.memory, name)


def _numbered_arrays(network: ParametricWaveNet, width: int) -> list[NDArray[Any]]:
    """Return the constants of the network whose weights are 1, 2, 3 and so on.

    The last weight, the scale of the last head, is -1: what it multiplies is negative.
    """
    flat = np.append(np.arange(1, network.function.base.size), -1).astype(np.float32)
    recorder = _Recorder(Memory())
    program = Program(recorder, width)
    recorder.arrays.clear()
    source = program.matrix(network.inputs)
    add_wavenet(program, with_weights(network.inner, flat), source, source)
    return recorder.arrays


class _Layout:
    """A memory in which arrays with weights that knobs move are state."""

    def __init__(
        self, memory: Any, network: ParametricWaveNet, numbered: Sequence[NDArray[Any]]
    ) -> None:
        self.memory, self.numbered = memory, iter(numbered)
        self.flat, self.scale = flat_weights(network.inner), network.inner.head_scale
        self.live = np.full(self.flat.size + 1, -1, np.int32)
        """By the number of a weight, from 1: its number among those that knobs move."""
        self.live[network.function.targets + 1] = np.arange(network.function.targets.size)
        self.writes: list[Write] = []

    def constant(self, array: Any) -> Any:
        """Allocate a constant, or state if a knob moves something in it."""
        given, numbers = np.asarray(array), next(self.numbered)
        if given.dtype != np.float32 or np.array_equal(given, numbers, equal_nan=True):
            return self.memory.constant(array)
        which = np.abs(numbers.ravel()).astype(np.int64)
        positions = np.flatnonzero(self.live[which] >= 0)
        if not positions.size:
            return self.memory.constant(array)
        factor = self.scale if (numbers < 0.0).any() else 1.0
        with np.errstate(over="ignore", invalid="ignore"):
            expected = self.flat[which[positions] - 1] * np.float32(factor)
        if not np.array_equal(expected, given.ravel()[positions], equal_nan=True):
            raise AssertionError("an array of weights is laid out in an unknown way")
        block = state_block(self.memory, np.ascontiguousarray(given))
        sources = self.live[which[positions]]
        self.writes.append(Write(block, positions.astype(np.int32), sources, given.size, factor))
        return block

    def __getattr__(self, name: str) -> Any:
        return getattr(self.memory, name)
