"""Read a JSON file that a person has written: a preset, a job, a manifest."""

from pathlib import Path
from typing import Any

from ..graph import FileError, PresetError
from ..graph.json_text import shown
from ..runtime.io.file_kind import HEAD, PRESET, complaint, kind_of
from ..runtime.io.regular_file import check_plain

__all__ = ["no_repeats", "read_json_file"]


def read_json_file(
    file: Path,
    name: str,
    most: int,
    error: type[FileError] = PresetError,
    *,
    wanted: str = PRESET,
) -> bytes:
    """Return what a file holds that a person has written, at most ``most`` bytes.

    If there is none, or another kind of file than is ``wanted``, that is one ``error``.
    """
    found = check_plain(file, error, name, wanted)
    try:
        with file.open("rb") as opened:
            head = opened.read(HEAD)
            if wrong := complaint(kind_of(head), wanted):
                raise error(f"{name}: {wrong}")
            if found.st_size > most:
                raise error(f"{name}: has {found.st_size} bytes: at most {most}")
            return head + opened.read(most)
    except OSError as reason:
        raise error(f"{name}: cannot be read: {reason.strerror or reason}") from None


def no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that has a key twice: a hook for JSON."""
    found = dict[str, Any]()
    for key, value in pairs:
        if key in found:
            raise PresetError(f"the key {shown(key)} is there twice in one object")
        found[key] = value
    return found
