"""Audio files that libsndfile does not write: FLAC, MP3, OGG and AIFF by way of pedalboard.io."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ....graph import AudioFileError
from ..atomic import whole_file, writing
from .hosting import host

__all__ = ["ENCODED", "encode", "read_encoded", "write_encoded"]

Audio = NDArray[np.float32]
ENCODED = {".aif": "aiff", ".aiff": "aiff", ".flac": "flac", ".mp3": "mp3", ".ogg": "ogg"}
"""By the end of a file's name, what pedalboard calls the format."""
BIT_DEPTH = {"aiff": 24, "flac": 24, "mp3": 16, "ogg": 16}


def read_encoded(path: str | os.PathLike[str]) -> tuple[Audio, int]:
    """Read a whole file into float32 ``(channels, frames)``, and its frames a second."""
    name = os.fspath(path)
    io = host().io
    try:
        with open(name, "rb") as source, io.AudioFile(source) as file:
            samples: Audio = file.read(file.frames)
            rate = int(file.samplerate)
    except OSError as error:
        raise AudioFileError(f"{name}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        said = str(error).splitlines()[0]
        raise AudioFileError(f"{name}: is not an audio file pedalboard reads: {said}") from None
    if not samples.size:
        raise AudioFileError(f"{name}: holds no samples")
    return samples, rate


def write_encoded(
    path: str | os.PathLike[str], samples: Audio, rate: float, *, quality: str | None = None
) -> None:
    """Write ``(channels, frames)`` in the format that the file's name ends in.

    The file is there when it is complete, and not before.  Samples beyond full scale are clipped.
    ``quality`` is what pedalboard takes for the format: ``"V0"`` or ``"320 kbps"`` for MP3.
    """
    name = os.fspath(path)
    if Path(name).suffix.lower() not in ENCODED:
        raise AudioFileError(f"{name}: its name must end in one of {', '.join(sorted(ENCODED))}")
    with whole_file(path, AudioFileError) as part, writing(name, AudioFileError):
        encode(part, name, samples, rate, quality=quality)


def encode(
    part: Path, name: str, samples: Audio, rate: float, *, quality: str | None = None
) -> None:
    """Write to the file ``part`` in the format that ``name`` ends in."""
    kind, io = ENCODED[Path(name).suffix.lower()], host().io
    try:
        with (
            open(part, "w+b") as target,
            io.AudioFile(
                target, "w", samplerate=rate, num_channels=len(samples),
                bit_depth=BIT_DEPTH[kind], quality=quality, format=kind,
            ) as file,
        ):  # fmt: skip
            file.write(np.clip(samples, -1.0, 1.0))
    except (ValueError, RuntimeError) as error:
        said = str(error).splitlines()[0]
        raise AudioFileError(f"{name}: cannot be written: {said}") from None
