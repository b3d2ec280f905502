"""The layout of a file of figures, the same for every suite: make, write, read and check it."""

import datetime
import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ....graph import FileError
from ....graph.json_text import parse_json
from ....runtime.io.atomic_write import whole_file, writing
from ....runtime.io.outputs import check_outputs
from .columns import columns_of, read_columns

__all__ = [
    "FORMAT",
    "add_row",
    "check_target",
    "new_document",
    "read_document",
    "write_document",
]

FORMAT = 1
"""Rises when a field gets another meaning or goes."""
Document = dict[str, Any]


def new_document(suite: str, quick: bool, command: str, machine: dict[str, Any]) -> Document:
    """Return a document without rows.

    ``complete`` is false until the last row: an interrupted run leaves what it has.  ``columns``
    has for each step which fields name a row, and which is its figure (``columns.py``).
    """
    now = datetime.datetime.now(datetime.UTC)
    return {
        "format": FORMAT,
        "suite": suite,
        "quick": quick,
        "complete": False,
        "date": now.isoformat(timespec="seconds"),
        "command": command,
        "machine": machine,
        "columns": {},
        "rows": [],
    }


def _finite(value: Any) -> Any:
    """Return a value with None for numbers that JSON has not, such as -inf dB of silence."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def add_row(document: Document, step: str, row: dict[str, Any]) -> None:
    """Add a row: ``step``, the part of the suite that it belongs to, and its fields."""
    row = _finite(row)
    if step not in document["columns"]:
        document["columns"][step] = columns_of(document["suite"], step, row).as_json()
    document["rows"].append({"step": step, **row})


def write_document(document: Document, path: str | os.PathLike[str]) -> None:
    """Write a document as JSON, whole or not at all; ``FileError`` if it cannot be written."""
    text = json.dumps(document, indent=1) + "\n"
    with whole_file(path, FileError) as part, writing(os.fspath(path), FileError):
        part.write_text(text, encoding="utf-8")


def check_target(path: str | os.PathLike[str], reads: Iterable[str] = ()) -> None:
    """Raise ``FileError`` unless figures may be written to ``path``, before they are measured.

    Its name ends in ``.json``; it is no file of ``reads``, and no file with anything but figures.
    """
    name = os.fspath(path)
    if not name.lower().endswith(".json"):
        raise FileError(f"{name or repr(name)}: the name of a file of figures must end in .json")
    check_outputs([name], dict.fromkeys(reads, "a model that is measured"))
    target = Path(path)
    if not target.is_file():
        return
    with writing(name, FileError):
        content = target.read_bytes()
    try:
        found = json.loads(content or b'{"suite": ""}')
    except ValueError:
        found = None
    if not isinstance(found, dict) or "suite" not in found:
        raise FileError(
            f"{name}: is there, and holds no figures: give another name, or remove it first"
        )


def _parsed(content: bytes, name: str) -> Any:
    try:
        return parse_json(content, FileError)
    except FileError as error:
        raise FileError(f"{name}: {error}") from None


def read_document(path: str | os.PathLike[str]) -> Document:
    """Read and check a file that ``namgraph bench --suite NAME -o`` wrote; ``FileError`` if bad."""
    name = os.fspath(path)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise FileError(f"{name}: cannot be read: {error.strerror or error}") from None
    found = _parsed(content, name)
    hint = "must be a file that namgraph bench --suite NAME -o FILE.json writes"
    if not isinstance(found, dict) or "suite" not in found:
        raise FileError(f"{name}: holds no figures of a suite: {hint}")
    if found.get("format") != FORMAT:
        raise FileError(
            f"{name}: its format is {found.get('format')!r}: must be {FORMAT}: measure again"
        )
    kinds = {"suite": str, "machine": dict, "columns": dict, "rows": list}
    for field, kind in kinds.items():
        if not isinstance(found.get(field), kind):
            raise FileError(f"{name}: {field} is no {kind.__name__}: {hint}")
    for row in found["rows"]:
        step = row.get("step") if isinstance(row, dict) else None
        if not isinstance(step, str) or step not in found["columns"]:
            raise FileError(f"{name}: a row has no step of columns: {hint}")
    try:
        for columns in found["columns"].values():
            read_columns(columns)
    except FileError as error:
        raise FileError(f"{name}: {error}: {hint}") from None
    return found
