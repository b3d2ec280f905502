"""A file as it is written in a preset: ``asset:NAME``, a path with size and SHA-256, a bare path.

``README.md`` of presets describes the forms.  Control threads.
"""

import hashlib
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...graph import Content, Graph, NamgraphError, Node, PresetError
from ...graph.catalog.table import node_type
from ..bundled import asset_name
from ..values import holds_node, no_such_key, wrong

__all__ = [
    "ASSET",
    "MAX_FILE_BYTES",
    "FileField",
    "Reference",
    "file_fields",
    "files_of",
    "paths_of",
    "plugin_files",
    "read_reference",
    "reference_json",
    "sha256_of",
    "stored_files",
    "stored_path",
]

ASSET = "asset:"
"""What a text that names a bundled sound or model begins with."""
MAX_FILE_BYTES = 1 << 30
"""Bytes of the largest file whose content is compared."""
MAX_PARENTS = 2
"""Most ``..`` of a relative path; a file further away is stored by its absolute path."""
KEYS = ["path", "size", "sha256"]
DIGEST = re.compile(r"[0-9a-f]{64}")

Path_ = str | os.PathLike[str]


@dataclass(frozen=True)
class Reference:
    """A file that a preset names; size and digest are known unless it was written by hand."""

    path: str
    """As written; of an asset its name."""
    size: int = -1
    sha256: str = ""
    is_asset: bool = False

    @property
    def name(self) -> str:
        """The last part of the path, in the notation of any system."""
        return re.split(r"[\\/]", self.path)[-1]

    @property
    def written(self) -> str:
        """The text or path in the preset."""
        return f"{ASSET}{self.path}" if self.is_asset else self.path


def read_reference(place: str, value: Any) -> Reference:
    """Return the reference that a JSON value is; ``PresetError`` if it is none."""
    if isinstance(value, str):
        if value.startswith(ASSET):
            return Reference(value.removeprefix(ASSET), is_asset=True)
        return Reference(_path(place, value))
    if not isinstance(value, dict):
        wrong(place, value, "the path of a file")
    for key in value:
        if key not in KEYS:
            no_such_key(place, key, KEYS)
    for key in KEYS:
        if key not in value:
            raise PresetError(f"{place}.{key} is missing: a file has {', '.join(KEYS)}")
    path, size, digest = _path(f"{place}.path", value["path"]), value["size"], value["sha256"]
    if type(size) is not int or not 1 <= size <= MAX_FILE_BYTES:
        wrong(f"{place}.size", size, f"a whole number from 1 to {MAX_FILE_BYTES}")
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest.lower()):
        wrong(f"{place}.sha256", digest, "64 hexadecimal digits")
    return Reference(path, size, digest.lower())


def _path(place: str, value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        wrong(place, value, "the path of a file")
    return value


def reference_json(path: Path_, folder: Path_) -> Any:
    """Return a file as a JSON value for a preset in ``folder``.

    A bundled sound or model is ``asset:NAME``, any other file an object of its path, size and
    SHA-256; one that cannot be read, is empty, or has more than ``MAX_FILE_BYTES`` its bare path,
    with a warning.
    """
    if name := asset_name(path):
        return f"{ASSET}{name}"
    written = stored_path(path, folder)
    try:
        size = os.stat(path).st_size
        if os.path.isfile(path) and 1 <= size <= MAX_FILE_BYTES:
            return {"path": written, "size": size, "sha256": sha256_of(path)}
        why = f"has {size} bytes"
    except (OSError, ValueError) as reason:  # it went away since the node was made
        why = str(getattr(reason, "strerror", None) or reason)
    warnings.warn(
        f"{os.fspath(path)}: {why}: the preset names it without its size and SHA-256, so that "
        "another content will not be noticed",
        RuntimeWarning,
        stacklevel=2,
    )
    return written


def sha256_of(path: Path_) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal, or raise ``OSError``."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stored_path(path: Path_, folder: Path_) -> str:
    """Return a path relative to ``folder`` if it is near, else absolute; with ``/``."""
    whole = os.path.abspath(path)
    try:
        near = Path(os.path.relpath(whole, folder))
    except ValueError:  # another drive
        return Path(whole).as_posix()
    far = near.parts[: MAX_PARENTS + 1] == ("..",) * (MAX_PARENTS + 1)
    written = Path(whole).as_posix() if far else near.as_posix()
    return f"./{written}" if written.startswith(ASSET) else written


@dataclass(frozen=True)
class FileField:
    """A place in the JSON of a preset that names a file."""

    place: str
    """As messages name it: ``nodes.amp.path``, ``nodes.bank.paths[2]``."""
    holder: Any
    key: Any

    @property
    def value(self) -> Any:
        """What is written there."""
        return self.holder[self.key]

    def write(self, value: Any) -> None:
        """Replace what is written there."""
        self.holder[self.key] = value


def file_fields(nodes: Any, place: str = "nodes") -> Iterator[FileField]:
    """Yield every place in the ``nodes`` of a preset's JSON that names a file.

    Leaves out what is no node: reading the preset names the fault.
    """
    for name, fields in nodes.items() if isinstance(nodes, dict) else ():
        if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
            continue
        try:
            cls = node_type(fields["type"])
        except NamgraphError:
            continue
        files = cls.files()
        for key, value in fields.items():
            at = f"{place}.{name}.{key}"
            if key in files and isinstance(value, list):
                yield from (FileField(f"{at}[{k}]", value, k) for k in range(len(value)))
            elif key in files and value is not None:
                yield FileField(at, fields, key)
            elif place == "nodes" and holds_node(cls, key):  # that of Oversample
                yield from file_fields({key: value}, f"{place}.{name}")


def stored_files(place: str, node: Node, key: str, folder: Path_, store: Any) -> Any:
    """Return a file field of a node as JSON: ``store(path, folder)`` of each of its paths.

    Raises ``PresetError`` for content in memory: a preset can only name a file.
    """
    value = getattr(node, key)
    for n, one in enumerate(value if isinstance(value, tuple) else (value,)):
        if isinstance(one, Content):
            at = f"{place}[{n}]" if isinstance(value, tuple) else place
            raise PresetError(
                f"{at} is {one!r}, in memory, and a preset names files: {one.saving_hint()}"
            )
    near = [store(path, folder) for path in paths_of(node, key)]
    return near if isinstance(value, tuple) else near[0]


def paths_of(node: Node, key: str) -> tuple[Path_, ...]:
    """Return the paths in a file field of a node: none, one or several; content has none."""
    value = getattr(node, key)
    every = value if isinstance(value, tuple) else () if value is None else (value,)
    return tuple(path for path in every if not isinstance(path, Content))


def files_of(graph: Graph) -> dict[str, str]:
    """Return every file that the nodes of a graph read, with a description for messages."""
    found = dict[str, str]()
    for name, node in graph.nodes.items():
        paths = [os.fspath(path) for key in node.files() for path in paths_of(node, key)]
        found |= dict.fromkeys([*paths, *plugin_files(node)], f"a file that node {name} reads")
    return found


def plugin_files(node: Node) -> list[str]:
    """Return the files that the effect and the settings of a ``PedalboardEffect`` name."""
    if node.type_name != "pedalboard_effect":
        return []
    values = [getattr(node, "effect", ""), *dict(getattr(node, "settings", ())).values()]
    return [value for value in values if isinstance(value, str) and _exists(value)]


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)
    except ValueError:  # a zero byte
        return False
