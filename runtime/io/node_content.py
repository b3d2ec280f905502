"""What identifies a node apart from its parameters: options, and the bytes of its files.

Control threads.
"""

import hashlib
import os
import pickle
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ...graph import Node
from ...graph.paths import identity

__all__ = ["node_values", "stable_bytes"]


def node_values(node: Node) -> dict[str, object]:
    """Return the fields of a node that are no parameters; paths as digests of the files."""
    if not is_dataclass(node):
        return {}
    values: dict[str, object] = {}
    for field in fields(node):
        if field.name in node.params() or not field.compare:
            continue
        value = getattr(node, field.name)
        if field.name in node.files():
            if value is None:  # a file that is left out
                continue
            paths = value if isinstance(value, tuple) else (value,)
            value = [_file_content(path) for path in paths]
        if isinstance(value, Node):  # that of Oversample
            value = [value.type_name, node_values(value)]
        values[field.name] = value
    return values


def stable_bytes(value: object) -> bytes:
    """Return bytes that are equal for equal values, in every process."""
    if isinstance(value, Mapping):
        return stable_bytes([[k, value[k]] for k in sorted(value, key=str)])
    if isinstance(value, list | tuple):
        return b"[" + b",".join(stable_bytes(v) for v in value) + b"]"
    if value is None or isinstance(value, str | bytes | bool | int | float):
        return repr(value).encode(errors="replace")
    if isinstance(value, os.PathLike):
        return repr(os.fspath(value)).encode(errors="replace")
    try:
        content = pickle.dumps(value, protocol=4)
    except Exception:  # it cannot be pickled: its type and text must do
        content = f"{type(value).__qualname__} {value!r}".encode(errors="replace")
    return hashlib.sha256(content).hexdigest().encode()


def _file_content(path: Any) -> Any:
    """Return the digest of a file's content, or what identifies content in memory."""
    if isinstance(path, str | os.PathLike):
        try:
            with open(path, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return os.fspath(path)
    return identity(path)
