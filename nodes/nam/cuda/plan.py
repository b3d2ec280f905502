"""How a WaveNet is laid out for a device: steps, weights, state, shared memory.

All offsets are in float32.  The layout of a layer's weights is known to arrays.cuh as well
(``Place``), and the order of ``KINDS`` to activations.cuh.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import gcd

import numpy as np

from ..networks import Conv, Floats
from ..wavenet_network import WaveNet
from ..wavenet_parts import Layer, LayerArray
from .pack import Packing, padded

__all__ = ["GATES", "KINDS", "ArrayPlan", "Plan", "Step", "Tiling", "pitch", "plan"]

KINDS = (
    *("tanh", "fasttanh", "hardtanh", "leaky_hardtanh", "relu"),
    *("leaky", "sigmoid", "silu", "hardswish", "softsign"),
)
GATES = ("none", "gated", "blended")
LINE = 16
"""Floats that weights and states are whole multiples of: 64 bytes."""
MULTIPROCESSOR, RESERVED = 228 << 10, 1 << 10
"""Bytes of shared memory on the largest devices, and what each block takes for itself."""
UNROLLED = 48
"""Inputs times taps in the body of a loop, at most: more would only fill the cache."""


@dataclass(frozen=True)
class Tiling:
    """Frames that a thread block plays at a time, its warps, and steps in shared memory at once."""

    frames: int = 64
    warps: int = 4
    stages: int = 3

    @property
    def columns(self) -> int:
        """Frames of a warp."""
        return self.frames // self.warps


@dataclass(frozen=True)
class Step:
    """A layer, or a head of several taps, as the kernel's table has it (header.py)."""

    taps: int = 1
    dilation: int = 1
    quads: int = 1
    """Fours of channels in a column of its past."""
    past: int = 0
    """Where its ring is in the state."""
    weights: int = 0
    size: int = 0
    kind: int = 0
    second: int = 0
    gate: int = 0
    out: int = 0
    """Whether it hands something on besides its input."""

    @property
    def lookback(self) -> int:
        """Columns of its past."""
        return (self.taps - 1) * self.dilation

    def window(self, frames: int) -> int:
        """Return the room for what a tile of it sees."""
        columns = (self.taps - 1) * min(self.dilation, frames) + frames
        return columns * pitch(4 * self.quads)


@dataclass(frozen=True)
class ArrayPlan:
    """What the kernel is compiled with for an array; masks have a bit for each kind."""

    channels: int
    width: int
    layers: int
    unroll: int
    activations: int
    seconds: int
    gates: int
    head_taps: int
    rechannel: int
    head: int


