"""Audio files: read into float32 ``(channels, frames)``, written whole or not at all."""

import contextlib
import importlib.util
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from ...graph.extras import how_to_install
from .atomic import whole_file, why_not, writing
from .wave import whole_wave

__all__ = ["SUBTYPES", "AudioFile", "audio_writer", "read_audio", "resample"]

Audio = NDArray[np.float32]
SUBTYPES = {"float": "FLOAT", "pcm32": "PCM_32", "pcm24": "PCM_24", "pcm16": "PCM_16"}
BYTES = {"float": 4, "pcm32": 4, "pcm24": 3, "pcm16": 2}
LONGEST_WAV = (1 << 32) - (1 << 16)
"""Bytes of samples that a plain WAV header can count, with room for the rest of the file."""


@dataclass(frozen=True, eq=False)
class AudioFile:
    """What an audio file held."""

    samples: Audio
    """``(channels, frames)``, all finite; full scale is 1."""
    rate: int
    subtype: str
    """How the file stores a sample, in libsndfile's words: ``PCM_24``, ``FLOAT`` ..."""

    @property
    def channels(self) -> int:
        """How many channels."""
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """How many frames."""
        return int(self.samples.shape[1])


def read_audio(path: str | os.PathLike[str]) -> AudioFile:
    """Read a whole audio file; empty files and samples that are no numbers are refused."""
    import soundfile  # here, because importing it loads libsndfile

    name = os.fspath(path)
    try:
        if not stat.S_ISREG(os.stat(name).st_mode):
            raise AudioFileError(f"{name}: cannot be read: it is not a plain file")
        with open(name, "rb") as file:  # says why not, where libsndfile says "system error"
            sound = whole_wave(name, file)
        with soundfile.SoundFile(sound) as source:
            frames = source.read(dtype="float32", always_2d=True)
            rate, subtype = int(source.samplerate), str(source.subtype)
    except AudioFileError:  # which is a ValueError
        raise
    except (OSError, ValueError) as reason:  # ValueError: a zero byte in the name
        text = getattr(reason, "strerror", None) or reason
        raise AudioFileError(f"{name}: cannot be read: {text}") from None
    except (soundfile.SoundFileError, TypeError) as reason:
        text = getattr(reason, "error_string", "no known format").rstrip(".")
        raise AudioFileError(f"{name}: is not an audio file this package reads: {text}") from None
    if not frames.size:
        raise AudioFileError(f"{name}: holds no samples")
    bad = ~np.isfinite(frames)
    if bad.any():
        frame, channel = np.argwhere(bad)[0]
        raise AudioFileError(
            f"{name}: {int(bad.sum())} samples are NaN or infinite "
            f"(the first is frame {frame} of channel {channel}): must all be numbers"
        )
    return AudioFile(np.ascontiguousarray(frames.T), rate, subtype)


@contextlib.contextmanager
def audio_writer(
    path: str | os.PathLike[str],
    rate: float,
    *,
    subtype: str = "pcm24",
    warn: Callable[[str], None] = lambda line: None,
) -> Iterator[Callable[[Audio], Audio]]:
    """Give a function that writes ``(channels, frames)`` to a file, to be called once.

    It returns the samples as they were written, which is to say after clipping.

    The name says what kind of file: WAV, or with the extra ``pedalboard`` FLAC, MP3, OGG or AIFF
    (``subtype`` is for WAV alone).  Entering the context finds out whether the file can be
    written; the file is there when the context ends, and only if it ends well.  Samples beyond
    full scale are clamped where the format is an integer; ``warn`` is told how many there were.
    """
    name = os.fspath(path)
    if subtype not in SUBTYPES:
        raise AudioFileError(f"subtype is {subtype!r}: must be one of {', '.join(SUBTYPES)}")
    write = _writer(name, subtype, warn)
    if rate != int(rate):
        raise AudioFileError(
            f"{name}: a WAV file has a whole number of frames a second, not {rate}"
        )
    with whole_file(path, AudioFileError) as part:
        yield lambda samples: write(part, samples, int(rate))


def resample(samples: Audio, rate: float, wanted: float) -> Audio:
    """Return ``(channels, frames)`` at another rate: soxr at its very best, no delay."""
    if rate == wanted:
        return samples
    import soxr

    made = soxr.resample(samples.T, rate, wanted, quality="VHQ")
    return np.ascontiguousarray(made.T, np.float32)


def _writer(
    name: str, subtype: str, warn: Callable[[str], None]
) -> Callable[[Path, Audio, int], Audio]:
    """Return what writes the kind of file that the name ends in."""
    suffix = Path(name).suffix.lower()
    if suffix in (".wav", ".wave"):
        return lambda part, samples, rate: _write(part, name, samples, rate, subtype, warn)
    from .pedalboard.audio_files import ENCODED, encode

    if suffix not in ENCODED:
        known = ", ".join([".wav", *ENCODED])
        raise AudioFileError(f"{name}: its name must end in one of {known}")
    if importlib.util.find_spec("pedalboard") is None:
        raise AudioFileError(
            f"{name}: only .wav files are written without pedalboard: "
            f"{how_to_install('pedalboard')}"
        )

    def write(part: Path, samples: Audio, rate: int) -> Audio:
        samples = _clamped(samples, name, warn)
        with writing(name, AudioFileError):
            encode(part, name, samples, rate)
        return samples

    return write


def _write(
    part: Path, name: str, samples: Audio, rate: int, subtype: str, warn: Callable[[str], None]
) -> Audio:
    import soundfile

    if subtype != "float":
        samples = _clamped(samples, name, warn)
    kind = "RF64" if samples.size * BYTES[subtype] > LONGEST_WAV else "WAV"
    with writing(name, AudioFileError):
        try:
            soundfile.write(part, samples.T, rate, subtype=SUBTYPES[subtype], format=kind)
        except soundfile.SoundFileError as reason:  # which does not say what the system said
            text = why_not(part) or getattr(reason, "error_string", str(reason)).rstrip(".")
            raise AudioFileError(f"{name}: cannot be written: {text}") from None
        if subtype == "float":
            _forget_the_time(part)
    return samples


def _clamped(samples: Audio, name: str, warn: Callable[[str], None]) -> Audio:
    over = int(np.count_nonzero(np.abs(samples) > 1.0))
    if over:
        peak_db = 20.0 * np.log10(float(np.abs(samples).max()))
        warn(
            f"{name}: {over} samples beyond full scale were clipped (peak {peak_db:+.1f} dBFS); "
            "turn the rack down, or store them as subtype float"
        )
    return np.clip(samples, -1.0, 1.0)


def _forget_the_time(path: Path) -> None:
    """Clear the time stamp that libsndfile writes into float files.

    The same samples shall give the same bytes.
    """
    with open(path, "r+b") as file:
        head: Any = file.read(512)
        at = head.find(b"PEAK", 0, max(0, head.find(b"data")))
        if at >= 0:
            file.seek(at + 12)  # name, size, version; then the stamp
            file.write(bytes(4))
