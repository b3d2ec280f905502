"""Checks of path arguments, for every function that reads a file; ``Content`` in memory.

A field of a node declared with ``file(content=Model)`` takes a path or a ``Model``, which is a
``Content``: what a file holds, in memory.  Touches no disk.  Any thread.
"""

import os
import stat
from collections.abc import Mapping
from typing import Any, ClassVar

from .arguments import is_iterable
from .errors import NamgraphError, ParamError
from .json_text import format_json

__all__ = [
    "Content",
    "check_content_class",
    "checked_file",
    "checked_files",
    "checked_path",
    "describe_value",
    "file_label",
    "format_path",
    "identity",
    "special_file_kind",
]

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
    return f"{'an' if kind[:1] in 'AEIOUaeiou' else 'a'} {kind}"


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


class Content:
    """Base class of what a node takes in place of the path of a file.  Immutable.

    Two are equal if they are of one class and have the same digest.  They are copied by reference.
    """

    digest: str
    """SHA-256 of all that the sound depends on, in hexadecimal."""
    described: ClassVar[str] = "what is in a file"
    """What it is, with how to get it, for a message: "a Model, as load_nam returns"."""
    played_by: ClassVar[tuple[str, str] | None] = None
    """Name and type of the node that plays it alone in a graph, ``("amp", "nam")``, if one does."""

    @property
    def label(self) -> str:
        """Name in messages, which for a file is its path."""
        return f"<{type(self).__name__}>"

    def saving_hint(self) -> str:
        """Return how to make a file of it, for the message of a preset that needs one."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        """Compare class and digest."""
        if not isinstance(other, Content):
            return NotImplemented
        return type(self) is type(other) and self.digest == other.digest

    def __hash__(self) -> int:
        """Return a hash of class and digest."""
        return hash((type(self), self.digest))

    def __copy__(self) -> "Content":
        """Return the object itself, which is immutable."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Content":
        """Return the object itself, which is immutable."""
        return self


def check_content_class(content: Any) -> type[Content] | None:
    """Return ``content`` if it is ``None`` or a class of ``Content``; else ``ParamError``."""
    if content is None or (isinstance(content, type) and issubclass(content, Content)):
        return content
    found = describe_value(content)
    raise ParamError(f"content is {found}: must be a class derived from Content, or None")


def checked_file(
    value: Any,
    argument: str,
    error: type[NamgraphError],
    content: type[Content] | None = None,
) -> Any:
    """Return a path as text, or ``value`` itself if it is a ``content``; else raise an ``error``.

    The error names the ``argument`` and its value.  Whether a file exists is not checked.
    """
    if content is not None and isinstance(value, content):
        return value
    allowed = ALLOWED if content is None else f"{ALLOWED} or {content.described}"
    return checked_path(value, argument, error, allowed)


def checked_files(
    values: Any,
    argument: str,
    error: type[NamgraphError],
    content: type[Content] | None = None,
) -> tuple[Any, ...]:
    """Return several of what ``checked_file`` returns; ``values`` is an iterable, not one."""
    if isinstance(values, os.PathLike | Mapping | Content) or not is_iterable(values):
        raise error(f"{argument} is {describe_value(values)}: must be a list of files")
    return tuple(checked_file(v, f"{argument}[{n}]", error, content) for n, v in enumerate(values))


def file_label(value: Any) -> str:
    """Return a path as text, or the label of content, for a message."""
    return value.label if isinstance(value, Content) else os.fspath(value)


def identity(value: Any) -> Any:
    """Return a field's value with content replaced by its class and digest.

    The ``repr`` of the result is the same in every process.
    """
    if isinstance(value, Content):
        return type(value).__name__, value.digest
    return tuple(map(identity, value)) if isinstance(value, tuple) else value
