"""Reading and writing audio files, as the package's users call it: ``read_audio``, ``write_audio``.

The work is done in ``files.py``; here arguments are checked, and warnings become Python's.
"""

import os
import warnings
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...graph import AudioFileError
from . import audio_file as files
from .audio_file import AudioFile

__all__ = ["AudioFile", "read_audio", "write_audio"]

MOST_CHANNELS = 64
"""More channels than this, and more than frames, are an array that lies the other way round."""
HIGHEST_RATE = 1 << 31
"""Frames a second: libsndfile counts them in 32 bits with a sign."""


def read_audio(path: str | os.PathLike[str]) -> AudioFile:
    """Read a whole audio file: ``samples`` is float32 ``(channels, frames)``, ``rate`` in Hz.

    Reads what libsndfile reads: WAV, FLAC, AIFF, OGG, MP3 and others.  Full scale is 1.0.  The rate
    is the file's own; nothing is resampled.  ``AudioFileError`` names a file that is not there, is
    no audio file, is empty, or holds samples that are NaN or infinite.
    """
    return files.read_audio(_name(path))


def write_audio(
    path: str | os.PathLike[str],
    samples: ArrayLike,
    rate: float,
    *,
    subtype: str | None = None,
) -> None:
    """Write float samples ``(channels, frames)`` or ``(frames,)`` to an audio file, whole or not.

    Full scale is 1.0; ``rate`` is in Hz, a whole number.  The name's ending says the kind of file:
    ``.wav``, and with the extra ``pedalboard`` .flac, .mp3, .ogg and .aiff.  ``subtype`` is how a
    WAV file stores a sample: ``pcm16``, ``pcm24`` (if not given), ``pcm32`` or ``float``.  Where
    that is an integer, samples beyond full scale are clipped, and a ``RuntimeWarning`` counts them.
    ``AudioFileError`` names what cannot be written; the file that was there before then stays.
    """
    name = _name(path)
    planar = _planar(name, samples)
    if isinstance(rate, bool) or not isinstance(rate, Real):
        raise TypeError(f"rate is {rate!r}: must be a number of frames a second, as 48000")
    if not 1 <= rate < HIGHEST_RATE or rate != int(rate):
        raise AudioFileError(
            f"rate is {rate!r}: must be a whole number of frames a second, 1 or more, as 48000"
        )

    said: list[str] = []
    stored = {} if subtype is None else {"subtype": subtype}
    with files.audio_writer(name, int(rate), warn=said.append, **stored) as write:
        write(planar)
    for line in said:
        warnings.warn(line, RuntimeWarning, stacklevel=2)


def _name(path: object) -> str:
    if not isinstance(path, str | bytes | os.PathLike):
        raise TypeError(f"path is {type(path).__name__}: must be the name of an audio file")
    return os.fsdecode(path)


def _planar(name: str, samples: ArrayLike) -> NDArray[np.float32]:
    """Return samples as float32 ``(channels, frames)``, or say what they are instead."""
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
    with np.errstate(over="ignore"):  # too large for float32 is infinite, and refused as such
        made = np.ascontiguousarray(planar, np.float32)
    bad = ~np.isfinite(made)
    if bad.any():
        channel, frame = np.argwhere(bad)[0]
        raise AudioFileError(
            f"{name}: {int(bad.sum())} samples are NaN or infinite "
            f"(the first is frame {frame} of channel {channel}): must all be numbers"
        )
    return made
