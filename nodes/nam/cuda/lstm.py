"""LSTMs for a device: what can be played there, and the kernel that does."""

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

__all__ = ["Layout", "cuda_lstm", "layouts", "refuse_lstm"]

Floats = NDArray[np.float32]
REGISTERS, SHARED, GLOBAL = range(3)
THREADS = 1024
"""Of a block."""
REGISTER_FILE, MOST_REGISTERS, BESIDES = 65_536 // 4, 255, 66
"""Of each of the four parts of a multiprocessor; of a thread; of it, what are not weights."""
LARGEST_SHARED = 227 << 10
TILES = (64, 32, 16, 8)
"""Frames between two looks at global memory; what is longest and fits is best."""
ORDER = [0, 2, 1, 3]
"""Gates of a file are i, f, g, o; of the kernel i, g, f, o: of two lanes one has i g, one f c."""
SCALES = np.array([-1.0, 2.0, -1.0, -1.0]) * math.log2(math.e)
"""What gates i, g, f, o are multiplied by, so that one expression does for all four."""


@dataclass(frozen=True)
class Layout:
    """How a network lies in a thread block."""

    hidden: int
    depth: int
    lanes: int
    """Threads of a unit; each has 4 / lanes of its gates."""
    tile: int
    keep: int
    """Where the weights are: in registers, shared or global memory."""

    @property
    def wide(self) -> int:
        """Hidden states of a frame, with what makes them a multiple of four."""
        return -(-self.hidden // 4) * 4

    @property
    def threads(self) -> int:
        """Threads of a block: whole warps for each layer."""
        return self.depth * (-(-self.hidden * self.lanes // 32) * 32)

    @property
    def held(self) -> int:
        """Weights of a thread that has most."""
        columns = 1 + self.wide + (self.wide if self.depth > 1 else 1)
        return 4 // self.lanes * columns

    @property
    def layer_weights(self) -> int:
        """Weights of all layers, biases and padding among them."""
        columns = 2 + self.wide + (self.depth - 1) * (1 + 2 * self.wide)
        return 4 * self.hidden * columns

    @property
    def shared_bytes(self) -> int:
        """Shared memory of a block."""
        states = self.depth * (self.tile + 1) * (self.wide // 4 | 1) * 4
        kept = self.layer_weights if self.keep == SHARED else 0
        return 4 * (states + self.tile + self.wide + 4 + kept)

    @property
    def fits(self) -> bool:
        """Whether a device has as much of everything."""
        registers = min(MOST_REGISTERS, REGISTER_FILE // (32 * -(-self.threads // 128)))
        holds = self.keep != REGISTERS or self.held + BESIDES <= registers
        small = self.shared_bytes <= LARGEST_SHARED
        return holds and small and self.threads <= THREADS

    @property
    def cost(self) -> float:
        """About how many clocks a step takes, as counted on paper.

        Four warps go on at a time: multiply-adds take one clock each, a function of two
        instructions eight of each, a shuffle and a barrier as long as they take to come back.  A
        warp costs something for its own sake: other instances would have it too.
        """
        rows, warps = 4 // self.lanes, self.threads / 32
        work = (self.held + 16 * rows) * max(1.0, warps / 4)
        waits = {1: 0, 2: 25, 4: 30}[self.lanes] + (8 if warps == 1 else 30)
        return work + waits + 5 * warps


def layouts(hidden: int, depth: int) -> list[Layout]:
    """Return every layout that fits, the quickest first."""
    kinds = [(lanes, REGISTERS) for lanes in (1, 2, 4)] + [(1, SHARED), (1, GLOBAL)]
    found = []
    for lanes, keep in kinds:
        tried = (Layout(hidden, depth, lanes, tile, keep) for tile in TILES)
        found += [layout for layout in tried if layout.fits][:1]
    return sorted(found, key=lambda layout: (layout.keep, layout.cost))


def refuse_lstm(network: Any) -> str:
    """Return why a device cannot play this network, or nothing if it can."""
    if not isinstance(network, Lstm):
        return f"a {type(network).__name__} is not an LSTM"
    if not network.layers:
        return "an LSTM without layers"
    if (network.inputs, network.outputs) != (1, 1):
        return f"{network.inputs} channels in and {network.outputs} out: must be one each"
    hidden, depth = network.hidden_size, len(network.layers)
    if not layouts(hidden, depth):
        return f"{depth} layers of {hidden} units: more than {THREADS} threads or 227 KiB can play"
    return ""


def cuda_lstm(network: Lstm, layout: Layout | None = None) -> CudaNetwork:
    """Return a network as the device plays it; it must not be one that is refused.

    ``layout`` is one of ``layouts``, the first if it is not given.
    """
    hidden, depth = network.hidden_size, len(network.layers)
    layout = layout or layouts(hidden, depth)[0]
    size = 2 * hidden * depth
    return CudaNetwork(_kernel(layout), _weights(network, layout.wide), size, size, True)


@cache
def _kernel(layout: Layout) -> CudaKernel:
    """Return the kernel of all networks of this layout."""
    fields = ("hidden", "depth", "lanes", "tile", "keep")
    header = "".join(f"constexpr int {n.upper()} = {getattr(layout, n)};\n" for n in fields)
    text = (Path(__file__).with_name("kernels") / "lstm.cu").read_text(encoding="utf-8")
    source = header + common_text() + text
    return CudaKernel(source, "lstm", layout.threads, layout.shared_bytes)


def _weights(network: Lstm, wide: int) -> Floats:
    """Return layers one after another, then the head and its bias; a multiple of 64 bytes."""
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