@dataclass(frozen=True, eq=False)
class Plan:
    """A network laid out; ``resident`` weights come first and stay in shared memory."""

    tiling: Tiling
    tensors: int
    arrays: tuple[ArrayPlan, ...]
    steps: tuple[Step, ...]
    weights: Floats
    resident: int
    cursors: int
    """Where the rings' cursors are in the state, one for each step."""
    state: int
    warm: int
    """Frames before the current one that an output depends on."""

    @property
    def window(self) -> int:
        """Room for the past of any step."""
        return max(step.window(self.tiling.frames) for step in self.steps)

    @property
    def staged(self) -> int:
        """Room for the weights of any step."""
        return max(step.size for step in self.steps)

    @property
    def exchange(self) -> int:
        """Floats of the longest column."""
        return max(pitch(n) for a in self.arrays for n in (a.channels, a.width))

    @property
    def shared(self) -> int:
        """Shared memory of a thread block."""
        tiling = self.tiling
        staged = tiling.stages * (self.window + self.staged)
        columns = tiling.frames * (self.exchange + 2)
        return _rounded(self.resident + staged + columns + 2 * len(self.steps) + 6, 4)

    @property
    def blocks(self) -> int:
        """Blocks that are to fit on a multiprocessor together: what registers are shared out by.

        With 16 warps, a thread has 128 registers; gates hold more at once, and get 168.
        """
        room = MULTIPROCESSOR // (4 * self.shared + RESERVED)
        warps = 12 if any(array.gates for array in self.arrays) else 16
        return max(1, min(room, warps // self.tiling.warps))


def pitch(channels: int) -> int:
    """Return the floats from column to column in shared memory."""
    return padded(channels) | 4


def plan(network: WaveNet, tiling: Tiling, tensors: int = 0) -> Plan:
    """Lay out a network that ``refuse_wavenet`` does not refuse.

    ``tensors`` is how many products of a tensor core stand for one: 1 or 3; with 0 it has none.
    """
    if tiling.columns % 16:
        tensors = 0
    laying = _Laying(network.arrays[0].channels, tensors)
    *inner, last = network.arrays
    for array in inner:
        laying.array(array, array.head)
    laying.array(last, last.head.scaled(network.head_scale), last=True)
    laying.fill(tiling.stages)
    field = network.receptive_field
    assert field is not None
    resident = sum(row.size for row in laying.resident)
    steps, past = _placed(laying.steps, [row.size for row in laying.staged], resident)
    return Plan(
        tiling=tiling,
        tensors=tensors,
        arrays=tuple(laying.arrays),
        steps=steps,
        weights=_lines(np.concatenate([*laying.resident, *laying.staged])),
        resident=resident,
        cursors=past,
        state=_rounded(past + len(steps), LINE),
        warm=field - 1,
    )


class _Laying:
    """Collects arrays, and weights in the order they will lie in."""

    def __init__(self, channels: int, tensors: int) -> None:
        self.packing = Packing(tensors)
        self.arrays: list[ArrayPlan] = []
        self.steps: list[Step] = []
        self.staged: list[Floats] = []
        self.resident: list[Floats] = [np.zeros(padded(channels), np.float32)]
        """First, a bias of nothing (NO_BIAS)."""

    def array(self, array: LayerArray, head: Conv, last: bool = False) -> None:
        """Add an array; nothing reads what the last one hands on."""
        rechannel = self._keep(self.packing.rechannel(array.rechannel))
        for layer in array.layers:
            unread = last and layer is array.layers[-1]
            self.steps.append(_step(layer, layer.out is not None and not unread))
        self.staged += self.packing.layers(array)
        weights, at = self.packing.head(head, last), 0
        if head.taps == 1:
            at = self._keep(weights)
        else:
            self._stage(Step(head.taps, head.dilation, padded(head.inputs) // 4), weights)
        self.arrays.append(_array(array, rechannel, at))

    def fill(self, count: int) -> None:
        """Add steps that do nothing until there are as many."""
        while len(self.steps) < count:
            self._stage(Step(), np.zeros(0, np.float32))

    def _stage(self, step: Step, weights: Floats) -> None:
        self.steps.append(step)
        self.staged.append(weights)

    def _keep(self, weights: Floats) -> int:
        at = sum(row.size for row in self.resident)
        self.resident.append(weights)
        return at


def _rounded(number: int, to: int) -> int:
    return -(-number // to) * to


def _lines(weights: Floats) -> Floats:
    return np.pad(weights, (0, _rounded(weights.size, LINE) - weights.size))


def _placed(
    steps: Sequence[Step], sizes: Sequence[int], first: int
) -> tuple[tuple[Step, ...], int]:
    """Return the steps with their weights and rings one after another, and the rings' room."""
    made, past = [], 0
    for step, size in zip(steps, sizes, strict=True):
        made.append(replace(step, past=past, weights=first, size=size))
        first += size
        past += step.lookback * 4 * step.quads
    return tuple(made), past


def _array(array: LayerArray, rechannel: int, head: int) -> ArrayPlan:
    taps = gcd(*(layer.conv.taps for layer in array.layers))
    most = max(1, UNROLLED // array.channels)
    return ArrayPlan(
        channels=array.channels,
        width=array.layers[0].width,
        layers=len(array.layers),
        unroll=max(n for n in range(1, min(taps, most) + 1) if taps % n == 0),
        activations=_mask(KINDS.index(layer.activation.name) for layer in array.layers),
        seconds=_mask(KINDS.index(la.second.name) for la in array.layers if la.second),
        gates=_mask(GATES.index(layer.gating) for layer in array.layers) & ~1,
        head_taps=array.head.taps,
        rechannel=rechannel,
        head=head,
    )


def _mask(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in set(numbers))


def _step(layer: Layer, out: bool) -> Step:
    return Step(
        taps=layer.conv.taps,
        dilation=layer.conv.dilation,
        quads=padded(layer.conv.inputs) // 4,
        kind=KINDS.index(layer.activation.name),
        second=0 if layer.second is None else KINDS.index(layer.second.name),
        gate=GATES.index(layer.gating),
        out=int(out),
    )
