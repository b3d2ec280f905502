"""Read audio files block by block; memory is allocated for samples found, not for those claimed."""

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from ...graph.paths import checked_path
from ...graph.text import counted
from ..limits import MAX_AUDIO_SAMPLES, format_bytes
from .decoder_messages import quiet
from .file_kind import AUDIO, complaint, kind_of_file
from .regular_file import check_plain
from .wav_header import Spliced, read_wave

__all__ = ["Sound", "format_bad", "open_sound"]

BLOCK = 1 << 17
"""Samples read at a time: a megabyte in float64."""
UNKNOWN = 1 << 62
"""Frame count from which on libsndfile means "unknown"."""
NO_AUDIO = 7
"""libsndfile's error code when its MP3 decoder finds no frame; its text is about pipes."""
DAMAGED = "is damaged or cut off (make or fetch the file again)"
ESTIMATED_LENGTH = ("MP3",)
"""Formats whose header may give a wrong length in an intact file."""


@dataclass(frozen=True, eq=False)
class Sound:
    """An open audio file: header fields, and its samples in blocks."""

    name: str
    channels: int
    rate: int
    subtype: str
    """Sample format of the file, as libsndfile names it: ``PCM_24``, ``FLOAT`` ..."""
    claimed: int | None
    """Frames according to the header, or ``None`` if it has no length."""
    bytes: int
    """Size of the file."""
    ambisonic: bool
    """Whether the header declares the channels as B-format."""
    _file: Any
    _length_is_estimated: bool

    def blocks(self, dtype: Any = np.float32) -> Iterator[NDArray[Any]]:
        """Yield blocks of samples, ``(frames, channels)``; each is valid until the next.

        ``AudioFileError`` if the file ends before the frames that its header claims.
        """
        room = np.empty((max(1, BLOCK // self.channels), self.channels), dtype)
        done = 0
        while True:
            with _named(self.name, DAMAGED), quiet():
                block = self._file.read(out=room)
            if not len(block):
                break
            done += len(block)
            yield block
        is_short = self.claimed is not None and 0 < done < self.claimed
        if is_short and not self._length_is_estimated:
            raise AudioFileError(
                f"{self.name}: is cut off: its header says {self.claimed} frames, "
                f"{done} are there; make or fetch the file again"
            )

    def checked_blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield float32 blocks; ``AudioFileError`` after the last if there was none, or NaN."""
        done = bad = 0
        first = (0, 0)
        for block in self.blocks():
            wrong = ~np.isfinite(block)
            if wrong.any():
                if not bad:
                    frame, channel = np.argwhere(wrong)[0]
                    first = (done + int(frame), int(channel))
                bad += int(wrong.sum())
            done += len(block)
            yield block
        if not done:
            raise AudioFileError(f"{self.name}: holds no samples")
        if bad:
            raise AudioFileError(
                f"{self.name}: {format_bad(bad)} NaN or infinite (the first is frame {first[0]} of "
                f"channel {first[1]}): must all be numbers"
            )

    def samples(self) -> NDArray[np.float32]:
        """Return all samples, ``(channels, frames)``; at most ``MAX_AUDIO_SAMPLES``.

        Memory grows with the samples found, not with the length that the header claims.
        """
        self.check_size(self.claimed or 0)
        room, done = self._room(), 0
        try:
            made = np.empty((self.channels, room), np.float32)
            for block in self.checked_blocks():
                end = done + len(block)
                self.check_size(end)
                if end > made.shape[1]:
                    wider = np.empty((self.channels, max(end, 2 * made.shape[1])), np.float32)
                    wider[:, :done] = made[:, :done]
                    made = wider
                made[:, done:end] = block.T
                done = end
            return made if done == made.shape[1] else made[:, :done].copy()
        except MemoryError:
            wanted = format_bytes(4 * self.channels * max(done, room))
            raise AudioFileError(
                f"{self.name}: needs more than {wanted} of memory, which is not available"
            ) from None

    def check_size(self, frames: int) -> None:
        """Raise ``AudioFileError`` if ``frames`` exceed ``MAX_AUDIO_SAMPLES``."""
        if frames * self.channels > MAX_AUDIO_SAMPLES:
            raise AudioFileError(
                f"{self.name}: has {frames} frames of {self.channels} channel"
                f"{'s' * (self.channels > 1)}: at most {MAX_AUDIO_SAMPLES} samples are held "
                f"({format_bytes(4 * MAX_AUDIO_SAMPLES)})"
            )

    def _room(self) -> int:
        """Return the frames to allocate first: those claimed, at most what the file size allows."""
        plausible = max(BLOCK, 4 * self.bytes) // self.channels
        return max(1, plausible if self.claimed is None else min(self.claimed, plausible))


@contextlib.contextmanager
def open_sound(path: str | os.PathLike[str]) -> Iterator[Sound]:
    """Open an audio file with libsndfile; ``AudioFileError`` if it cannot be read."""
    name = checked_path(path, "path", AudioFileError)
    size = check_plain(name, AudioFileError, wanted=AUDIO).st_size
    with contextlib.ExitStack() as ends:
        with _named(name):
            # opened here for the system's reason, which libsndfile omits
            file = ends.enter_context(open(name, "rb"))
            wave = read_wave(name, file)
            source: str | BinaryIO = name
            if wave.pieces:
                source = io.BufferedReader(Spliced(file, wave.pieces), 1 << 16)
                ends.callback(source.detach)
            with quiet():
                opened = _forward()(source)
            ends.callback(_close, opened)
        claimed = int(opened.frames)
        yield Sound(
            name,
            int(opened.channels),
            int(opened.samplerate),
            str(opened.subtype),
            claimed if 0 <= claimed < UNKNOWN else None,
            size,
            wave.ambisonic or name.lower().endswith(".amb"),
            opened,
            opened.format in ESTIMATED_LENGTH,
        )


def _close(opened: Any) -> None:
    with quiet():
        opened.close()


@cache
def _forward() -> Any:
    """Return a subclass of ``SoundFile`` that does not seek after each block.

    That seek, to the current position, fails in files of unknown length.
    """
    import soundfile  # here, because importing it loads libsndfile

    class Forward(soundfile.SoundFile):  # type: ignore[misc]  # it has no types
        def seekable(self) -> bool:
            return False

    return Forward


@contextlib.contextmanager
def _named(name: str, what: str = "is not an audio file this package reads") -> Iterator[None]:
    """Convert errors of the body to ``AudioFileError``: the file name, ``what``, the reason."""
    import soundfile

    try:
        yield
    except AudioFileError:  # also a ValueError
        raise
    except (OSError, ValueError) as reason:  # ValueError: a zero byte in the name
        text = getattr(reason, "strerror", None) or reason
        raise AudioFileError(f"{name}: cannot be read: {text}") from None
    except (soundfile.SoundFileError, RuntimeError, TypeError) as reason:
        wrong = complaint(kind_of_file(name), AUDIO)
        # libsndfile opens some other files (text in UTF-16) as MP3 too.
        is_mp3 = name.lower().endswith(".mp3") or not wrong
        if getattr(reason, "code", None) == NO_AUDIO and is_mp3:
            text = "there is no audio in it: no MPEG frame was found"
            raise AudioFileError(f"{name}: {text}") from None
        if wrong:
            raise AudioFileError(f"{name}: {wrong}") from None
        text = str(getattr(reason, "error_string", "no known format")).rstrip(".")
        raise AudioFileError(f"{name}: {what}: {text}") from None


def format_bad(count: int) -> str:
    """Return "1 sample is", or "2 samples are"."""
    return f"{counted(count, 'sample')} {'is' if count == 1 else 'are'}"
