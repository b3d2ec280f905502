"""Peak, RMS, DC, energy and loudness of audio, accumulated block by block."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph.prepare import RATES
from ...nodes.analysis.offline_loudness import LoudnessMeter, LoudnessResult

__all__ = ["SILENT_DB", "LevelMeter", "Levels", "levels_of"]

SILENT_DB = -200.0
SILENT = 1e-5
"""Peak-to-peak amplitude below which a channel is silent."""
LOWEST_HZ, HIGHEST_HZ = RATES
UNMEASURED = LoudnessResult(SILENT_DB, 0.0, *[SILENT_DB] * 4)
"""Loudness of a file at a rate that nothing can be played at."""
BLOCK = 1 << 16
"""Frames converted to float64 at a time."""


@dataclass(frozen=True)
class Levels:
    """Length and levels of a rendered file."""

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
    """Whether every channel's peak-to-peak amplitude is below -100 dBFS; DC is silent."""
    muted: int = 0
    """Blocks in which a node was muted because its output was not finite."""
    integrated_lufs: float = SILENT_DB
    """Loudness and true peak as of ``ng.loudness``; -200 where there is none."""
    short_term_max_lufs: float = SILENT_DB
    momentary_max_lufs: float = SILENT_DB
    range_lu: float = 0.0
    true_peak_dbtp: float = SILENT_DB
    gain_db: float = 0.0
    """Gain that gave the file the loudness asked for."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate


class LevelMeter:
    """Accumulates the levels of audio block by block."""

    def __init__(self, channels: int, rate: float) -> None:
        self.channels, self.rate, self.frames = channels, rate, 0
        self.peak, self.peak_at = 0.0, 0
        """The largest magnitude of any channel, and its first frame."""
        self._sums = np.zeros(channels)
        self._squares = np.zeros(channels)
        self._low, self._high = np.full(channels, np.inf), np.full(channels, -np.inf)
        self._clipped = 0

    @cached_property
    def _loudness(self) -> LoudnessMeter | None:
        """The meter; made with the first block, so that a rack sounds before it is compiled."""
        played = LOWEST_HZ <= self.rate <= HIGHEST_HZ
        return LoudnessMeter(self.channels, self.rate) if played else None

    def add(self, block: NDArray[Any]) -> None:
        """Add the next block, ``(channels, frames)`` float samples."""
        for start in range(0, block.shape[1], BLOCK):
            part = np.ascontiguousarray(block[:, start : start + BLOCK])
            if part.size:
                low, high = part.min(axis=1), part.max(axis=1)
                self._low = np.minimum(self._low, low)
                self._high = np.maximum(self._high, high)
                if max(high.max(), -low.min()) > self.peak:
                    loudest = np.abs(part).max(axis=0)
                    at = int(loudest.argmax())
                    self.peak, self.peak_at = float(loudest[at]), self.frames + at
            if self.peak >= 1.0:
                self._clipped += int(np.count_nonzero(np.abs(part) >= 1.0))
            wide = part.astype(np.float64)
            self._sums += wide.sum(axis=1)
            self._squares += np.einsum("cf,cf->c", wide, wide)
            if self._loudness is not None:
                self._loudness.add(part)
            self.frames += part.shape[1]

    @property
    def energy(self) -> float:
        """The sum of the squares of the loudest channel."""
        return float(self._squares.max(initial=0.0))

    def levels(self) -> Levels:
        """Return the levels of all blocks.  Nothing can be added afterwards."""
        frames = max(1, self.frames)
        dc = float(np.abs(self._sums / frames).max(initial=0.0))
        rms = (self.energy / frames) ** 0.5
        silent = self.frames == 0 or float((self._high - self._low).max(initial=0.0)) < SILENT
        loud = self._loudness.result() if self._loudness is not None else UNMEASURED
        return Levels(
            channels=self.channels,
            frames=self.frames,
            rate=self.rate,
            peak_db=_db(self.peak),
            rms_db=_db(rms),
            dc=dc,
            clipped=self._clipped,
            silent=silent,
            integrated_lufs=loud.integrated_lufs,
            short_term_max_lufs=loud.short_term_max_lufs,
            momentary_max_lufs=loud.momentary_max_lufs,
            range_lu=loud.range_lu,
            true_peak_dbtp=loud.true_peak_dbtp,
        )


def levels_of(samples: NDArray[np.float32], rate: float) -> Levels:
    """Return the levels of ``(channels, frames)`` samples."""
    meter = LevelMeter(len(samples), rate)
    meter.add(samples)
    return meter.levels()


def _db(amplitude: float) -> float:
    return float(20.0 * np.log10(amplitude)) if amplitude > 10 ** (SILENT_DB / 20) else SILENT_DB
