"""Checks of path arguments, for every function that reads a file.  Touches no disk.  Any thread."""

import os
import stat
from collections.abc import Mapping
from typing import Any

from .errors import NamgraphError
from .json_text import format_json

__all__ = ["ALLOWED", "checked_path", "describe_value", "format_path", "special_file_kind"]

MAX_CHARACTERS = 4096
"""Characters of a whole path."""
MAX_NAME_BYTES = {False: 255, True: MAX_CHARACTERS}
"""Bytes of one file or folder name, by whether the system is Windows (which limits the path)."""
MAX_SHOWN = 120
"""Characters of a path in an error message."""
ALLOWED = "the path of a file (str or os.PathLike)"


def checked_path(
    value: Any, argument: str, error: type[NamgraphError], allowed: str = ALLOWED
) -> str:
    """Return a path as text, or raise an ``error`` that names the ``argument`` and its value.

    Paths are ``str`` or ``os.PathLike`` of ``str``.  Bytes are refused: usually they are the
    content of a file.  Whether the file exists is not checked.  ``allowed`` is for messages.
    """
    path = value
    if isinstance(value, os.PathLike):
        path = os.fspath(value)
    if not isinstance(path, str):
        raise error(f"{argument} is {describe_value(value)}: must be {allowed}")
    if not path:
        raise error(f"{argument} is an empty text: must be {allowed}")
    ends = path.strip()[:1] + path.strip()[-1:]
    if ends in ("{}", "[]") and '"' in path:
        raise error(f"{argument} is JSON text ({len(path)} characters): must be {allowed}")
    if "\0" in path:
        raise error(f"{argument} is {format_path(path)!r}, with a zero byte: must be {allowed}")
    try:
        names = os.fsencode(path).split(os.fsencode(os.sep)) if os.name != "nt" else [path]
    except UnicodeEncodeError:  # half a character
        raise error(f"{argument} is {format_path(path)!r}: no file can be called so") from None
    if len(path) > MAX_CHARACTERS or max(map(len, names)) > MAX_NAME_BYTES[os.name == "nt"]:
        raise error(f"{argument} is {format_path(path)!r} ({len(path)} characters): is too long")
    return str(path)


def describe_value(value: Any) -> str:
    """Format a value of any type for a message: short values whole, else the type and size."""
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"an array of shape {shape}"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{kind} ({len(value)} of them)"
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return f"a {kind} of {len(value)}"
    if value is None or isinstance(value, str | int | float | complex):
        return format_json(value)
    return f"a {kind}"


def special_file_kind(mode: int) -> str:
    """Return "a folder", "a pipe", ... from the ``st_mode`` of a path; "" for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def format_path(path: str) -> str:
    """Format a path for a message: whole, or its beginning and end if it is very long."""
    if len(path) <= MAX_SHOWN:
        return path
    half = MAX_SHOWN // 2 - 2
    return f"{path[:half]}...{path[-half:]}"
