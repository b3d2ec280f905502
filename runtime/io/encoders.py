"""Encode FLAC, MP3, OGG and AIFF files with pedalboard.io."""

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from .pedalboard_module import host

__all__ = ["AUDIO_SUFFIXES", "ENCODED", "encoder"]

Audio = NDArray[np.float32]
ENCODED = {".aif": "aiff", ".aiff": "aiff", ".flac": "flac", ".mp3": "mp3", ".ogg": "ogg"}
"""pedalboard's name of the format, by file suffix."""
AUDIO_SUFFIXES = (".wav", ".wave", *ENCODED)
"""Suffixes of audio files."""
BIT_DEPTH = {"aiff": 24, "flac": 24, "mp3": 16, "ogg": 16}
"""Default bits per sample; MP3 and OGG ignore it."""


@contextlib.contextmanager
def encoder(
    part: Path | io.BytesIO, name: str, channels: int, rate: float, bits: int | None = None
) -> Iterator[Callable[[Audio], None]]:
    """Yield a function that encodes the next ``(channels, frames)`` to a file or to memory.

    The format is that of the suffix of ``name``.  The samples must lie within full scale.  ``bits``
    per sample: ``BIT_DEPTH`` by default.
    """
    kind = ENCODED[Path(name).suffix.lower()]
    with (
        _errors(name),
        open(part, "w+b") if isinstance(part, Path) else part as target,
        host().io.AudioFile(
            target, "w", samplerate=rate, num_channels=channels,
            bit_depth=bits or BIT_DEPTH[kind], format=kind,
        ) as file,
    ):  # fmt: skip
        yield file.write


@contextlib.contextmanager
def _errors(name: str) -> Iterator[None]:
    """Convert errors of the encoder to ``AudioFileError``."""
    try:
        yield
    except AudioFileError:  # also a ValueError
        raise
    except (ValueError, RuntimeError) as error:
        text = str(error).splitlines()[0]
        raise AudioFileError(f"{name}: cannot be written: {text}") from None
