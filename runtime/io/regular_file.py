"""Check that a path is a plain, non-empty file before it is opened."""

import os

from ...graph import FileError
from ...graph.paths import special_file_kind

__all__ = ["check_plain", "file_stamp"]


def check_plain(
    path: str | os.PathLike[str],
    error: type[FileError],
    name: str | None = None,
    wanted: str = "a plain file",
) -> os.stat_result:
    """Return the ``stat`` of a plain, non-empty file; raise ``error`` for anything else.

    ``name`` is the file's name in the message (default: the path), ``wanted`` the kind expected.

    Reading a pipe, a device, or a file of ``/proc`` without a size (such as ``/proc/kmsg``) may
    block for ever: these are refused before they are opened.
    """
    name = os.fsdecode(path) if name is None else name
    try:
        found = os.stat(path)
    except (OSError, ValueError) as reason:  # ValueError: a zero byte in the name
        text = getattr(reason, "strerror", None) or reason
        raise error(f"{name}: cannot be read: {text}") from None
    if kind := special_file_kind(found.st_mode):
        raise error(f"{name}: cannot be read: it is {kind}, not {wanted}")
    if not found.st_size:
        raise error(f"{name}: is an empty file, not {wanted}")
    return found


def file_stamp(status: os.stat_result) -> tuple[int, int, int]:
    """Return modification time in ns, size and inode: they differ once a file was replaced."""
    return status.st_mtime_ns, status.st_size, status.st_ino
