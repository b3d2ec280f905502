"""Where results may be written: at no file that the work reads, and not twice at one place."""

import os
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from ...graph import FileError
from .atomic_write import check_place

__all__ = ["check_outputs"]

Path_ = str | os.PathLike[str]
Identity = tuple[int, int]


def check_outputs(
    outputs: Iterable[Path_], reads: Mapping[str, str], error: type[FileError] = FileError
) -> None:
    """Refuse, before any work, outputs that would destroy something; an ``error`` names them.

    ``reads`` are the files and folders that the work reads, each with a word for it: ``{"in.wav":
    "the input"}``.  An output may be none of these files and may lie in none of these folders
    (a plugin may be one), whichever way either is spelled: through links, hard links, ``..`` or
    another case.  Two outputs may not be one file, and an output that exists must be a plain file
    that may be written.  Reads that do not exist are left for the reader to complain of.
    """
    files, folders = dict[Identity, str](), dict[Identity, str]()
    for path in reads:
        found = _stat(path)
        if found is not None:
            kind = folders if stat.S_ISDIR(found.st_mode) else files
            kind.setdefault((found.st_dev, found.st_ino), path)
    identity, taken = cache(_identity), dict[tuple[object, str], str]()
    for output in outputs:
        name = os.fsdecode(output)
        try:
            real = os.path.realpath(name)
        except (OSError, ValueError):  # a zero byte, a loop of links: said when it is opened
            continue
        parent, last = os.path.split(real)
        key = identity(parent) or parent, _folded(last)
        if key in taken:
            raise error(f"{name}: is another output too ({taken[key]}): give one another name")
        taken[key] = name
        read = files.get(_identity(real) or (0, 0))
        if read is not None:
            said = _said(reads[read], read, name)
            raise error(f"{name}: is {said}, which would be replaced: give the output another name")
        for above in _above(parent) if folders else ():
            read = folders.get(identity(above) or (0, 0))
            if read is not None:
                said = _said(reads[read], read, name)
                raise error(f"{name}: lies in {said}: give the output another name")
        check_place(real, name, error)


def _said(what: str, read: str, name: str) -> str:
    return what if read == name else f"{what} ({read})"


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None


def _identity(path: str) -> Identity | None:
    """Return what a file is known by, whatever its name; ``None`` if there is none."""
    found = _stat(path)
    return None if found is None else (found.st_dev, found.st_ino)


def _folded(name: str) -> str:
    """Return a name as file systems compare it that know no case, or no accents' spelling."""
    return unicodedata.normalize("NFC", name).casefold()


def _above(folder: str) -> list[str]:
    """Return a folder and all that it lies in."""
    found = [folder]
    while (parent := os.path.dirname(found[-1])) != found[-1]:
        found.append(parent)
    return found
