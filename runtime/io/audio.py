"""Public functions ``read_audio`` and ``write_audio``, for short ``read`` and ``write``.

Argument checks and Python warnings.

``audio_file.py`` reads and writes.
"""

import os
import warnings
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...graph import AudioFileError
from . import audio_file as files
from .audio_file import AudioFile
from .audio_reader import format_bad
from .audio_writer import audio_writer

__all__ = ["AudioFile", "read", "read_audio", "write", "write_audio"]

MOST_CHANNELS = 64
"""An array with more channels than this, and more channels than frames, is transposed."""
HIGHEST_RATE = 1 << 31
"""Hz: libsndfile stores the rate in a signed 32-bit integer."""


def read_audio(path: str | os.PathLike[str]) -> AudioFile:
    """Read a whole audio file: ``samples`` is float32 ``(channels, frames)``, ``rate`` in Hz.

    ``samples, rate = ng.read("take.wav")``; the ``AudioFile`` has the sample format, too.

    Reads the formats of libsndfile: WAV, FLAC, AIFF, OGG, MP3 and others.  Full scale is 1.0.
    Nothing is resampled.  ``AudioFileError`` names a file that does not exist, is not an audio
    file, is empty, or holds samples that are NaN or infinite.
    """
    return files.read_audio(_name(path))


def write_audio(
    path: str | os.PathLike[str],
    samples: ArrayLike,
    rate: float,
    *,
    subtype: str | None = None,
) -> None:
    """Write float samples ``(channels, frames)`` or ``(frames,)`` to an audio file, atomically.

    Full scale is 1.0; ``rate`` is in Hz, a whole number.  The suffix selects the format: ``.wav``,
    and with the extra ``pedalboard`` .flac, .mp3, .ogg and .aiff.  ``subtype`` is the sample format
    of a WAV file: ``pcm16``, ``pcm24`` (default), ``pcm32`` or ``float``.  In integer formats,
    samples beyond full scale are clipped, and a ``RuntimeWarning`` counts them.
    ``AudioFileError`` names a file that cannot be written; an existing file is then unchanged.
    """
    name = _name(path)
    planar = _planar(name, samples)
    if isinstance(rate, bool) or not isinstance(rate, Real):
        raise TypeError(f"rate is {rate!r}: must be a number of frames a second, as 48000")
    if not 1 <= rate < HIGHEST_RATE or rate != int(rate):
        raise AudioFileError(
            f"rate is {rate!r}: must be a whole number of frames a second, 1 or more, as 48000"
        )

    messages: list[str] = []
    stored = {} if subtype is None else {"subtype": subtype}
    with audio_writer(name, int(rate), warn=messages.append, **stored) as write:
        write(planar)
    for line in messages:
        warnings.warn(line, RuntimeWarning, stacklevel=2)


read = read_audio
"""The same function: ``ng.read``."""
write = write_audio
"""The same function: ``ng.write``."""


def _name(path: object) -> str:
    if not isinstance(path, str | bytes | os.PathLike):
        raise TypeError(f"path is {type(path).__name__}: must be the name of an audio file")
    return os.fsdecode(path)


def _planar(name: str, samples: ArrayLike) -> NDArray[np.float32]:
    """Return samples as float32 ``(channels, frames)``; ``AudioFileError`` if they are not."""
    try:
        x = np.asarray(samples)
    except ValueError:  # rows of different lengths
        raise AudioFileError(
            f"{name}: samples are no array: must be (channels, frames) or (frames,)"
        ) from None
    if x.dtype.kind != "f":
        raise AudioFileError(
            f"{name}: samples are {x.dtype}: must be floating point, full scale 1.0"
        )
    if x.ndim not in (1, 2) or not x.size:
        raise AudioFileError(
            f"{name}: samples have the shape {x.shape}: must be (channels, frames) or (frames,), "
            "and not empty"
        )
    planar = x.reshape(1, -1) if x.ndim == 1 else x
    if planar.shape[0] > max(MOST_CHANNELS, planar.shape[1]):
        raise AudioFileError(
            f"{name}: samples have the shape {x.shape}: must be (channels, frames): transpose them"
        )
    with np.errstate(over="ignore"):  # too large for float32 becomes infinite, and is refused below
        made = np.ascontiguousarray(planar, np.float32)
    bad = ~np.isfinite(made)
    if bad.any():
        channel, frame = np.argwhere(bad)[0]
        raise AudioFileError(
            f"{name}: {format_bad(int(bad.sum()))} NaN or infinite "
            f"(the first is frame {frame} of channel {channel}): must all be numbers"
        )
    return made
