"""The bytes of a model that is in memory: from bytes, JSON text, a ``dict`` or a file object."""

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ....graph.errors import ConfigTooLargeError, NamFileError, NamJsonError, NamReadError
from ....graph.paths import describe_value, format_path
from ....graph.text import one_line

__all__ = ["MAX_BYTES", "Readable", "check_size", "content_of"]

MAX_BYTES = 64 << 20
PART = 1 << 20
"""Bytes or characters asked of a file object at once."""
JSON_OBJECT = re.compile(r"[\ufeff\s]*\{")
"""The beginning of text that is JSON and not a path."""


class Readable(Protocol):
    """A file object, binary or text."""

    def read(self, size: int, /) -> bytes | str:
        """Return at most ``size`` bytes or characters, none at the end."""
        ...


def content_of(source: Any) -> tuple[bytes, str] | None:
    """Return the bytes of a model in memory, and its name in messages; ``None`` for a path.

    Raises ``NamFileError`` if there are more than ``MAX_BYTES`` or they cannot be had.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        check_size(source.nbytes if isinstance(source, memoryview) else len(source), "<bytes>")
        return bytes(source), "<bytes>"
    if isinstance(source, str) and JSON_OBJECT.match(source):
        return _encoded(source, "<text>"), "<text>"
    if isinstance(source, Mapping):
        return _dumped(source), "<dict>"
    read = getattr(source, "read", None)
    if callable(read) and not isinstance(source, type | os.PathLike):
        given = getattr(source, "name", None)
        named = isinstance(given, str | os.PathLike) and isinstance(os.fspath(given), str)
        name = one_line(format_path(os.fspath(given))) if named and given else "<file>"
        return _read(read, name), name
    return None


def check_size(size: int, name: str) -> None:
    """Raise ``ConfigTooLargeError`` for more bytes than are read."""
    if size > MAX_BYTES:
        message = f"{name}: has {size} bytes: at most {MAX_BYTES}"
        raise ConfigTooLargeError(message, what="bytes", found=size, limit=MAX_BYTES)


def _encoded(text: str, name: str) -> bytes:
    check_size(len(text), name)
    try:
        content = text.encode()
    except UnicodeEncodeError as error:  # half a character
        raise NamJsonError(f"{name}: is not text (character {error.start})") from None
    check_size(len(content), name)
    return content


def _dumped(values: Mapping[Any, Any]) -> bytes:
    """Return a ``dict`` as JSON; arrays in it become lists."""
    try:
        check_size(_least_size(values), "<dict>")
        text = json.dumps(values, default=_plain)
    except NamFileError:
        raise
    except RecursionError:
        raise NamJsonError("<dict>: is nested too deeply") from None
    except Exception as error:  # objects of any type may be in it, and have methods of their own
        raise NamJsonError(f"<dict>: is not JSON: {one_line(str(error))}") from None
    return _encoded(text, "<dict>")


def _plain(value: Any) -> Any:
    """Return an object that JSON does not have as one that it has: arrays of NumPy and PyTorch."""
    if isinstance(value, Mapping):
        return dict(value)
    if callable(listed := getattr(value, "tolist", None)) and not isinstance(value, type):
        return listed()
    raise TypeError(f"no JSON for what is in it, {describe_value(value)}")


def _least_size(values: Any) -> int:
    """Return the characters that the JSON of ``values`` has at least, counted up to the limit."""
    waiting, size = [values], 0
    while waiting and size <= MAX_BYTES:
        value = waiting.pop()
        if isinstance(value, Mapping | list | tuple):
            size += 2 * len(value)  # a digit and a comma each
            inner = value.values() if isinstance(value, Mapping) else value
            waiting += [v for v in inner if not isinstance(v, int | float)]
        elif isinstance(value, str):
            size += len(value)
        else:
            count = getattr(value, "size", 0)
            size += 2 * int(count) if isinstance(count, int) else 0
    return size


def _read(read: Callable[[int], Any], name: str) -> bytes:
    """Return what is left of a file object."""
    parts, size = list[Any](), 0
    while size <= MAX_BYTES:
        try:
            part = read(PART)
        except Exception as error:  # of any file object: of archives, networks, closed files
            raise NamReadError(f"{name}: cannot be read: {one_line(str(error))}") from None
        if not isinstance(part, bytes | str) or (parts and type(part) is not type(parts[0])):
            found = describe_value(part)
            raise NamReadError(f"{name}: read(size) gave {found}: must give bytes, or text")
        if not part:
            break
        parts.append(part)
        size += len(part)
    if size > MAX_BYTES:
        message = f"{name}: has more than {MAX_BYTES} bytes, the most that are read"
        raise ConfigTooLargeError(message, what="bytes", found=size, limit=MAX_BYTES)
    whole = (b"" if not parts or isinstance(parts[0], bytes) else "").join(parts)
    return whole if isinstance(whole, bytes) else _encoded(whole, name)
