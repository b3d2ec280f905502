"""What a WAV file's header promises, against what is there."""

import io
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from ...graph import AudioFileError

__all__ = ["Spliced", "Wave", "read_wave"]

PLAIN = (1, 3, 0xFFFE)
"""Formats (PCM, float, and either by its longer name) whose blocks are frames."""
AMBISONIC = bytes.fromhex("2107d3118644c8c1ca000000")
"""The end of the two subformats of WAVEFORMATEXTENSIBLE (PCM, float) that mean B-format; their
first four bytes are 1 or 3 (R. W. Dobson, "The AMB Ambisonic File Format")."""
CHUNKS = frozenset(
    b"fmt ,data,fact,LIST,bext,JUNK,junk,PAD ,cue ,smpl,inst,PEAK,iXML,id3 ,ID3 ,minf,elm1,regn,"
    b"umid,acid,strc,DISP,cart,axml,chna,plst,ds64,levl,FLLR,afsp,_PMX".split(b",")
)
"""Names that chunks of WAV files have: how a missing pad byte is recognised."""
MOST_CHUNKS = 10_000
"""Looked at before the samples: a file of nothing but empty chunks is left to libsndfile."""
Piece = bytes | tuple[int, int]


@dataclass(frozen=True)
class Wave:
    """What libsndfile needs to be given, and what it does not tell."""

    pieces: tuple[Piece, ...] = ()
    """The file as it should have been written, if it was not: bytes, and (begin, end) places."""
    ambisonic: bool = False
    """Whether the header says that the channels are B-format."""


def read_wave(name: str, file: BinaryIO) -> Wave:
    """Refuse a RIFF WAV file that ends before its samples do; say what libsndfile must be told.

    Two things libsndfile does not read as other programs do, and is given otherwise: a stream
    whose length was never filled in (it takes the zero there for the truth), and a chunk of odd
    length before the samples without the pad byte behind it.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return Wave()
    kind = block = 0
    ambisonic, unpadded = False, list[int]()
    for _ in range(MOST_CHUNKS):
        if len(head := file.read(8)) < 8:
            break
        chunk, length = struct.unpack("<4sI", head)
        here = file.tell()
        if chunk == b"fmt " and len(form := file.read(min(length, 40))) >= 14:
            kind, block = struct.unpack_from("<H10xH", form)
            ambisonic = kind == 0xFFFE and form[28:40] == AMBISONIC
        if chunk == b"data":
            _compare(name, length, size - here, kind, block)
            endless = length == 0 and not _chunks_follow(file, size, here)
            return Wave(_pieces(unpadded, here, size, endless), ambisonic)
        end = here + length
        if length % 2 and _is_unpadded(file, end):
            unpadded.append(end)
        else:
            end += length % 2
        file.seek(end)
    return Wave((), ambisonic)


class Spliced(io.RawIOBase):
    """A file seen as pieces one after another: bytes, and (begin, end) places of the file."""

    def __init__(self, file: BinaryIO, pieces: tuple[Piece, ...]) -> None:
        self._file, self._pieces, self._at = file, pieces, 0
        self._size = sum(map(_length, pieces))

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place; return it, counted from the beginning."""
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with what comes next of one piece; return how many bytes that is."""
        begin = self._at
        for piece in self._pieces:
            length = _length(piece)
            if begin < length:
                count = min(len(buffer), length - begin)
                if isinstance(piece, bytes):
                    found = piece[begin : begin + count]
                else:
                    self._file.seek(piece[0] + begin)
                    found = self._file.read(count)
                buffer[: len(found)] = found
                self._at += len(found)
                return len(found)
            begin -= length
        return 0


def _length(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]


def _pieces(unpadded: list[int], start: int, size: int, endless: bool) -> tuple[Piece, ...]:
    """Return the file with the bytes that are missing, or nothing if none are."""
    if not unpadded and not endless:
        return ()
    pieces, begin = list[Piece](), 0
    for place in unpadded:
        pieces += [(begin, place), b"\0"]
        begin = place
    if endless:  # all ones for the length: the samples go on to the end of the file
        pieces += [(begin, start - 4), b"\xff" * 4]
        begin = start
    return (*pieces, (begin, size))


def _is_unpadded(file: BinaryIO, end: int) -> bool:
    """Whether a chunk that ends here, after an odd number of bytes, is followed by no pad byte."""
    file.seek(end)
    found = file.read(5)
    return found[:4] in CHUNKS and found[1:] not in CHUNKS


def _chunks_follow(file: BinaryIO, size: int, start: int) -> bool:
    """Say whether the rest of a file is chunks (or nothing), and so no samples."""
    file.seek(start)
    for _ in range(MOST_CHUNKS):
        if (here := file.tell()) >= size:
            break
        head = file.read(8)
        if len(head) < 8 or not all(32 <= letter < 127 for letter in head[:4]):
            return False
        file.seek(here + 8 + int.from_bytes(head[4:], "little"))
    return file.tell() <= size + 1


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
