"""From the bytes of a .namb file to the values of the equal .nam file.

Facts by the README and sources of tone-3000/nam-binary-loader (version 1) and by
``docs/namb-spec.md`` of fabiohl/nam-rs (versions 1 and 2).  Numbers are little-endian; 80 bytes of
header begin both.  The first form has its own size at byte 8, where the second has zeros.
"""

import struct
import zlib
from typing import Any

from .....graph.errors import NamReadError, UnsupportedVersionError
from .blocks import read_blocks
from .layouts import read_layouts

__all__ = ["MAGIC", "namb_values"]

MAGIC = b"BMAN"
"""0x4E414D42, "NAMB", as a little-endian number."""
HEADER = struct.Struct("<4sHBBIIIIII")
"""Magic number, version, layout and flags of the second form (flags of the first), size or 0,
begin and number of the weights, size of the model block, checksum, reserved."""
HEADER_BYTES = 80
CHECKSUM = slice(24, 28)
CHECKED, QUANTIZED = 1, 0x1E
"""Flags of the second form."""


def namb_values(content: bytes) -> dict[str, Any]:
    """Return the values of the .nam file that a .namb file is; ``NamFileError`` if it is bad."""
    if len(content) < HEADER_BYTES:
        raise NamReadError(f"has {len(content)} bytes: a .namb must have {HEADER_BYTES} at least")
    _, version, layout, flags, size, begin, count, _, checksum, _ = HEADER.unpack_from(content)
    if not HEADER_BYTES <= begin <= len(content):
        raise NamReadError(
            f"its weights begin at byte {begin}: must lie in [{HEADER_BYTES}, {len(content)}]"
        )
    if size:
        _check_version(version, (1,))
        if size > len(content):
            raise NamReadError(f"has {len(content)} bytes of {size}: get the whole file again")
        content = content[:size]
        _compare(_all_but_checksum(content), checksum)
        return read_blocks(content, begin, count)
    _check_version(version, (1, 2))
    if version == 1:
        layout = flags = 0  # reserved there
        if checksum:
            _compare(zlib.crc32(content[begin:]), checksum)
    elif not flags & CHECKED:
        raise NamReadError("has no checksum, which version 2 of .namb must have")
    else:
        _compare(_all_but_checksum(content), checksum)
    return read_layouts(content, begin, layout, bool(flags & QUANTIZED))


def _all_but_checksum(content: bytes) -> int:
    return zlib.crc32(content[CHECKSUM.stop :], zlib.crc32(content[: CHECKSUM.start]))


def _compare(found: int, wanted: int) -> None:
    if found != wanted:
        raise NamReadError(
            f"its checksum is {wanted:08x}, that of its bytes {found:08x}: it is damaged, get it"
            " again"
        )


def _check_version(version: int, known: tuple[int, ...]) -> None:
    if version not in known:
        words = " or ".join(map(str, known))
        raise UnsupportedVersionError(
            f"version of its .namb form is {version}: must be {words}",
            version=str(version),
            supported=words,
        )
