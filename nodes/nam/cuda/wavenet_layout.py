"""Lays out a WaveNet for its kernel: steps, arrays, packed weights and their offsets."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import gcd

import numpy as np

from ..model.networks import Conv, Floats
from ..model.wavenet import WaveNet
from ..model.wavenet_parts import Layer, LayerArray
from .tiling import ArrayLayout, Step, Tiling, WavenetLayout, round_up
from .weight_packing import Packing, padded

__all__ = ["lay_out"]

ACTIVATIONS = (
    *("tanh", "fasttanh", "hardtanh", "leaky_hardtanh", "relu"),
    *("leaky", "sigmoid", "silu", "hardswish", "softsign"),
)
"""In the order of ``enum Kind`` in activations.cuh."""
GATES = ("none", "gated", "blended")
LINE_FLOATS = 16
"""Weights and states are padded to multiples of this: 64 bytes."""
MAX_FLAT = 128
"""Most inputs times taps of a convolution without a loop."""
MAX_UNROLLED = 48
"""Most inputs times taps in a loop's body: more would overflow the instruction cache."""


def lay_out(network: WaveNet, tiling: Tiling, tensors: int = 0) -> WavenetLayout:
    """Return the layout of a network that ``refuse_wavenet`` does not refuse.

    ``tensors``: tensor core products for each product, 1 or 3; 0: no tensor cores.
    """
    if tiling.columns % 16:
        tensors = 0
    builder = _Builder(network.arrays[0].channels, tensors)
    *inner, last = network.arrays
    for array in inner:
        builder.add_array(array, array.head)
    builder.add_array(last, last.head.scaled(network.head_scale), last=True)
    builder.pad_steps(tiling.stages)
    field = network.receptive_field
    assert field is not None
    resident = sum(row.size for row in builder.resident)
    steps, past = _place(builder.steps, [row.size for row in builder.staged], resident)
    return WavenetLayout(
        tiling=tiling,
        tensors=tensors,
        arrays=tuple(builder.arrays),
        steps=steps,
        weights=_whole_lines(np.concatenate([*builder.resident, *builder.staged]), tiling.round),
        resident=resident,
        cursors=past,
        state=round_up(past + len(steps), LINE_FLOATS),
        warm=field - 1,
    )


class _Builder:
    """Collects arrays and steps, and weights in their final order."""

    def __init__(self, channels: int, tensors: int) -> None:
        self.packing = Packing(tensors)
        self.arrays: list[ArrayLayout] = []
        self.steps: list[Step] = []
        self.staged: list[Floats] = []
        self.resident: list[Floats] = [np.zeros(padded(channels), np.float32)]
        """First a zero bias (NO_BIAS)."""

    def add_array(self, array: LayerArray, head: Conv, last: bool = False) -> None:
        """Add a layer array and its head."""
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

    def pad_steps(self, count: int) -> None:
        """Add idle steps until there are ``count``."""
        while len(self.steps) < count:
            self._stage(Step(), np.zeros(0, np.float32))

    def _stage(self, step: Step, weights: Floats) -> None:
        self.steps.append(step)
        self.staged.append(weights)

    def _keep(self, weights: Floats) -> int:
        at = sum(row.size for row in self.resident)
        self.resident.append(weights)
        return at


def _whole_lines(weights: Floats, beyond: int) -> Floats:
    """Pad weights to whole lines, with space to read one round beyond the end."""
    return np.pad(weights, (0, round_up(weights.size + beyond, LINE_FLOATS) - weights.size))


def _place(steps: Sequence[Step], sizes: Sequence[int], first: int) -> tuple[tuple[Step, ...], int]:
    """Return the steps with offsets of weights and rings, and the size of all rings."""
    made, past = [], 0
    for step, size in zip(steps, sizes, strict=True):
        made.append(replace(step, past=past, weights=first, size=size))
        first += size
        past += step.lookback * 4 * step.quads
    return tuple(made), past


def _array(array: LayerArray, rechannel: int, head: int) -> ArrayLayout:
    all_taps = {layer.conv.taps for layer in array.layers}
    taps = gcd(*all_taps)
    limit = max(1, MAX_UNROLLED // array.channels)
    flat = len(all_taps) < 3 and max(all_taps) * array.channels <= MAX_FLAT
    return ArrayLayout(
        channels=array.channels,
        width=array.layers[0].width,
        layers=len(array.layers),
        taps=_mask(all_taps) if flat else 0,
        unroll=max(n for n in range(1, min(taps, limit) + 1) if taps % n == 0),
        activations=_mask(ACTIVATIONS.index(layer.activation.name) for layer in array.layers),
        seconds=_mask(ACTIVATIONS.index(la.second.name) for la in array.layers if la.second),
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
        kind=ACTIVATIONS.index(layer.activation.name),
        second=0 if layer.second is None else ACTIVATIONS.index(layer.second.name),
        gate=GATES.index(layer.gating),
    )
