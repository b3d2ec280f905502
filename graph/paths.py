"""What callers give where the path of a file is meant: checked in one place, for every reader."""

import os
import stat
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import NamgraphError
from .json_text import shown

__all__ = ["checked_path", "checked_paths", "described", "irregular", "shown_path"]

LONGEST = 4096
"""Characters of a path."""
LONGEST_NAME = {False: 255, True: LONGEST}
"""Bytes of a file's or a folder's name, on every usual file system; Windows counts otherwise."""
LONGEST_SHOWN = 120
"""Characters of a path that an error repeats."""
ALLOWED = "the path of a file (str or os.PathLike)"


def checked_path(value: Any, argument: str, error: type[NamgraphError]) -> str:
    """Return a path as text, or raise one ``error`` that names the ``argument`` and what it held.

    Paths are ``str`` or ``os.PathLike`` of ``str``.  Bytes are refused: they are far more often
    the content of a file than its name.  Nothing is looked up on disk.
    """
    path = value
    if isinstance(value, os.PathLike):
        path = os.fspath(value)
    if not isinstance(path, str):
        raise error(f"{argument} is {described(value)}: must be {ALLOWED}")
    if not path:
        raise error(f"{argument} is an empty text: must be {ALLOWED}")
    ends = path.strip()[:1] + path.strip()[-1:]
    if ends in ("{}", "[]") and '"' in path:
        raise error(f"{argument} is JSON text ({len(path)} characters): must be {ALLOWED}")
    if "\0" in path:
        raise error(f"{argument} is {shown_path(path)!r}, with a zero byte: must be {ALLOWED}")
    try:
        names = os.fsencode(path).split(os.fsencode(os.sep)) if os.name != "nt" else [path]
    except UnicodeEncodeError:  # half a character
        raise error(f"{argument} is {shown_path(path)!r}: no file can be called so") from None
    if len(path) > LONGEST or max(map(len, names)) > LONGEST_NAME[os.name == "nt"]:
        raise error(f"{argument} is {shown_path(path)!r} ({len(path)} characters): is too long")
    return str(path)


def checked_paths(values: Any, argument: str, error: type[NamgraphError]) -> tuple[str, ...]:
    """Return several paths as text; ``values`` must be iterable and not a path itself."""
    one = isinstance(values, str | bytes | os.PathLike | Mapping)
    if one or not isinstance(values, Iterable):
        raise error(f"{argument} is {described(values)}: must be a list of files")
    return tuple(checked_path(v, f"{argument}[{n}]", error) for n, v in enumerate(values))


def described(value: Any) -> str:
    """Return in a few words what a value is, whatever it is: an array's shape, not its numbers."""
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"an array of shape {shape}"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{kind} ({len(value)} of them)"
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return f"a {kind} of {len(value)}"
    if value is None or isinstance(value, str | int | float | complex):
        return shown(value)
    return f"a {kind}"


def irregular(mode: int) -> str:
    """Return what a path leads to that is no regular file, from ``st_mode``; nothing if it is."""
    if stat.S_ISREG(mode):
        return ""
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def shown_path(path: str) -> str:
    """Return a path for a message: whole, or its beginning and its end where it is very long."""
    if len(path) <= LONGEST_SHOWN:
        return path
    half = LONGEST_SHOWN // 2 - 2
    return f"{path[:half]}...{path[-half:]}"
