"""Audio files read block by block: what the header claims is never believed before it is there."""

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
from ..limits import MAX_AUDIO_SAMPLES, format_bytes
from .decoder_messages import quiet
from .file_kind import AUDIO, complaint, kind_of_file
from .regular_file import check_plain
from .wav_header import Spliced, read_wave

__all__ = ["Sound", "open_sound"]

BLOCK = 1 << 17
"""Samples read at a time: a megabyte in float64."""
UNKNOWN = 1 << 62
"""Frames from which on a claim is libsndfile's word for "unknown"."""
NO_AUDIO = 7
"""libsndfile's error when its MP3 decoder finds no frame; its text speaks of pipes instead."""
DAMAGED = "is damaged or cut off (make or fetch the file again)"
GUESSED = ("MP3",)
"""Containers whose header may be wrong about the length without anything missing."""


@dataclass(frozen=True, eq=False)
class Sound:
    """An audio file that is open: what its header says, and its samples in turn."""

    name: str
    channels: int
    rate: int
    subtype: str
    """How the file stores a sample, in libsndfile's words: ``PCM_24``, ``FLOAT`` ..."""
    claimed: int | None
    """Frames that the header claims, or ``None`` if it says nothing."""
    bytes: int
    """Of the file itself."""
    ambisonic: bool
    """Whether the header says that the channels are B-format."""
    _file: Any
    _guessed: bool

    def blocks(self, dtype: Any = np.float32) -> Iterator[NDArray[Any]]:
        """Yield the samples in turn, ``(frames, channels)``; each block is valid until the next.

        ``AudioFileError`` when the file ends before the frames it claims.
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
        if self.claimed is not None and done < self.claimed and done and not self._guessed:
            raise AudioFileError(
                f"{self.name}: is cut off: its header says {self.claimed} frames, "
                f"{done} are there; make or fetch the file again"
            )

    def checked_blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield float32 blocks; refuse, when all was seen, a file without samples or with NaN."""
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
                f"{self.name}: {bad} samples are NaN or infinite (the first is frame {first[0]} "
                f"of channel {first[1]}): must all be numbers"
            )

    def samples(self) -> NDArray[np.float32]:
        """Return all samples, ``(channels, frames)``; refuse more than ``MAX_AUDIO_SAMPLES``.

        Memory is asked for as samples are found: a header that claims many gets none for it.
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
                f"{self.name}: needs more than {wanted} of memory, which this machine does not give"
            ) from None

    def check_size(self, frames: int) -> None:
        """Refuse so many frames if they are more than is ever held in memory."""
        if frames * self.channels > MAX_AUDIO_SAMPLES:
            raise AudioFileError(
                f"{self.name}: has {frames} frames of {self.channels} channel"
                f"{'s' * (self.channels > 1)}: at most {MAX_AUDIO_SAMPLES} samples are held "
                f"({format_bytes(4 * MAX_AUDIO_SAMPLES)})"
            )

    def _room(self) -> int:
        """Return for how many frames to begin with: the claim, if a file so long may hold them."""
        believable = max(BLOCK, 4 * self.bytes) // self.channels
        return max(1, believable if self.claimed is None else min(self.claimed, believable))


@contextlib.contextmanager
def open_sound(path: str | os.PathLike[str]) -> Iterator[Sound]:
    """Open an audio file that libsndfile reads; ``AudioFileError`` names any other."""
    name = checked_path(path, "path", AudioFileError)
    size = check_plain(name, AudioFileError, wanted=AUDIO).st_size
    with contextlib.ExitStack() as ends:
        with _named(name):
            file = ends.enter_context(open(name, "rb"))  # says why not: libsndfile would not
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
            opened.format in GUESSED,
        )


def _close(opened: Any) -> None:
    with quiet():
        opened.close()


@cache
def _forward() -> Any:
    """Return soundfile's class, reading on without a seek after each block.

    The seek (to where the file is anyway) fails in files whose length is unknown.
    """
    import soundfile  # here, because importing it loads libsndfile

    class Forward(soundfile.SoundFile):  # type: ignore[misc]  # it has no types
        def seekable(self) -> bool:
            return False

    return Forward


@contextlib.contextmanager
def _named(name: str, what: str = "is not an audio file this package reads") -> Iterator[None]:
    """Make errors that name the file of what goes wrong meanwhile, and say ``what`` that means."""
    import soundfile

    try:
        yield
    except AudioFileError:  # which is a ValueError
        raise
    except (OSError, ValueError) as reason:  # ValueError: a zero byte in the name
        text = getattr(reason, "strerror", None) or reason
        raise AudioFileError(f"{name}: cannot be read: {text}") from None
    except (soundfile.SoundFileError, RuntimeError, TypeError) as reason:
        if wrong := complaint(kind_of_file(name), AUDIO):
            raise AudioFileError(f"{name}: {wrong}") from None
        if getattr(reason, "code", None) == NO_AUDIO:
            said = "there is no audio in it: no MPEG frame was found"
            raise AudioFileError(f"{name}: {said}") from None
        text = str(getattr(reason, "error_string", "no known format")).rstrip(".")
        raise AudioFileError(f"{name}: {what}: {text}") from None
