"""Check output paths: no output may replace an input or another output."""

import os
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from ...graph import FileError
from .atomic_write import check_place

__all__ = ["check_outputs", "make_folder"]

Path_ = str | os.PathLike[str]
Identity = tuple[int, int]


def check_outputs(
    outputs: Iterable[Path_], reads: Mapping[str, str], error: type[FileError] = FileError
) -> None:
    """Raise ``error``, before any work, if an output would replace something; it names both.

    ``reads`` are the files and folders that will be read, each with its name in the message:
    ``{"in.wav": "the input"}``.  No output may be one of these files or lie in one of these folders
    (a plugin may be a folder), in any spelling: through links, hard links, ``..`` or another case.
    Two outputs may not be the same file, and an output that exists must be a plain, writable file.
    Reads that do not exist are ignored: opening them raises the error.
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
        except (OSError, ValueError):  # a zero byte, a loop of links: opening it raises the error
            continue
        parent, last = os.path.split(real)
        key = identity(parent) or parent, _normalised(last)
        if key in taken:
            raise error(f"{name}: is another output too ({taken[key]}): give one another name")
        taken[key] = name
        read = files.get(_identity(real) or (0, 0))
        if read is not None:
            found_as = _format_read(reads[read], read, name)
            raise error(
                f"{name}: is {found_as}, which would be replaced: give the output another name"
            )
        for folder in _parents(parent) if folders else ():
            read = folders.get(identity(folder) or (0, 0))
            if read is not None:
                found_as = _format_read(reads[read], read, name)
                raise error(f"{name}: lies in {found_as}: give the output another name")
        check_place(real, name, error)


def make_folder(path: Path_) -> None:
    """Make a folder, and those above it, unless it is there; ``FileError`` if that fails."""
    try:
        os.makedirs(path, exist_ok=True)
    except FileExistsError:
        raise FileError(
            f"{os.fspath(path)}: is there already, and is no folder: give another name"
        ) from None
    except (OSError, ValueError) as reason:
        text = getattr(reason, "strerror", None) or reason
        raise FileError(f"{os.fspath(path)}: cannot be made: {text}") from None


def _format_read(what: str, read: str, name: str) -> str:
    return what if read == name else f"{what} ({read})"


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None


def _identity(path: str) -> Identity | None:
    """Return device and inode of a file, equal for all its names; ``None`` if it does not exist."""
    found = _stat(path)
    return None if found is None else (found.st_dev, found.st_ino)


def _normalised(name: str) -> str:
    """Return a name normalised for comparison: NFC, without case."""
    return unicodedata.normalize("NFC", name).casefold()


def _parents(folder: str) -> list[str]:
    """Return a folder and all its parents."""
    found = [folder]
    while (parent := os.path.dirname(found[-1])) != found[-1]:
        found.append(parent)
    return found
