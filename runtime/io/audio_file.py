"""Audio files: read into float32 ``(channels, frames)``, written whole or not at all."""

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
"""What FLAC and AIFF files can have in a sample."""
STORED = {".flac": tuple(BITS), ".aif": tuple(BITS), ".aiff": tuple(BITS), ".mp3": (), ".ogg": ()}
"""Subtypes of files that are not WAV, the usual one first; MP3 and OGG have none."""
USUAL = "pcm24"
MOST_CHANNELS = 1024
"""Of a WAV file that libsndfile writes."""
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
    with open_sound(path) as sound:
        return AudioFile(sound.samples(), sound.rate, sound.subtype)


def scan_audio(path: str | os.PathLike[str]) -> tuple[int, int, int]:
    """Return ``(channels, frames, rate)`` of a file that ``read_audio`` would read, keeping none.

    Every sample is looked at, block by block.
    """
    with open_sound(path) as sound:
        sound.check_size(sound.claimed or 0)
        frames = sum(len(block) for block in sound.checked_blocks())
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
    """Give a function that writes ``(channels, frames)`` to a file, to be called once.

    It returns the samples as they were written, which is to say after clipping.

    The name says what kind of file: WAV, or with the extra ``pedalboard`` FLAC, MP3, OGG or AIFF.
    ``subtype`` is how a sample is stored, 24 bits if it is not given; MP3 and OGG have none.
    Entering the context finds out whether there can be such a file of ``channels`` at this rate
    and whether it can be written; the file is there when the context ends, and only if it ends
    well.  Samples beyond full scale are clamped where the format is an integer; ``warn`` is told
    how many there were.
    """
    name = os.fspath(path)
    check_format(name, rate, channels, subtype)
    write = _writer(name, subtype or USUAL, warn)
    with whole_file(path, AudioFileError) as part:
        yield lambda samples: write(part, samples, int(rate))


def check_format(name: str, rate: float, channels: int, subtype: str | None = None) -> None:
    """Refuse a file that its kind cannot be: this subtype, this rate, so many channels.

    Whether an encoder takes the rate and the channels is found by letting it write one frame.
    """
    check_subtype(name, subtype)
    if rate != int(rate):
        raise AudioFileError(
            f"{name}: an audio file has a whole number of frames a second, not {rate}"
        )
    suffix = Path(name).suffix.lower()
    if suffix in WAVES and channels > MOST_CHANNELS:
        raise AudioFileError(f"{name}: would have {channels} channels: at most {MOST_CHANNELS}")
    if suffix in STORED:
        from .encoders import encode

        encode(
            io.BytesIO(),
            name,
            np.zeros((channels, 1), np.float32),
            int(rate),
            bits=BITS.get(subtype or USUAL),
        )


def check_subtype(name: str, subtype: str | None) -> None:
    """Refuse a kind of file that is not written, and a subtype that its kind does not have."""
    if subtype is not None and subtype not in SUBTYPES:
        raise AudioFileError(f"subtype is {subtype!r}: must be one of {', '.join(SUBTYPES)}")
    suffix = Path(name).suffix.lower()
    if suffix in WAVES:
        return
    if suffix not in STORED:
        raise AudioFileError(f"{name}: its name must end in one of {', '.join(['.wav', *STORED])}")
    if subtype is not None and subtype not in STORED[suffix]:
        can = " or ".join(STORED[suffix])
        what = f"can be {can}" if can else "has no subtype: leave it out"
        raise AudioFileError(
            f"{name}: subtype is {subtype}: {suffix[1:].upper()} {what} (WAV can be "
            f"{', '.join(SUBTYPES)})"
        )
    if importlib.util.find_spec("pedalboard") is None:
        raise AudioFileError(
            f"{name}: only .wav files are written without pedalboard: "
            f"{how_to_install('pedalboard')}"
        )


def resample(samples: Audio, rate: float, wanted: float, name: str = "audio") -> Audio:
    """Return ``(channels, frames)`` at another rate: soxr at its very best, no delay.

    More than ``MAX_AUDIO_SAMPLES`` are refused before any is made; ``name`` is what the error calls
    it.
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
    """Return what writes the kind of file that the name ends in."""
    if Path(name).suffix.lower() in WAVES:
        return lambda part, samples, rate: _write(part, name, samples, rate, subtype, warn)
    from .encoders import encode

    def write(part: Path, samples: Audio, rate: int) -> Audio:
        samples = _clamped(samples, name, warn)
        with writing(name, AudioFileError):
            encode(part, name, samples, rate, bits=BITS.get(subtype))
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
