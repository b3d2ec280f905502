"""Read audio files into float32 ``(channels, frames)``; resample audio, whole or in pieces."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from ..limits import MAX_AUDIO_SAMPLES, format_bytes
from .audio_reader import open_sound

__all__ = [
    "AudioFile",
    "audio_blocks",
    "read_audio",
    "resample",
    "resampled_blocks",
    "scan_audio",
]

Audio = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class AudioFile:
    """Samples, rate and sample format of an audio file."""

    samples: Audio
    """``(channels, frames)``, all finite; full scale is 1."""
    rate: int
    subtype: str
    """Sample format of the file, as libsndfile names it: ``PCM_24``, ``FLOAT`` ..."""

    def __repr__(self) -> str:
        many = "s" * (self.channels != 1)
        return (
            f"<AudioFile: {self.channels} channel{many}, {self.frames} frames at {self.rate} Hz "
            f"({self.frames / self.rate:.2f} s), {self.subtype}>"
        )

    def __iter__(self) -> Iterator[Any]:
        """Iterate over ``samples`` and ``rate``, so that both can be assigned at once."""
        return iter((self.samples, self.rate))

    def __getitem__(self, index: int) -> Any:
        """Return ``samples`` for 0 and ``rate`` for 1, as of a tuple of both."""
        return (self.samples, self.rate)[index]

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.samples.shape[1])


def read_audio(path: str | os.PathLike[str]) -> AudioFile:
    """Read a whole audio file; ``AudioFileError`` if it is empty or holds NaN or infinity."""
    with open_sound(path) as sound:
        return AudioFile(sound.samples(), sound.rate, sound.subtype)


def scan_audio(
    path: str | os.PathLike[str], each: Callable[[Audio], None] = lambda block: None
) -> tuple[int, int, int]:
    """Return ``(channels, frames, rate)`` and check every sample, as ``read_audio`` does.

    Reads block by block: memory does not grow with the file.  ``each`` is called with every block,
    ``(channels, frames)``.
    """
    with open_sound(path) as sound:
        sound.check_size(sound.claimed or 0)
        frames = 0
        for block in sound.checked_blocks():
            each(block.T)
            frames += len(block)
        sound.check_size(frames)
        return sound.channels, frames, sound.rate


def resample(samples: Audio, rate: float, wanted: float, name: str = "audio") -> Audio:
    """Return ``(channels, frames)`` resampled from ``rate`` to ``wanted`` Hz, without delay.

    Uses soxr at its highest quality.  ``AudioFileError``, raised before any work, if the result
    exceeds ``MAX_AUDIO_SAMPLES``; ``name`` is the subject of its message.
    """
    if rate == wanted:
        return samples
    made = samples.size * wanted / rate
    if made > MAX_AUDIO_SAMPLES:
        raise AudioFileError(
            f"{name}: from {rate:g} to {wanted:g} Hz it would have {made:.3g} samples: at most "
            f"{MAX_AUDIO_SAMPLES} are held ({format_bytes(4 * MAX_AUDIO_SAMPLES)})"
        )
    import soxr

    found = soxr.resample(samples.T, rate, wanted, quality="VHQ")
    return np.ascontiguousarray(found.T, np.float32)


def audio_blocks(path: str | os.PathLike[str]) -> Iterator[Audio]:
    """Yield the samples of a file block by block, ``(channels, frames)``, as ``read_audio`` reads.

    Each block is valid until the next.
    """
    with open_sound(path) as sound:
        for block in sound.checked_blocks():
            yield block.T


def resampled_blocks(
    pieces: Iterable[Audio], channels: int, rate: float, wanted: float
) -> Iterator[Audio]:
    """Yield pieces resampled from ``rate`` to ``wanted`` Hz: the samples of ``resample``.

    ``pieces`` are ``(channels, frames)`` of any lengths.
    """
    if rate == wanted:
        yield from pieces
        return
    import soxr

    stream = soxr.ResampleStream(rate, wanted, channels, dtype="float32", quality="VHQ")
    for piece in pieces:
        yield stream.resample_chunk(np.ascontiguousarray(piece.T)).reshape(-1, channels).T
    nothing = np.zeros((0, channels), np.float32)
    yield stream.resample_chunk(nothing, last=True).reshape(-1, channels).T
