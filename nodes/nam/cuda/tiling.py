"""What a WaveNet on a device is made of: tiles, steps, arrays, and the room that all of it takes.

All offsets are in float32.
"""

from dataclasses import dataclass

from ..model.networks import Floats
from .weight_packing import padded

__all__ = ["ArrayPlan", "Plan", "Step", "Tiling", "pitch", "rounded"]

MULTIPROCESSOR, RESERVED = 228 << 10, 1 << 10
"""Bytes of shared memory on the largest devices, and what each block takes for itself."""


@dataclass(frozen=True)
class Tiling:
    """Frames that a thread block plays at a time, its warps, and steps in shared memory at once."""

    frames: int = 64
    warps: int = 4
    stages: int = 3
    copiers: int = 2
    """Warps besides, which fetch what later steps need while the others compute."""

    @property
    def columns(self) -> int:
        """Frames of a warp."""
        return self.frames // self.warps

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return 32 * (self.warps + self.copiers)

    @property
    def round(self) -> int:
        """Floats that the copiers take at once."""
        return 32 * self.copiers * 4


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

    @property
    def lookback(self) -> int:
        """Columns of its past."""
        return (self.taps - 1) * self.dilation

    def reach(self, frames: int) -> int:
        """Return the columns from tap to tap in a window: a tap needs no more than a tile."""
        return min(self.dilation, frames)

    def rows(self, frames: int) -> int:
        """Return the columns of its past that a tile sees."""
        return (self.taps - 1) * self.reach(frames)

    def window(self, frames: int) -> int:
        """Return the room for what a tile of it sees."""
        return (self.rows(frames) + frames) * pitch(4 * self.quads)


@dataclass(frozen=True)
class ArrayPlan:
    """What the kernel is compiled with for an array; masks have a bit for each kind.

    ``taps`` is a mask as well, or 0 where layers differ too much: then they are taken in a loop,
    ``unroll`` at a time.
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
        """Room for the weights of any step, in whole rounds of the copiers."""
        return rounded(max(step.size for step in self.steps), self.tiling.round)

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
        return rounded(self.resident + staged + columns + 2 * len(self.steps) + 6, 4)

    @property
    def blocks(self) -> int:
        """Blocks that are to fit on a multiprocessor together: what registers are shared out by.

        With 16 warps, a thread has 128 registers; gates hold more at once, and get 168.
        """
        room = MULTIPROCESSOR // (4 * self.shared + RESERVED)
        warps = 12 if any(array.gates for array in self.arrays) else 16
        return max(1, min(room, 32 * warps // self.tiling.threads))


def pitch(channels: int) -> int:
    """Return the floats from column to column in shared memory."""
    return padded(channels) | 4


def rounded(number: int, to: int) -> int:
    """Return the next multiple."""
    return -(-number // to) * to
