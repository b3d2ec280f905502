"""Read a JSON file of limited size: a preset, a job, a manifest."""

from pathlib import Path
from typing import Any

from ..graph import FileError, PresetError
from ..graph.json_text import format_json
from ..runtime.io.file_kind import HEAD, PRESET, complaint, kind_of
from ..runtime.io.regular_file import check_plain

__all__ = ["no_repeated_keys", "read_json_file"]


def read_json_file(
    file: Path,
    name: str,
    max_bytes: int,
    error: type[FileError] = PresetError,
    *,
    wanted: str = PRESET,
) -> bytes:
    """Return the content of a regular file of at most ``max_bytes`` bytes.

    Raises ``error`` if there is no such file, or if its content is not the kind ``wanted``.
    ``name`` is the file's name in messages.
    """
    found = check_plain(file, error, name, wanted)
    try:
        with file.open("rb") as opened:
            head = opened.read(HEAD)
            if wrong := complaint(kind_of(head), wanted):
                raise error(f"{name}: {wrong}")
            if found.st_size > max_bytes:
                raise error(f"{name}: has {found.st_size} bytes: at most {max_bytes}")
            return head + opened.read(max_bytes)
    except OSError as reason:
        raise error(f"{name}: cannot be read: {reason.strerror or reason}") from None


def no_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object's dictionary, or raise for a repeated key (``object_pairs_hook``)."""
    found = dict[str, Any]()
    for key, value in pairs:
        if key in found:
            raise PresetError(f"the key {format_json(key)} is there twice in one object")
        found[key] = value
    return found
