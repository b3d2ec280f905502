"""What a WAV file's header promises, against what is there."""

import io
import struct
from typing import BinaryIO

from ...graph import AudioFileError

__all__ = ["whole_wave"]

PLAIN = (1, 3, 0xFFFE)
"""Formats (PCM, float, and either by its longer name) whose blocks are frames."""


def whole_wave(name: str, file: BinaryIO) -> str | BinaryIO:
    """Refuse a RIFF WAV file that ends before its samples do; return what libsndfile may read.

    That is its name, but for a stream whose length was never filled in: libsndfile takes the zero
    there for the truth.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return name
    kind = block = 0
    while len(head := file.read(8)) == 8:
        chunk, length = struct.unpack("<4sI", head)
        here = file.tell()
        if chunk == b"fmt " and len(form := file.read(14)) == 14:
            kind, block = struct.unpack("<H10xH", form)
        if chunk == b"data":
            _compare(name, length, size - here, kind, block)
            return name if length or _chunks_follow(file, size) else _endless(file, here)
        file.seek(here + length + length % 2)
    return name


def _chunks_follow(file: BinaryIO, size: int) -> bool:
    """Say whether the rest of a file is chunks (or nothing), and so no samples."""
    while (here := file.tell()) < size:
        head = file.read(8)
        if len(head) < 8 or not all(32 <= letter < 127 for letter in head[:4]):
            return False
        file.seek(here + 8 + int.from_bytes(head[4:], "little"))
    return file.tell() <= size + 1


def _endless(file: BinaryIO, start: int) -> BinaryIO:
    """Return the same file with all ones for the length: the samples go on to its end."""
    file.seek(0)
    data = bytearray(file.read())
    data[start - 4 : start] = b"\xff" * 4
    return io.BytesIO(data)


def _compare(name: str, told: int, there: int, kind: int, block: int) -> None:
    if _streamed(told) or told - there < max(1, block):  # a frame that is not whole is not missed
        return
    frames, unit = (told, "bytes") if kind not in PLAIN or not block else (told // block, "frames")
    held = there if unit == "bytes" else there // block
    raise AudioFileError(
        f"{name}: is cut off: its header says {frames} {unit}, {held} are there; "
        "make or fetch the file again"
    )


def _streamed(told: int) -> bool:
    """Say whether a length stands for "unknown": what writers to a pipe put there.

    Nothing, all ones (less a header, with some), or the 2 GiB of sox and arecord, rounded.
    """
    return told == 0 or told >= 0xFFFFF000 or 0x7FFFE000 <= told <= 0x80000000
