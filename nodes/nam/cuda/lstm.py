"""CUDA kernels of LSTMs: which networks are supported, layouts, source and weights."""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....runtime.cuda.driver.kernel import CudaKernel
from ....runtime.cuda.ops import common_text
from ..model.networks import Lstm, LstmLayer
from .network import CudaNetwork

__all__ = ["LstmLayout", "cuda_lstm", "layouts", "refuse_lstm"]

Floats = NDArray[np.float32]
REGISTERS, SHARED, GLOBAL = range(3)
THREADS = 1024
"""Most threads of a thread block."""
REGISTER_FILE, MAX_REGISTERS, OTHER_REGISTERS = 65_536 // 4, 255, 66
"""Registers of each quarter of a multiprocessor; of a thread; of a thread, besides weights."""
MAX_SHARED_BYTES = 227 << 10
TILES = (64, 32, 16, 8)
"""Frames between two accesses to global memory; the longest that fits is used."""
ORDER = [0, 2, 1, 3]
"""Gates of a file are i, f, g, o; of the kernel i, g, f, o: of two lanes one has i and g."""
SCALES = np.array([-1.0, 2.0, -1.0, -1.0]) * math.log2(math.e)
"""Scales of gates i, g, f, o, so that one expression computes all four."""


@dataclass(frozen=True)
class LstmLayout:
    """How a thread block divides a network."""

    hidden: int
    depth: int
    lanes: int
    """Threads of a unit; each computes 4 / lanes of its gates."""
    tile: int
    keep: int
    """Where the weights are: REGISTERS, SHARED or GLOBAL memory."""

    @property
    def wide(self) -> int:
        """Hidden states of a frame, padded to a multiple of four."""
        return -(-self.hidden // 4) * 4

    @property
    def threads(self) -> int:
        """Threads of a block: whole warps for each layer."""
        return self.depth * (-(-self.hidden * self.lanes // 32) * 32)

    @property
    def held(self) -> int:
        """Most weights of any thread."""
        columns = 1 + self.wide + (self.wide if self.depth > 1 else 1)
        return 4 // self.lanes * columns

    @property
    def layer_weights(self) -> int:
        """Weights of all layers, with biases and padding."""
        columns = 2 + self.wide + (self.depth - 1) * (1 + 2 * self.wide)
        return 4 * self.hidden * columns

    @property
    def shared_bytes(self) -> int:
        """Shared memory of a thread block."""
        states = self.depth * (self.tile + 1) * (self.wide // 4 | 1) * 4
        kept = self.layer_weights if self.keep == SHARED else 0
        return 4 * (states + self.tile + self.wide + 4 + kept)

    @property
    def fits(self) -> bool:
        """Whether registers, shared memory and threads suffice on every device."""
        registers = min(MAX_REGISTERS, REGISTER_FILE // (32 * -(-self.threads // 128)))
        holds = self.keep != REGISTERS or self.held + OTHER_REGISTERS <= registers
        small = self.shared_bytes <= MAX_SHARED_BYTES
        return holds and small and self.threads <= THREADS

    @property
    def cost(self) -> float:
        """Estimated clocks of a step.

        Four warps issue at a time: a multiply-add takes one clock, an activation 16, a shuffle
        and a barrier their latency.  Each warp has a cost of its own, as it takes resources from
        other instances.
        """
        rows, warps = 4 // self.lanes, self.threads / 32
        work = (self.held + 16 * rows) * max(1.0, warps / 4)
        waits = {1: 0, 2: 25, 4: 30}[self.lanes] + (8 if warps == 1 else 30)
        return work + waits + 5 * warps


def layouts(hidden: int, depth: int) -> list[LstmLayout]:
    """Return every layout that fits, the fastest first."""
    kinds = [(lanes, REGISTERS) for lanes in (1, 2, 4)] + [(1, SHARED), (1, GLOBAL)]
    found = []
    for lanes, keep in kinds:
        tried = (LstmLayout(hidden, depth, lanes, tile, keep) for tile in TILES)
        found += [layout for layout in tried if layout.fits][:1]
    return sorted(found, key=lambda layout: (layout.keep, layout.cost))


def refuse_lstm(network: Any) -> str:
    """Return why a device cannot run this network, or "" if it can."""
    if not isinstance(network, Lstm):
        return f"{type(network).__name__} is not an LSTM"
    if not network.layers:
        return "an LSTM without layers"
    if (network.inputs, network.outputs) != (1, 1):
        return f"{network.inputs} channels in and {network.outputs} out: must be one each"
    hidden, depth = network.hidden_size, len(network.layers)
    if not layouts(hidden, depth):
        limits = f"{THREADS} threads or {MAX_SHARED_BYTES >> 10} KiB of shared memory"
        return f"{depth} layers of {hidden} units: needs more than {limits}"
    return ""


def cuda_lstm(network: Lstm, layout: LstmLayout | None = None) -> CudaNetwork:
    """Return a network's kernel and weights; ``refuse_lstm`` must be empty.

    ``layout`` is one of ``layouts``; default: the first.
    """
    hidden, depth = network.hidden_size, len(network.layers)
    layout = layout or layouts(hidden, depth)[0]
    size = 2 * hidden * depth
    return CudaNetwork(_kernel(layout), _weights(network, layout.wide), size, size, True)


@cache
def _kernel(layout: LstmLayout) -> CudaKernel:
    """Return the kernel of all networks of this layout."""
    fields = ("hidden", "depth", "lanes", "tile", "keep")
    header = "".join(f"constexpr int {n.upper()} = {getattr(layout, n)};\n" for n in fields)
    text = (Path(__file__).with_name("kernels") / "lstm.cu").read_text(encoding="utf-8")
    source = header + common_text() + text
    return CudaKernel(source, "lstm", layout.threads, layout.shared_bytes)


def _weights(network: Lstm, wide: int) -> Floats:
    """Return the weights of all layers, the head and its bias, padded to 64 bytes."""
    parts = [_layer(layer, wide) for layer in network.layers]
    parts += [_padded(network.head[0], wide), network.head_bias]
    size = sum(part.size for part in parts)
    return np.concatenate([*parts, np.zeros(-size % 16, np.float32)])


def _layer(layer: LstmLayer, wide: int) -> Floats:
    """Return ``[bias, inputs, hidden states][unit][gate]``."""
    hidden = layer.hidden.size
    weight = layer.weight.reshape(4, hidden, -1)[ORDER] * SCALES[:, None, None]
    bias = layer.bias.reshape(4, hidden)[ORDER] * SCALES[:, None]
    inputs = weight.shape[2] - hidden
    fed = inputs if inputs == 1 else wide
    made = np.zeros((1 + fed + wide, hidden, 4), np.float32)
    made[0] = bias.T
    made[1 : 1 + inputs] = weight[:, :, :inputs].transpose(2, 1, 0)
    made[1 + fed : 1 + fed + hidden] = weight[:, :, inputs:].transpose(2, 1, 0)
    return made.ravel()


def _padded(values: Floats, size: int) -> Floats:
    return np.concatenate([values, np.zeros(size - values.size, np.float32)])
