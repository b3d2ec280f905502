"""How loud audio is: peak, RMS, DC, energy, summed up block by block."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LevelMeter", "Levels", "levels_of"]

SILENT_DB = -200.0
SILENT = 1e-5
"""Peak to peak: a channel that moves by less is silent."""
BLOCK = 1 << 16
"""Frames summed up at a time: in float64, which takes twice the memory of the samples."""


@dataclass(frozen=True)
class Levels:
    """What a rendered file sounds like, in numbers."""

    channels: int
    frames: int
    rate: float
    peak_db: float
    rms_db: float
    """Of the loudest channel."""
    dc: float
    """The largest mean of a channel."""
    clipped: int = 0
    """Samples at or beyond full scale."""
    silent: bool = False
    """Whether no channel moves by more than -100 dBFS: a constant is no sound."""
    muted: int = 0
    """Blocks in which a node was muted, because it made what is no number."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.frames / self.rate


class LevelMeter:
    """Takes audio block by block, keeps sums, and tells the levels of all of it."""

    def __init__(self, channels: int, rate: float) -> None:
        self.channels, self.rate, self.frames = channels, rate, 0
        self.peak, self.peak_at = 0.0, 0
        """The largest magnitude of any channel, and its first frame."""
        self._sums = np.zeros(channels)
        self._squares = np.zeros(channels)
        self._low, self._high = np.full(channels, np.inf), np.full(channels, -np.inf)
        self._clipped = 0

    def add(self, block: NDArray[Any]) -> None:
        """Take ``(channels, frames)`` float samples that come next."""
        for start in range(0, block.shape[1], BLOCK):
            part = np.ascontiguousarray(block[:, start : start + BLOCK])
            if max(part.max(initial=0.0), -part.min(initial=0.0)) > self.peak:
                loudest = np.abs(part).max(axis=0)
                at = int(loudest.argmax())
                self.peak, self.peak_at = float(loudest[at]), self.frames + at
            if part.size:
                self._low = np.minimum(self._low, part.min(axis=1))
                self._high = np.maximum(self._high, part.max(axis=1))
            if self.peak >= 1.0:
                self._clipped += int(np.count_nonzero(np.abs(part) >= 1.0))
            wide = part.astype(np.float64)
            self._sums += wide.sum(axis=1)
            self._squares += np.einsum("cf,cf->c", wide, wide)
            self.frames += part.shape[1]

    @property
    def energy(self) -> float:
        """The sum of the squares of the loudest channel."""
        return float(self._squares.max(initial=0.0))

    def levels(self) -> Levels:
        """Return the levels of what has come so far."""
        frames = max(1, self.frames)
        dc = float(np.abs(self._sums / frames).max(initial=0.0))
        rms = (self.energy / frames) ** 0.5
        silent = self.frames == 0 or float((self._high - self._low).max(initial=0.0)) < SILENT
        levels = _db(self.peak), _db(rms), dc
        return Levels(self.channels, self.frames, self.rate, *levels, self._clipped, silent)


def levels_of(samples: NDArray[np.float32], rate: float) -> Levels:
    """Measure ``(channels, frames)``."""
    meter = LevelMeter(len(samples), rate)
    meter.add(samples)
    return meter.levels()


def _db(amplitude: float) -> float:
    return float(20.0 * np.log10(amplitude)) if amplitude > 10 ** (SILENT_DB / 20) else SILENT_DB
