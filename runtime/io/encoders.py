"""Encode FLAC, MP3, OGG and AIFF files with pedalboard.io, and read them back."""

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
"""pedalboard's name of the format, by file suffix."""
BLOCK = 1 << 16
"""Frames per block when reading."""
BIT_DEPTH = {"aiff": 24, "flac": 24, "mp3": 16, "ogg": 16}
"""Default bits per sample; MP3 and OGG ignore it."""


def read_encoded(path: str | os.PathLike[str]) -> tuple[Audio, int]:
    """Read a whole file; return float32 ``(channels, frames)`` and the rate in Hz."""
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
    except AudioFileError:  # also a ValueError
        raise
    except OSError as error:
        raise AudioFileError(f"{name}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        text = str(error).splitlines()[0]
        raise AudioFileError(f"{name}: is not an audio file pedalboard reads: {text}") from None
    if not samples.size:
        raise AudioFileError(f"{name}: holds no samples")
    return samples, rate


def _read(file: Any) -> Audio:
    """Read to the end in blocks: the length in the header may be wrong and very large."""
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
    """Write ``(channels, frames)`` atomically, in the format of the suffix.

    Samples beyond full scale are clipped.  ``quality`` is pedalboard's, by format: ``"V0"`` or
    ``"320 kbps"`` for MP3.
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
    """Encode to the file ``part`` or to memory, in the format of the suffix of ``name``.

    ``bits`` per sample: ``BIT_DEPTH`` by default.
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
        text = str(error).splitlines()[0]
        raise AudioFileError(f"{name}: cannot be written: {text}") from None
