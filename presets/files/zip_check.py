"""Check a zip archive before anything in it is unpacked: names, kinds, sizes, overlaps.

Nothing here trusts the archive.  The number of members and the size of their directory are read
before ``zipfile`` reads the directory, so that memory is bounded.  Control threads.
"""

import re
import stat
import struct
import unicodedata
import zipfile
from typing import BinaryIO

from ...graph import PresetError
from ...graph.text import counted
from ..values import format_value

__all__ = [
    "MAX_BUNDLE_BYTES",
    "MAX_MEMBERS",
    "MAX_RATIO",
    "RATIO_FROM_BYTES",
    "check_directory",
    "check_members",
    "is_safe_name",
    "name_key",
]

MAX_MEMBERS = 1000
MAX_BUNDLE_BYTES = 1 << 30
"""Bytes of all members together, unpacked."""
MAX_RATIO = 100
"""Unpacked bytes for each packed one; text of models has 2 to 5."""
RATIO_FROM_BYTES = 1 << 20
"""Members below this size may have any ratio."""
MAX_DIRECTORY_BYTES = 1 << 20
MAX_NAME_BYTES = 200
MAX_DEPTH = 8

END = struct.Struct("<4s4H2LH")
"""End of central directory record: signature, two disk numbers, two counts, size, offset, comment
length (APPNOTE.TXT of PKWARE, 4.3.16)."""
LOCAL_HEADER_BYTES = 30
ENCRYPTED = 0x1
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that are devices on Windows."""


def check_directory(file: BinaryIO) -> int:
    """Return the count of members that the directory at an archive's end says it has.

    Raises ``PresetError`` for an archive without a directory, or with one of immoderate size.
    """
    size = file.seek(0, 2)
    if size < END.size:
        raise PresetError("is no whole zip archive: it was cut off: copy it again")
    file.seek(size - END.size)
    signature, disk, first, here, count, length, offset, comment = END.unpack(file.read(END.size))
    if signature != b"PK\5\6" or comment:
        raise PresetError(
            "is no whole zip archive (it does not end with a directory): it was cut off or "
            "changed: copy it again"
        )
    if disk or first or here != count:
        raise PresetError("is one of several parts of a zip archive: a bundle is one file")
    if count > MAX_MEMBERS or length > MAX_DIRECTORY_BYTES:
        raise PresetError(
            f"has {count} members in a directory of {length} bytes: at most {MAX_MEMBERS} in "
            f"{MAX_DIRECTORY_BYTES}"
        )
    if offset + length + END.size > size:
        raise PresetError("is a damaged zip archive (its directory lies outside): copy it again")
    file.seek(max(0, size - END.size - 20))
    if file.read(4) == b"PK\6\7":
        raise PresetError("is a zip archive of the large format (zip64): a bundle is none")
    file.seek(0)
    return int(count)


def check_members(archive: zipfile.ZipFile, packed_size: int, count: int) -> list[zipfile.ZipInfo]:
    """Return the files of an archive; ``PresetError`` for one that a bundle cannot have.

    ``count`` is that of ``check_directory``.  What a bundle cannot have are paths that leave the
    folder, links, devices, encrypted members, two of one name, and more or larger members than
    fit the limits.
    """
    every = archive.infolist()
    if len(every) != count:
        raise PresetError(
            f"is a damaged zip archive: its directory says {counted(count, 'member')} and has "
            f"{len(every)}"
        )
    files = [info for info in every if _is_file(info)]
    _check_names([info.orig_filename for info in files])
    total = sum(info.file_size for info in files)
    if total > MAX_BUNDLE_BYTES:
        raise PresetError(f"has {total} bytes unpacked: at most {MAX_BUNDLE_BYTES}")
    end = 0
    for info in sorted(files, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise PresetError(f"{_named(info)} overlaps another member: copy or pack it again")
        end = info.header_offset + LOCAL_HEADER_BYTES + info.compress_size
        if end > packed_size:
            raise PresetError(f"{_named(info)} lies outside of the archive: copy it again")
        if info.file_size > max(RATIO_FROM_BYTES, MAX_RATIO * info.compress_size):
            raise PresetError(
                f"{_named(info)} has {info.file_size} bytes unpacked and {info.compress_size} "
                f"packed: at most {MAX_RATIO} times as many"
            )
    return files


def name_key(name: str) -> str:
    """Return what two names have in common that are one file on some system."""
    return unicodedata.normalize("NFC", name).casefold()


def is_safe_name(name: str) -> bool:
    """Whether a member's name is a relative path that stays inside, on every system."""
    parts = name.split("/")
    return len(parts) <= MAX_DEPTH and all(_is_safe_part(part) for part in parts)


def _is_safe_part(part: str) -> bool:
    if not part or part != part.strip(" ") or part.endswith("."):  # ".." and "." too
        return False
    if any(c in '\\:*?"<>|' or unicodedata.category(c) in ("Cc", "Cs") for c in part):
        return False
    return len(part.encode()) <= MAX_NAME_BYTES and not RESERVED.fullmatch(part)


def _is_file(info: zipfile.ZipInfo) -> bool:
    """Whether a member is a file, not a folder; ``PresetError`` if it is neither, or encrypted."""
    name, kind = info.orig_filename, stat.S_IFMT(info.external_attr >> 16)
    is_folder = name.endswith("/")
    if not is_safe_name(name[:-1] if is_folder else name):
        raise PresetError(
            f"{_named(info)}: must be a relative path inside the bundle, with / between at most "
            f"{MAX_DEPTH} names of at most {MAX_NAME_BYTES} bytes that every system can have"
        )
    if kind not in (0, stat.S_IFDIR if is_folder else stat.S_IFREG):
        what = "a link" if kind == stat.S_IFLNK else "no plain file"
        raise PresetError(f"{_named(info)} is {what}: a bundle has plain files")
    if info.flag_bits & ENCRYPTED:
        raise PresetError(f"{_named(info)} is encrypted: unpack it with another program")
    if info.compress_type not in METHODS:
        raise PresetError(
            f"{_named(info)} is compressed by method {info.compress_type}: must be 0 (stored) or "
            "8 (deflated)"
        )
    return not is_folder


def _check_names(names: list[str]) -> None:
    """Raise ``PresetError`` if two names are one file on some system, or one is also a folder."""
    files = dict[str, str]()
    for name in names:
        key = name_key(name)
        if key in files:
            raise PresetError(f"has two members of one name: {_quoted(files[key])}, "
                              f"{_quoted(name)}")  # fmt: skip
        files[key] = name
    for key, name in files.items():
        parts = key.split("/")
        for depth in range(1, len(parts)):
            if (above := "/".join(parts[:depth])) in files:
                raise PresetError(
                    f"has a file {_quoted(files[above])} and {_quoted(name)} inside it"
                )


def _named(info: zipfile.ZipInfo) -> str:
    return f"member {_quoted(info.orig_filename)}"


def _quoted(name: str) -> str:
    return format_value(name)
