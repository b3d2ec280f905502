"""Choose the channels of a file that a rack plays: one side of a stereo take, their mean, or each.

Guitar is often recorded to stereo files: the same signal on both sides, or one on the left and
silence on the right.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..graph import AudioFileError

__all__ = ["CHANNELS", "STEREO", "Sides", "channel_count", "choose_channels"]

CHANNELS = ("left", "right", "sum", "both")
"""``sum`` is half of left plus right; ``both`` plays each side through a mono rack of its own."""
STEREO = 2
SILENT = 1e-3
"""A side whose peak is this share of the other's, -60 dB, is silent."""


class Sides:
    """What the two sides of a stereo signal are to each other; read in blocks."""

    def __init__(self) -> None:
        self._peaks, self._equal = np.zeros(STEREO), True

    def add(self, block: NDArray[np.float32]) -> None:
        """Add a block, ``(channels, frames)``; one that is not stereo has no sides."""
        if len(block) != STEREO:
            return
        self._equal = self._equal and np.array_equal(block[0], block[1])
        self._peaks = np.maximum(self._peaks, np.abs(block).max(axis=1, initial=0.0))

    @property
    def equal(self) -> bool:
        """Whether both sides have the same samples."""
        return self._equal

    @property
    def only(self) -> str | None:
        """The side that has the signal if the other is silent; else ``None``."""
        left, right = self._peaks
        if right <= SILENT * left:
            return "left"
        return "right" if left <= SILENT * right else None


def channel_count(found: int, wanted: int, channel: str | None, sides: Sides | None) -> int:
    """Return how many of a file's channels are played at a time, or ``found`` where none fit.

    ``wanted`` is the number of inputs of the rack, ``sides`` what is known of a stereo file.
    """
    if found == STEREO and wanted == 1:
        return 1 if channel or (sides is not None and (sides.equal or sides.only)) else found
    return wanted if channel and found <= STEREO and wanted <= STEREO else found


def choose_channels(
    samples: NDArray[np.float32],
    wanted: int,
    channel: str | None,
    name: str,
    warn: Callable[[str], None],
) -> list[NDArray[np.float32]]:
    """Return what a rack of ``wanted`` inputs plays, each ``(wanted, frames)``: one, or two sides.

    ``samples`` are those of the file ``name``, ``(channels, frames)``.  ``channel`` is one of
    ``CHANNELS``; ``None`` takes them as they are, but for a mono rack one of two equal sides, or
    the only one that is not silent, of which ``warn`` is told.  What does not fit is returned as it
    is.  ``AudioFileError`` if the file has no sides.
    """
    if channel is not None and len(samples) > STEREO:
        raise AudioFileError(
            f"{name}: channel is {channel}: the file has {len(samples)} channels, no left and right"
        )
    if len(samples) != STEREO or (channel is None and wanted != 1):
        return [_widened(samples, wanted) if channel else samples]
    if channel == "both":
        return [samples[:1], samples[1:]] if wanted == 1 else [samples]
    if channel == "sum":
        return [_widened(np.float32(0.5) * (samples[:1] + samples[1:]), wanted)]
    if channel is None:
        sides = Sides()
        sides.add(samples)
        channel = "left" if sides.equal else sides.only
        if channel is None:
            return [samples]
        if not sides.equal:
            other = "right" if channel == "left" else "left"
            warn(f"{name}: its {other} side is silent: the {channel} one is played")
    side = samples[:1] if channel == "left" else samples[1:]
    return [_widened(side, wanted)]


def _widened(samples: NDArray[np.float32], wanted: int) -> NDArray[np.float32]:
    """Return one channel on both inputs of a stereo rack; others are left as they are."""
    return np.repeat(samples, wanted, axis=0) if len(samples) == 1 < wanted <= STEREO else samples
