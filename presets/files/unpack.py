"""Unpack a bundle into a folder, whole or not at all, and over no file."""

import os
import shutil
import tempfile
from pathlib import Path

from ...graph import PresetError
from ...graph.json_text import parse_json
from ...graph.paths import checked_path
from ...runtime.io.atomic_write import writing
from ...runtime.io.file_kind import PRESET
from ...runtime.io.regular_file import check_plain
from ..json_file import no_repeated_keys, read_json_file
from ..preset import MAX_BYTES
from .bundle import extract
from .references import Path_
from .search import FileSearch

__all__ = ["unpack_bundle"]


def unpack_bundle(bundle: Path_, folder: Path_) -> list[str]:
    """Unpack a bundle into a folder that is new or empty; return the paths, the preset's first.

    The files are checked first: names, sizes, and the SHA-256 of each in the preset.  If anything
    is wrong, ``PresetError``, and nothing is left.
    """
    name = checked_path(bundle, "bundle", PresetError)
    check_plain(name, PresetError, wanted=PRESET)
    shown = checked_path(folder, "folder", PresetError)
    target = Path(os.path.abspath(shown))
    if os.path.lexists(target) and not target.is_dir():
        raise PresetError(f"{shown}: is a file: unpack into a folder, new or empty")
    with writing(shown, PresetError):
        is_there = target.is_dir()
        if is_there and any(target.iterdir()):
            raise PresetError(f"{shown}: is not empty: unpack into a new folder")
        above = target if is_there else target.parent
        above.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".namgraph-", suffix=".part", dir=above))
    try:
        try:
            preset = extract(name, part)
            _check(part / preset)
        except PresetError as error:
            text = str(error)
            raise PresetError(text if text.startswith(name) else f"{name}: {text}") from None
        with writing(shown, PresetError):
            if is_there:
                _move_up(part)
            else:
                part.chmod(0o777 & ~_umask())
                part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    files = sorted(str(p) for p in target.rglob("*") if p.is_file() and p != target / preset)
    return [str(target / preset), *files]


def _check(preset: Path) -> None:
    """Raise ``PresetError`` unless a preset's files lie beside it, with the content written."""
    content = read_json_file(preset, preset.name, MAX_BYTES)
    data = parse_json(content, PresetError, object_pairs_hook=no_repeated_keys)
    if not isinstance(data, dict) or "namgraph" not in data:
        raise PresetError(f'{preset.name}: the key "namgraph" is missing: is this a preset?')
    FileSearch(preset.parent, in_bundle=True).resolve(data.get("nodes"))


def _move_up(part: Path) -> None:
    """Move what is in a folder into the folder it is in, which is otherwise empty, or nothing."""
    moved = list[Path]()
    try:
        for each in sorted(part.iterdir()):
            moved.append(part.parent / each.name)
            each.rename(moved[-1])
        part.rmdir()
    except BaseException:
        for each in moved:
            shutil.rmtree(each) if each.is_dir() else each.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return the process's mask of permissions, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
