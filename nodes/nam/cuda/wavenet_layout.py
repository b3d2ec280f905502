"""Laying a WaveNet out for a device: its weights in order, and where everything lies."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import gcd

import numpy as np

from ..model.networks import Conv, Floats
from ..model.wavenet import WaveNet
from ..model.wavenet_parts import Layer, LayerArray
from .tiling import ArrayPlan, Plan, Step, Tiling, rounded
from .weight_packing import Packing, padded

__all__ = ["plan"]

KINDS = (
    *("tanh", "fasttanh", "hardtanh", "leaky_hardtanh", "relu"),
    *("leaky", "sigmoid", "silu", "hardswish", "softsign"),
)
"""In the order of activations.cuh."""
GATES = ("none", "gated", "blended")
LINE = 16
"""Floats that weights and states are whole multiples of: 64 bytes."""
FLAT = 128
"""Inputs times taps that are written out without a loop, at most."""
UNROLLED = 48
"""Inputs times taps in the body of a loop, at most: more would only fill the cache."""


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
        weights=_lines(np.concatenate([*laying.resident, *laying.staged]), tiling.round),
        resident=resident,
        cursors=past,
        state=rounded(past + len(steps), LINE),
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
        """Add an array, perhaps the last."""
        rechannel = self._keep(self.packing.rechannel(array.rechannel))
        for layer in array.layers:
            self.steps.append(_step(layer))
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


def _lines(weights: Floats, beyond: int) -> Floats:
    """Return whole lines, with room to read a round too many."""
    return np.pad(weights, (0, rounded(weights.size + beyond, LINE) - weights.size))


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
    numbers = {layer.conv.taps for layer in array.layers}
    taps = gcd(*numbers)
    most = max(1, UNROLLED // array.channels)
    return ArrayPlan(
        channels=array.channels,
        width=array.layers[0].width,
        layers=len(array.layers),
        taps=_mask(numbers) if len(numbers) < 3 and max(numbers) * array.channels <= FLAT else 0,
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


def _step(layer: Layer) -> Step:
    return Step(
        taps=layer.conv.taps,
        dilation=layer.conv.dilation,
        quads=padded(layer.conv.inputs) // 4,
        kind=KINDS.index(layer.activation.name),
        second=0 if layer.second is None else KINDS.index(layer.second.name),
        gate=GATES.index(layer.gating),
    )
