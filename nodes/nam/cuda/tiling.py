"""Layout records of a WaveNet kernel (tiles, steps, arrays) and the memory they take.

All offsets and sizes are in float32 unless a name says bytes.
"""

from dataclasses import dataclass

from ..model.networks import Floats
from .weight_packing import padded

__all__ = ["ArrayLayout", "Step", "Tiling", "WavenetLayout", "pitch", "round_up"]

MULTIPROCESSOR_BYTES, RESERVED_BYTES = 228 << 10, 1 << 10
"""Shared memory of a multiprocessor on the largest devices, and what CUDA reserves per block."""


@dataclass(frozen=True)
class Tiling:
    """How a thread block divides its work into tiles, warps and stages."""

    frames: int = 64
    """Frames of a tile."""
    warps: int = 4
    """Warps that compute."""
    stages: int = 3
    """Steps in shared memory at once."""
    copiers: int = 2
    """Additional warps that prefetch weights and past for later steps."""

    @property
    def columns(self) -> int:
        """Frames of a tile that one warp computes."""
        return self.frames // self.warps

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return 32 * (self.warps + self.copiers)

    @property
    def round(self) -> int:
        """Floats that the copying warps move at once."""
        return 32 * self.copiers * 4


@dataclass(frozen=True)
class Step:
    """A layer, or a head of several taps: an entry of the kernel's table (preamble.py)."""

    taps: int = 1
    dilation: int = 1
    quads: int = 1
    """Groups of four channels in a column of its past (a column is a frame)."""
    past: int = 0
    """Offset of its ring in the state."""
    weights: int = 0
    """Offset of its weights."""
    size: int = 0
    """Number of its weights."""
    kind: int = 0
    """Activation, by index in ``wavenet_layout.ACTIVATIONS``."""
    second: int = 0
    """Activation of a gated layer's second half."""
    gate: int = 0
    """Index in ``wavenet_layout.GATES``."""

    @property
    def lookback(self) -> int:
        """Columns of its ring."""
        return (self.taps - 1) * self.dilation

    def reach(self, frames: int) -> int:
        """Return the distance of taps in a window, in columns: at most a tile."""
        return min(self.dilation, frames)

    def rows(self, frames: int) -> int:
        """Return the columns of past that a tile reads."""
        return (self.taps - 1) * self.reach(frames)

    def window(self, frames: int) -> int:
        """Return the size of its window: past and own columns of a tile."""
        return (self.rows(frames) + frames) * pitch(4 * self.quads)


@dataclass(frozen=True)
class ArrayLayout:
    """Compile-time constants of a layer array.

    ``activations``, ``seconds`` and ``gates`` are masks with a bit for each kind in use.  ``taps``
    is a mask too, or 0 where layers differ too much: then taps run in a loop, ``unroll`` at once.
    ``rechannel`` and ``head`` are offsets of weights.
    """

    channels: int
    width: int
    layers: int
    taps: int
    unroll: int
    activations: int
    seconds: int
    gates: int
    head_taps: int
    rechannel: int
    head: int


@dataclass(frozen=True, eq=False)
class WavenetLayout:
    """A network laid out for a kernel; the first ``resident`` weights stay in shared memory."""

    tiling: Tiling
    tensors: int
    arrays: tuple[ArrayLayout, ...]
    steps: tuple[Step, ...]
    weights: Floats
    resident: int
    cursors: int
    """Offset of the ring cursors in the state, one for each step."""
    state: int
    warm: int
    """Past frames that an output depends on."""

    @property
    def window(self) -> int:
        """Size of the largest window of any step."""
        return max(step.window(self.tiling.frames) for step in self.steps)

    @property
    def staged(self) -> int:
        """Size for the weights of any step, in whole rounds of the copying warps."""
        return round_up(max(step.size for step in self.steps), self.tiling.round)

    @property
    def exchange(self) -> int:
        """Size of the longest column."""
        return max(pitch(n) for a in self.arrays for n in (a.channels, a.width))

    @property
    def shared(self) -> int:
        """Shared memory of a thread block, in float32."""
        tiling = self.tiling
        staged = tiling.stages * (self.window + self.staged)
        columns = tiling.frames * (self.exchange + 2)
        return round_up(self.resident + staged + columns + 2 * len(self.steps) + 6, 4)

    @property
    def blocks(self) -> int:
        """Thread blocks that must fit on a multiprocessor together, for ``__launch_bounds__``.

        With 16 warps a thread has 128 registers; gated layers need more, so 12 warps: 168.
        """
        room = MULTIPROCESSOR_BYTES // (4 * self.shared + RESERVED_BYTES)
        warps = 12 if any(array.gates for array in self.arrays) else 16
        return max(1, min(room, 32 * warps // self.tiling.threads))


def pitch(channels: int) -> int:
    """Return the stride of columns in shared memory."""
    return padded(channels) | 4


def round_up(number: int, to: int) -> int:
    """Round up to a multiple of ``to``."""
    return -(-number // to) * to
