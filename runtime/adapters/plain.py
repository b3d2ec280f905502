"""Files that may be read: plain ones, that hold something."""

import os
import stat

from ...graph import FileError

__all__ = ["check_plain", "kind_of"]

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def kind_of(mode: int) -> str:
    """Return what a file is if it is no plain one, by the ``st_mode`` of its ``stat``."""
    return KINDS.get(stat.S_IFMT(mode), "something else")


def check_plain(
    path: str | os.PathLike[str], error: type[FileError], name: str | None = None
) -> os.stat_result:
    """Return the ``stat`` of a file that can be read to its end; an ``error`` names any other.

    ``name`` is what the error calls it: the path, if it is not given.

    Reading a pipe, a device, or a file of ``/proc`` that has no size (such as ``/proc/kmsg``) may
    wait for ever, so these are never opened.
    """
    name = os.fsdecode(path) if name is None else name
    try:
        found = os.stat(path)
    except (OSError, ValueError) as reason:  # ValueError: a zero byte in the name
        text = getattr(reason, "strerror", None) or reason
        raise error(f"{name}: cannot be read: {text}") from None
    if not stat.S_ISREG(found.st_mode):
        kind = kind_of(found.st_mode)
        raise error(f"{name}: cannot be read: it is {kind}, not a plain file")
    if not found.st_size:
        raise error(f"{name}: is empty: it has 0 bytes")
    return found
