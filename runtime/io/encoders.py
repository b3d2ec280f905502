"""Audio files that libsndfile does not write: FLAC, MP3, OGG and AIFF by way of pedalboard.io."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from ..limits import MAX_AUDIO_SAMPLES
from .atomic_write import whole_file, writing
from .pedalboard_module import host
from .regular_file import check_plain

__all__ = ["ENCODED", "encode", "read_encoded", "write_encoded"]

Audio = NDArray[np.float32]
ENCODED = {".aif": "aiff", ".aiff": "aiff", ".flac": "flac", ".mp3": "mp3", ".ogg": "ogg"}
"""By the end of a file's name, what pedalboard calls the format."""
BLOCK = 1 << 16
"""Frames read at a time."""
BIT_DEPTH = {"aiff": 24, "flac": 24, "mp3": 16, "ogg": 16}
"""Of a sample, unless told; MP3 and OGG have none, whatever pedalboard is given."""


def read_encoded(path: str | os.PathLike[str]) -> tuple[Audio, int]:
    """Read a whole file into float32 ``(channels, frames)``, and its frames a second."""
    name = os.fspath(path)
    check_plain(name, AudioFileError)
    try:
        with open(name, "rb") as source, host().io.AudioFile(source) as file:
            if file.frames * file.num_channels > MAX_AUDIO_SAMPLES:
                raise AudioFileError(
                    f"{name}: has {file.frames} frames of {file.num_channels} channels: at most "
                    f"{MAX_AUDIO_SAMPLES} samples are held"
                )
            samples, rate = _read(file), int(file.samplerate)
    except AudioFileError:  # which is a ValueError
        raise
    except OSError as error:
        raise AudioFileError(f"{name}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        said = str(error).splitlines()[0]
        raise AudioFileError(f"{name}: is not an audio file pedalboard reads: {said}") from None
    if not samples.size:
        raise AudioFileError(f"{name}: holds no samples")
    return samples, rate


def _read(file: Any) -> Audio:
    """Read to the end in blocks: the length in the header is a claim, and may be a large one."""
    parts, left = list[Audio](), int(file.frames)
    while left > 0:
        part: Audio = file.read(min(left, BLOCK))
        if not part.shape[1]:
            break
        parts.append(part)
        left -= part.shape[1]
    return np.concatenate(parts, axis=1) if parts else np.zeros((file.num_channels, 0), np.float32)


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
    part: Path | io.BytesIO,
    name: str,
    samples: Audio,
    rate: float,
    *,
    quality: str | None = None,
    bits: int | None = None,
) -> None:
    """Write to the file ``part``, or to memory, in the format that ``name`` ends in.

    ``bits`` are those of a sample (``BIT_DEPTH`` if not given).
    """
    kind = ENCODED[Path(name).suffix.lower()]
    try:
        with (
            open(part, "w+b") if isinstance(part, Path) else part as target,
            host().io.AudioFile(
                target, "w", samplerate=rate, num_channels=len(samples),
                bit_depth=bits or BIT_DEPTH[kind], quality=quality, format=kind,
            ) as file,
        ):  # fmt: skip
            file.write(np.clip(samples, -1.0, 1.0))
    except (ValueError, RuntimeError) as error:
        said = str(error).splitlines()[0]
        raise AudioFileError(f"{name}: cannot be written: {said}") from None
