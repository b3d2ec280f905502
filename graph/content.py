"""What a file holds, in memory: a node takes it in place of the path of a file.

``Content`` is the base class of such values (a model, an impulse response).  A field declared with
``file(content=Model)`` takes a path or a ``Model``.  Touches no disk.  Any thread.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from .errors import NamgraphError, ParamError
from .paths import ALLOWED, checked_path, describe_value

__all__ = [
    "Content",
    "check_content_class",
    "checked_file",
    "checked_files",
    "file_label",
    "identity",
]


class Content:
    """Base class of what a node takes in place of the path of a file.  Immutable.

    Two are equal if they are of one class and have the same digest.  They are copied by reference.
    """

    digest: str
    """SHA-256 of all that the sound depends on, in hexadecimal."""
    described: ClassVar[str] = "what is in a file"
    """What it is, with how to get it, for a message: "a Model, as load_nam returns"."""

    @property
    def label(self) -> str:
        """What stands in messages in place of a path."""
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
    one = isinstance(values, str | bytes | os.PathLike | Mapping | Content)
    if one or not isinstance(values, Iterable):
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
