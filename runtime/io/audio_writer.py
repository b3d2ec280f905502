"""Write audio files, whole or not at all, in pieces of any lengths."""

import contextlib
import importlib.util
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from ...graph.extras import how_to_install
from .atomic_write import whole_file, why_not, writing

__all__ = ["SUBTYPES", "audio_writer", "check_format", "check_subtype"]

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


@contextlib.contextmanager
def audio_writer(
    path: str | os.PathLike[str],
    rate: float,
    *,
    channels: int = 1,
    subtype: str | None = None,
    frames: int = 0,
    warn: Callable[[str], None] = lambda line: None,
) -> Iterator[Callable[[Audio], Audio]]:
    """Yield a function that writes ``(channels, frames)`` to a file, once or piece by piece.

    It returns the samples as written, after clipping.

    The suffix selects the format: WAV, or with the extra ``pedalboard`` FLAC, MP3, OGG or AIFF.
    ``subtype`` is the sample format, ``pcm24`` by default; MP3 and OGG have none.  ``frames`` is
    the length of all pieces, where there are several: a WAV file above 4 GiB has another header.
    Entering the context raises ``AudioFileError`` if the format does not allow the channels, rate
    or subtype, or if the file cannot be written.  The file appears when the context ends without an
    error.  In integer formats, samples beyond full scale are clipped, and ``warn`` is called with a
    message that counts them.
    """
    name = os.fspath(path)
    check_format(name, rate, channels, subtype)
    with whole_file(path, AudioFileError) as part:
        pieces = _Pieces(part, name, int(rate), subtype or DEFAULT_SUBTYPE, frames)
        try:
            yield pieces.write
            pieces.close()
        finally:
            pieces.abandon()
    if pieces.clipped:
        peak_db = 20.0 * np.log10(pieces.peak)
        warn(
            f"{name}: {pieces.clipped} samples beyond full scale were clipped (peak "
            f"{peak_db:+.1f} dBFS); lower the level, or store them as subtype float"
        )


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
        from .encoders import encoder

        bits = BITS.get(subtype or DEFAULT_SUBTYPE)
        with encoder(io.BytesIO(), name, channels, int(rate), bits) as write:
            write(np.zeros((channels, 1), np.float32))


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


class _Pieces:
    """The file of a writer, opened by the first piece, which has the number of channels."""

    def __init__(self, part: Path, name: str, rate: int, subtype: str, frames: int) -> None:
        self._part, self._name, self._rate, self._subtype = part, name, rate, subtype
        self._frames, self._is_wave = frames, Path(name).suffix.lower() in WAVES
        self._is_float = self._is_wave and subtype == "float"
        self._opened = contextlib.ExitStack()
        self._write: Callable[[Audio], None] | None = None
        self.clipped, self.peak = 0, 0.0
        """Samples beyond full scale, and their largest magnitude."""

    def write(self, samples: Audio) -> Audio:
        """Write the next piece; return it as written."""
        if not self._is_float:
            samples = self._clip(samples)
        with self._errors():
            if self._write is None:
                self._write = self._open(samples)
            self._write(samples)
        return samples

    def close(self) -> None:
        """Finish the file."""
        with self._errors():
            self._opened.close()
            if self._is_float:
                _clear_time_stamp(self._part)

    def abandon(self) -> None:
        """Close the file, if it is open, without errors."""
        with contextlib.suppress(Exception):
            self._opened.close()

    def _open(self, first: Audio) -> Callable[[Audio], None]:
        channels = len(first)
        if not self._is_wave:
            from .encoders import encoder

            bits = BITS.get(self._subtype)
            made = encoder(self._part, self._name, channels, self._rate, bits)
            return self._opened.enter_context(made)
        import soundfile

        size = channels * max(self._frames, first.shape[1]) * BYTES[self._subtype]
        file = soundfile.SoundFile(
            self._part,
            "w",
            self._rate,
            channels,
            subtype=SUBTYPES[self._subtype],
            format="RF64" if size > MAX_WAV_BYTES else "WAV",
        )
        self._opened.callback(file.close)
        return lambda samples: file.write(samples.T)

    def _clip(self, samples: Audio) -> Audio:
        if max(samples.max(initial=0.0), -samples.min(initial=0.0)) <= 1.0:
            return samples
        over = int(np.count_nonzero(np.abs(samples) > 1.0))
        if over:
            self.clipped += over
            self.peak = max(self.peak, float(np.abs(samples).max()))
        return np.clip(samples, -1.0, 1.0)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Convert errors of the system and of libsndfile to ``AudioFileError``."""
        import soundfile

        with writing(self._name, AudioFileError):
            try:
                yield
            except soundfile.SoundFileError as reason:  # does not contain the system's reason
                text = why_not(self._part) or getattr(reason, "error_string", str(reason))
                raise AudioFileError(
                    f"{self._name}: cannot be written: {text.rstrip('.')}"
                ) from None


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
