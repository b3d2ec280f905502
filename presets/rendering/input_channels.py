"""Choose the channels of a file that a rack plays: one side of a stereo take, their mean, or each.

Guitar is often recorded to stereo files: the same signal on both sides, or one on the left and
silence on the right.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError

__all__ = ["CHANNELS", "STEREO", "Choice", "Sides", "choose_channels", "take_channels"]

CHANNELS = ("left", "right", "sum", "both")
"""``sum`` is half of left plus right; ``both`` plays each side through a mono rack of its own."""
STEREO = 2
SILENT = 1e-3
"""A side whose peak is this share of the other's, -60 dB, is silent."""
Choice = tuple[tuple[int, ...], ...]
"""Of each input of a rack the channels of the file whose mean it gets."""


class Sides:
    """Whether the sides of a stereo signal are equal, or one is silent; fed block by block."""

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


def choose_channels(
    found: int,
    wanted: int,
    channel: str | None,
    sides: Sides,
    name: str,
    warn: Callable[[str], None],
) -> list[Choice]:
    """Return what a rack of ``wanted`` inputs plays of a file with ``found`` channels.

    One choice, or two of the two sides.  ``channel`` is one of ``CHANNELS``; ``None`` takes all
    channels as they are, but for a mono rack one of two equal ``sides``, or the only one that is
    not silent, for which ``warn`` is called.  What does not fit is chosen as it is.
    ``AudioFileError``, which names the file ``name``, if it has no sides.
    """
    if channel is not None and found > STEREO:
        raise AudioFileError(
            f"{name}: channel is {channel}: the file has {found} channels, no left and right"
        )
    whole: Choice = tuple((k,) for k in range(found))
    inputs = wanted if channel and wanted <= STEREO else 1
    if found != STEREO:
        return [whole * inputs if found == 1 else whole]
    if channel == "both":
        return [whole[:1], whole[1:]] if wanted == 1 else [whole]
    if channel == "sum":
        return [((0, 1),) * inputs]
    if channel is None and wanted == 1:
        channel = "left" if sides.equal else sides.only
        if channel is not None and not sides.equal:
            other = "right" if channel == "left" else "left"
            warn(f"{name}: its {other} side is silent: the {channel} one is played")
    if channel is None:
        return [whole]
    return [(whole[channel == "right"],) * inputs]


def take_channels(choice: Choice, block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a choice takes of a block, ``(channels, frames)``: channels, or means of two."""
    return np.stack(
        [
            block[rows[0]]
            if len(rows) == 1
            else np.float32(0.5) * (block[rows[0]] + block[rows[1]])
            for rows in choice
        ]
    )
