"""Check and repair WAV headers: truncated files, unset lengths, missing pad bytes, B-format."""

import io
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from ...graph import AudioFileError

__all__ = ["Spliced", "Wave", "read_wave"]

PLAIN = (1, 3, 0xFFFE)
"""Format tags (PCM, float, extensible) in which a block is one frame."""
AMBISONIC = bytes.fromhex("2107d3118644c8c1ca000000")
"""Last 12 bytes of the two B-format subformats of WAVEFORMATEXTENSIBLE (PCM, float); their
first four bytes are 1 or 3 (R. W. Dobson, "The AMB Ambisonic File Format")."""
CHUNKS = frozenset(
    b"fmt ,data,fact,LIST,bext,JUNK,junk,PAD ,cue ,smpl,inst,PEAK,iXML,id3 ,ID3 ,minf,elm1,regn,"
    b"umid,acid,strc,DISP,cart,axml,chna,plst,ds64,levl,FLLR,afsp,_PMX".split(b",")
)
"""Known chunk names: one of them at an odd position shows a missing pad byte."""
MAX_CHUNKS = 10_000
"""Chunks examined before the samples; a file with more is left to libsndfile."""
Piece = bytes | tuple[int, int]


@dataclass(frozen=True)
class Wave:
    """Repaired content for libsndfile, and header fields that it does not report."""

    pieces: tuple[Piece, ...] = ()
    """The repaired file: bytes, and (begin, end) ranges of the file; empty if it is intact."""
    ambisonic: bool = False
    """Whether the header declares the channels as B-format."""


def read_wave(name: str, file: BinaryIO) -> Wave:
    """Read the header of a RIFF WAV file; ``AudioFileError`` if the file ends before its samples.

    Repairs two defects that libsndfile does not handle: a data length of zero in a file written to
    a pipe, and a chunk of odd length before the samples without its pad byte.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return Wave()
    kind = block = 0
    ambisonic, unpadded = False, list[int]()
    for _ in range(MAX_CHUNKS):
        if len(head := file.read(8)) < 8:
            break
        chunk, length = struct.unpack("<4sI", head)
        here = file.tell()
        if chunk == b"fmt " and len(form := file.read(min(length, 40))) >= 14:
            kind, block = struct.unpack_from("<H10xH", form)
            ambisonic = kind == 0xFFFE and form[28:40] == AMBISONIC
        if chunk == b"data":
            _check_length(name, length, size - here, kind, block)
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
    """A read-only file made of pieces in sequence: bytes, and (begin, end) ranges of a file."""

    def __init__(self, file: BinaryIO, pieces: tuple[Piece, ...]) -> None:
        self._file, self._pieces, self._at = file, pieces, 0
        self._size = sum(map(_length, pieces))

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the position; return it, counted from the beginning."""
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes, of one piece, into a buffer; return their number."""
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
    """Return the pieces of the repaired file; empty if it needs no repair."""
    if not unpadded and not endless:
        return ()
    pieces, begin = list[Piece](), 0
    for place in unpadded:
        pieces += [(begin, place), b"\0"]
        begin = place
    if endless:  # a length of all ones: the samples go on to the end of the file
        pieces += [(begin, start - 4), b"\xff" * 4]
        begin = start
    return (*pieces, (begin, size))


def _is_unpadded(file: BinaryIO, end: int) -> bool:
    """Return whether a chunk of odd length that ends at ``end`` lacks its pad byte."""
    file.seek(end)
    found = file.read(5)
    return found[:4] in CHUNKS and found[1:] not in CHUNKS


def _chunks_follow(file: BinaryIO, size: int, start: int) -> bool:
    """Return whether the rest of a file is chunks or empty, and so holds no samples."""
    file.seek(start)
    for _ in range(MAX_CHUNKS):
        if (here := file.tell()) >= size:
            break
        head = file.read(8)
        if len(head) < 8 or not all(32 <= letter < 127 for letter in head[:4]):
            return False
        file.seek(here + 8 + int.from_bytes(head[4:], "little"))
    return file.tell() <= size + 1


def _check_length(name: str, claimed: int, found: int, kind: int, block: int) -> None:
    if _is_unknown(claimed) or claimed - found < max(1, block):  # an incomplete frame is ignored
        return
    size, unit = (block, "frames") if kind in PLAIN and block else (1, "bytes")
    raise AudioFileError(
        f"{name}: is cut off: its header says {claimed // size} {unit}, {found // size} are there; "
        "make or fetch the file again"
    )


def _is_unknown(length: int) -> bool:
    """Return whether a length means "unknown", as writers to a pipe set it.

    Zero, all ones (some subtract a header), or the 2 GiB of sox and arecord, rounded.
    """
    return length == 0 or length >= 0xFFFFF000 or 0x7FFFE000 <= length <= 0x80000000
