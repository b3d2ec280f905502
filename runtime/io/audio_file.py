"""Read audio files into float32 ``(channels, frames)``, write them atomically, resample."""

import contextlib
import importlib.util
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from ...graph.extras import how_to_install
from ..limits import MAX_AUDIO_SAMPLES, format_bytes
from .atomic_write import whole_file, why_not, writing
from .audio_reader import open_sound

__all__ = [
    "SUBTYPES",
    "AudioFile",
    "audio_writer",
    "check_format",
    "check_subtype",
    "read_audio",
    "resample",
    "scan_audio",
]

Audio = NDArray[np.float32]
SUBTYPES = {"float": "FLOAT", "pcm32": "PCM_32", "pcm24": "PCM_24", "pcm16": "PCM_16"}
WAVES = (".wav", ".wave")
BYTES = {"float": 4, "pcm32": 4, "pcm24": 3, "pcm16": 2}
BITS = {"pcm24": 24, "pcm16": 16}
"""Bits per sample of the subtypes that FLAC and AIFF have."""
STORED = {".flac": tuple(BITS), ".aif": tuple(BITS), ".aiff": tuple(BITS), ".mp3": (), ".ogg": ()}
"""Subtypes of the other formats, the default first; MP3 and OGG have none."""
DEFAULT_SUBTYPE = "pcm24"
MAX_WAV_CHANNELS = 1024
"""Channels of a WAV file: the limit of libsndfile."""
MAX_WAV_BYTES = (1 << 32) - (1 << 16)
"""Bytes of samples above which a file is written as RF64: a WAV header has 32-bit sizes."""


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


@contextlib.contextmanager
def audio_writer(
    path: str | os.PathLike[str],
    rate: float,
    *,
    channels: int = 1,
    subtype: str | None = None,
    warn: Callable[[str], None] = lambda line: None,
) -> Iterator[Callable[[Audio], Audio]]:
    """Yield a function that writes ``(channels, frames)`` to a file; call it once.

    It returns the samples as written, after clipping.

    The suffix selects the format: WAV, or with the extra ``pedalboard`` FLAC, MP3, OGG or AIFF.
    ``subtype`` is the sample format, ``pcm24`` by default; MP3 and OGG have none.
    Entering the context raises ``AudioFileError`` if the format does not allow the channels, rate
    or subtype, or if the file cannot be written.  The file appears when the context ends without an
    error.  In integer formats, samples beyond full scale are clipped, and ``warn`` is called with a
    message that counts them.
    """
    name = os.fspath(path)
    check_format(name, rate, channels, subtype)
    write = _writer(name, subtype or DEFAULT_SUBTYPE, warn)
    with whole_file(path, AudioFileError) as part:
        yield lambda samples: write(part, samples, int(rate))


def check_format(name: str, rate: float, channels: int, subtype: str | None = None) -> None:
    """Raise ``AudioFileError`` if the format does not allow the subtype, rate or channel count.

    For encoders, rate and channels are checked by encoding one frame in memory.
    """
    check_subtype(name, subtype)
    if rate != int(rate):
        raise AudioFileError(
            f"{name}: an audio file has a whole number of frames a second, not {rate}"
        )
    suffix = Path(name).suffix.lower()
    if suffix in WAVES and channels > MAX_WAV_CHANNELS:
        raise AudioFileError(f"{name}: would have {channels} channels: at most {MAX_WAV_CHANNELS}")
    if suffix in STORED:
        from .encoders import encode

        encode(
            io.BytesIO(),
            name,
            np.zeros((channels, 1), np.float32),
            int(rate),
            bits=BITS.get(subtype or DEFAULT_SUBTYPE),
        )


def check_subtype(name: str, subtype: str | None) -> None:
    """Raise ``AudioFileError`` for an unknown suffix, or a subtype the format does not have."""
    if subtype is not None and subtype not in SUBTYPES:
        raise AudioFileError(f"subtype is {subtype!r}: must be one of {', '.join(SUBTYPES)}")
    suffix = Path(name).suffix.lower()
    if suffix in WAVES:
        return
    if suffix not in STORED:
        raise AudioFileError(f"{name}: its name must end in one of {', '.join(['.wav', *STORED])}")
    if subtype is not None and subtype not in STORED[suffix]:
        names = " or ".join(STORED[suffix])
        allowed = f"can be {names}" if names else "has no subtype: leave it out"
        raise AudioFileError(
            f"{name}: subtype is {subtype}: {suffix[1:].upper()} {allowed} (WAV can be "
            f"{', '.join(SUBTYPES)})"
        )
    if importlib.util.find_spec("pedalboard") is None:
        raise AudioFileError(
            f"{name}: only .wav files are written without pedalboard: "
            f"{how_to_install('pedalboard')}"
        )


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


def _writer(
    name: str, subtype: str, warn: Callable[[str], None]
) -> Callable[[Path, Audio, int], Audio]:
    """Return the function that writes the format of the suffix: ``write(part, samples, rate)``."""
    if Path(name).suffix.lower() in WAVES:
        return lambda part, samples, rate: _write_wav(part, name, samples, rate, subtype, warn)
    from .encoders import encode

    def write(part: Path, samples: Audio, rate: int) -> Audio:
        samples = _clipped(samples, name, warn)
        with writing(name, AudioFileError):
            encode(part, name, samples, rate, bits=BITS.get(subtype))
        return samples

    return write


def _write_wav(
    part: Path, name: str, samples: Audio, rate: int, subtype: str, warn: Callable[[str], None]
) -> Audio:
    import soundfile

    if subtype != "float":
        samples = _clipped(samples, name, warn)
    kind = "RF64" if samples.size * BYTES[subtype] > MAX_WAV_BYTES else "WAV"
    with writing(name, AudioFileError):
        try:
            soundfile.write(part, samples.T, rate, subtype=SUBTYPES[subtype], format=kind)
        except soundfile.SoundFileError as reason:  # does not contain the system's reason
            text = why_not(part) or getattr(reason, "error_string", str(reason)).rstrip(".")
            raise AudioFileError(f"{name}: cannot be written: {text}") from None
        if subtype == "float":
            _clear_time_stamp(part)
    return samples


def _clipped(samples: Audio, name: str, warn: Callable[[str], None]) -> Audio:
    over = int(np.count_nonzero(np.abs(samples) > 1.0))
    if over:
        peak_db = 20.0 * np.log10(float(np.abs(samples).max()))
        warn(
            f"{name}: {over} samples beyond full scale were clipped (peak {peak_db:+.1f} dBFS); "
            "lower the level, or store them as subtype float"
        )
    return np.clip(samples, -1.0, 1.0)


def _clear_time_stamp(path: Path) -> None:
    """Clear the time stamp in the PEAK chunk that libsndfile writes into float files.

    The same samples then give the same bytes.
    """
    with open(path, "r+b") as file:
        head: Any = file.read(512)
        at = head.find(b"PEAK", 0, max(0, head.find(b"data")))
        if at >= 0:
            file.seek(at + 12)  # after chunk name, size and version
            file.write(bytes(4))
