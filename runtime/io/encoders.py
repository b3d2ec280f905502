"""Encode FLAC, MP3, OGG and AIFF files with pedalboard.io."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from .pedalboard_module import host

__all__ = ["ENCODED", "encode"]

Audio = NDArray[np.float32]
ENCODED = {".aif": "aiff", ".aiff": "aiff", ".flac": "flac", ".mp3": "mp3", ".ogg": "ogg"}
"""pedalboard's name of the format, by file suffix."""
BIT_DEPTH = {"aiff": 24, "flac": 24, "mp3": 16, "ogg": 16}
"""Default bits per sample; MP3 and OGG ignore it."""


def encode(
    part: Path | io.BytesIO,
    name: str,
    samples: Audio,
    rate: float,
    *,
    bits: int | None = None,
) -> None:
    """Encode to the file ``part`` or to memory, in the format of the suffix of ``name``.

    The samples must lie within full scale.  ``bits`` per sample: ``BIT_DEPTH`` by default.
    """
    kind = ENCODED[Path(name).suffix.lower()]
    try:
        with (
            open(part, "w+b") if isinstance(part, Path) else part as target,
            host().io.AudioFile(
                target, "w", samplerate=rate, num_channels=len(samples),
                bit_depth=bits or BIT_DEPTH[kind], format=kind,
            ) as file,
        ):  # fmt: skip
            file.write(samples)
    except (ValueError, RuntimeError) as error:
        text = str(error).splitlines()[0]
        raise AudioFileError(f"{name}: cannot be written: {text}") from None
