"""Open and unpack bundles: zip archives of one preset and the files it names.

A bundle that is opened lives in a private temporary folder, which is removed when the process
exits.  Control threads.
"""

import atexit
import contextlib
import os
import re
import shutil
import stat
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from ...graph import PresetError
from ...runtime.io.atomic_write import writing
from ...runtime.io.file_kind import HEAD, PRESET, complaint, kind_of
from ...runtime.io.regular_file import check_plain, file_stamp
from ..values import format_value
from .references import Path_
from .zip_check import check_directory, check_members

__all__ = ["bundle_member", "check_kept", "extract", "is_bundle", "open_bundle"]

CHUNK = 1 << 20
SIGNATURE = b"PK\3\4"

_lock = threading.Lock()
_open: dict[tuple[object, ...], Path] = {}
"""The unpacked preset of every open bundle, by the bundle's path and stamp."""
_folders: list[tuple[Path, str, int]] = []
"""Temporary folders, the bundle of each and the process that made it."""


def is_bundle(path: Path_) -> bool:
    """Whether a file is a zip archive, by its first bytes; PyTorch's files are none."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except (OSError, ValueError):
        return False
    kind = kind_of(head)
    return kind is not None and kind.what == "a zip archive"


def open_bundle(path: Path_, wanted: str = PRESET) -> Path:
    """Return the path of the preset of a bundle, in a temporary folder with its files.

    The same bundle is unpacked once in a process.  Raises ``PresetError`` for a file that is no
    bundle; ``wanted`` is for that message.
    """
    name = os.fspath(path)
    with _lock:
        key = (os.path.realpath(name), file_stamp(check_plain(name, PresetError)))
        if key in _open and _open[key].is_file():
            return _open[key]
        stem = re.sub(r"[^\w.-]", "_", Path(name).stem)[:40]
        with writing("a temporary folder", PresetError):
            folder = Path(tempfile.mkdtemp(prefix=f"namgraph-{stem}-"))
        _folders.append((folder, name, os.getpid()))
        try:
            _open[key] = folder / extract(name, folder, wanted)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return _open[key]


def extract(name: str, folder: Path, wanted: str = PRESET) -> str:
    """Unpack all members of a bundle into an empty folder; return the name of its preset."""
    with _opened(name, wanted) as (archive, files):
        preset = _preset_of(files, wanted)
        for info in files:
            target = folder.joinpath(*PurePosixPath(info.filename).parts)
            with writing(os.fspath(target), PresetError):
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("xb") as file:
                    shutil.copyfileobj(source, file, CHUNK)
    return preset


@contextlib.contextmanager
def _opened(name: str, wanted: str) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """Open and check an archive; faults found in it during the body are ``PresetError``s too."""
    if not is_bundle(name):
        with open(name, "rb") as file:
            kind = complaint(kind_of(file.read(HEAD)), wanted)
        raise PresetError(kind or f"is no bundle: must be a zip archive that holds {wanted}")
    try:
        with open(name, "rb") as file:
            count = check_directory(file)
            size = os.fstat(file.fileno()).st_size
            with zipfile.ZipFile(file) as archive:
                yield archive, check_members(archive, size, count)
    except PresetError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as fault:
        raise PresetError(f"is a damaged zip archive ({fault}): copy it again") from None
    except (OSError, ValueError) as fault:
        text = getattr(fault, "strerror", None) or fault
        raise PresetError(f"cannot be read: {text}") from None


def _preset_of(files: list[zipfile.ZipInfo], wanted: str) -> str:
    """Return the name of the preset: the one member at the top that ends in .json."""
    top = [f.filename for f in files if "/" not in f.filename]
    found = [name for name in top if name.lower().endswith(".json")]
    if not found:
        raise PresetError(
            f"is a zip archive, not {wanted}: unpack it (a bundle has a preset, a .json, at its "
            "top)"
        )
    if len(found) > 1:
        named = ", ".join(map(format_value, found[:5]))
        raise PresetError(f"has {len(found)} .json files at its top ({named}): must have one")
    return found[0]


def check_kept(files: Iterable[Path_], target: str) -> None:
    """Raise ``PresetError`` if a preset would name files of an open bundle, which are temporary."""
    for path in files:
        if (packed := bundle_member(path)) is not None:
            bundle, _ = packed
            raise PresetError(
                f"{target}: {os.path.basename(path)} is in the bundle {bundle}, unpacked only "
                "while this process runs: save as .zip, with its files; or begin with "
                f"namgraph unpack {bundle} FOLDER"
            )


def bundle_member(path: Path_) -> tuple[str, str] | None:
    """Return the bundle that a file was unpacked from, and its path there; ``None`` for others."""
    whole = Path(os.path.abspath(path))
    for folder, bundle, _ in _folders:
        if whole.is_relative_to(folder):
            return bundle, whole.relative_to(folder).as_posix()
    return None


@atexit.register
def _remove_folders() -> None:
    for folder, _, process in _folders:
        if process == os.getpid():  # not in a fork, whose parent needs them
            shutil.rmtree(folder, ignore_errors=True)
