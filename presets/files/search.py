"""Find the files of a preset: at their paths, beside it, in search folders, by their content.

Search folders are those of the call, then of ``--search``, then of the environment variable
``NAMGRAPH_PATH``.  Control threads.
"""

import contextlib
import itertools
import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...graph import FileError, PresetError
from ...graph.paths import checked_path, format_path
from ..bundled import asset
from ..values import format_value, windows_hint
from .folder_index import FolderIndex
from .references import FileField, Path_, Reference, file_fields, read_reference, sha256_of

__all__ = ["ENVIRONMENT", "FileSearch", "Found", "search_folders", "searched_first"]

ENVIRONMENT = "NAMGRAPH_PATH"
IN_PLACE = ("as written", "in the bundle", "asset")
"""How a file is found that is where the preset says."""
MAX_HASHED = 64
"""Files of one name, and of one size, whose content is compared with that of a missing file."""
MAX_NAMED = 20
"""Files that a message names."""

_first: list[str] = []
"""The folders of ``--search`` while a command runs."""


@contextlib.contextmanager
def searched_first(folders: Iterable[Path_]) -> Iterator[None]:
    """Look in these folders too, in the whole process, while the body runs: for commands."""
    given = [os.fspath(folder) for folder in folders]
    _check_folders(given, "--search")
    before = tuple(_first)
    _first[:0] = given
    try:
        yield
    finally:
        _first[:] = before


def search_folders(search: Iterable[Path_] | Path_ = ()) -> list[str]:
    """Return the folders to look in: those given, of ``--search``, of ``NAMGRAPH_PATH``."""
    each = [search] if isinstance(search, str | os.PathLike) else search
    given = [checked_path(folder, "search", PresetError) for folder in each]
    _check_folders(given, "search")
    return list(dict.fromkeys(map(os.path.abspath, (*given, *_first, *_of_environment()))))


def _of_environment() -> list[str]:
    environment = os.environ.get(ENVIRONMENT, "").split(os.pathsep)
    return [folder for folder in environment if folder and os.path.isdir(folder)]


def _check_folders(folders: Iterable[str], argument: str) -> None:
    for folder in folders:
        if not os.path.isdir(folder):
            raise PresetError(
                f"{argument} is {format_path(folder)}: must be a folder that exists, to look for "
                "files in"
            )


@dataclass(frozen=True)
class Found:
    """A file that a preset needs, and where it is."""

    field: FileField
    reference: Reference
    path: str = ""
    """Its absolute path; "" if it is missing."""
    how: str = ""
    """One of ``IN_PLACE``, or by what it was found elsewhere."""
    changed: bool = False
    """Whether it is at its path with another content than written."""
    hint: str = ""
    """What is known of a missing file."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether it was found in another place than written."""
        return bool(self.path) and self.how not in IN_PLACE

    def __str__(self) -> str:
        if self.path:
            return f"{self.field.place} {self.reference.written} -> {self.path} ({self.how})"
        return f"{self.field.place} is {format_value(self.reference.written)}: {self.hint}"


class FileSearch:
    """Find the files of one preset in ``folder``; ``name`` is the preset's, in messages.

    Without a name it is no file, and messages do not say how to relink it.
    ``in_bundle``: it was unpacked from a bundle, so every file is in that folder, unchanged.
    """

    def __init__(
        self,
        folder: Path,
        search: Iterable[Path_] | Path_ = (),
        *,
        name: str = "",
        in_bundle: bool = False,
    ) -> None:
        self._name = name
        self.folder = Path(os.path.abspath(folder))
        self.folders = [] if in_bundle else search_folders(search)
        self._in_bundle = in_bundle
        self._index = FolderIndex(self.folder, self.folders)
        self._digests = dict[str, str]()
        self._known = dict[Reference, Found]()

    def resolve(self, nodes: Any) -> None:
        """Replace every file in the ``nodes`` of a preset's JSON by its absolute path.

        Raises one ``PresetError`` that names all that are missing.  Warns of files that are found
        elsewhere than written, and of those that have changed since.
        """
        every = self.find_all(nodes)
        if missing := [found for found in every if not found.path]:
            raise PresetError(self.describe_missing(missing))
        moved = [str(found) for found in every if found.is_elsewhere]
        if moved:
            options = "".join(f" --search {format_path(f)}" for f in self._needed_folders(every))
            self._warn(moved, "found elsewhere than written: {} writes the paths found", options)
        changed = [str(found) for found in every if found.changed]
        if changed:
            self._warn(changed, "changed since the preset was saved: {}, or saving, accepts it")
        for found in every:
            found.field.write(found.path)

    def find_all(self, nodes: Any) -> list[Found]:
        """Return where every file in the ``nodes`` of a preset's JSON is, or that it is missing."""
        return [self.find(field) for field in list(file_fields(nodes))]

    def find(self, field: FileField) -> Found:
        """Return where a file is; ``PresetError`` for what names none."""
        reference = read_reference(field.place, field.value)
        if reference not in self._known:
            self._known[reference] = self._find(field, reference)
        return replace(self._known[reference], field=field)

    def digest_of(self, path: str) -> str:
        """Return the SHA-256 of a file, computed once; ``OSError`` if it cannot be read."""
        if path not in self._digests:
            self._digests[path] = sha256_of(path)
        return self._digests[path]

    def describe_missing(self, missing: list[Found]) -> str:
        """Return the error text of missing files, with where they were looked for."""
        text = _listed([str(found) for found in missing])
        if len(missing) > 1:
            text = f"{len(missing)} files are missing: {text}"
        if self._in_bundle:
            return f"{text}; the bundle was damaged or made by hand: get or pack it again"
        if all(found.reference.is_asset for found in missing):
            return text
        folders = [str(self.folder), *self.folders]
        where = f"; looked in {', '.join(map(format_path, folders[:MAX_NAMED]))}"
        if self._index.is_cut:
            where += f", at the first {self._index.limit} files"
        advice = f"; namgraph relink {self._name} --search FOLDER finds moved files"
        return f"{text}{where}{advice if self._name else ''}"

    def _needed_folders(self, files: Iterable[Found]) -> list[str]:
        """Return the search folders with moved files in them that another run does not know."""
        moved = [found.path for found in files if found.is_elsewhere]
        known = {str(self.folder), *map(os.path.abspath, _of_environment())}
        there = (f for f in self.folders if any(Path(path).is_relative_to(f) for path in moved))
        return [folder for folder in there if folder not in known]

    def _warn(self, files: list[str], text: str, options: str = "") -> None:
        command = f"namgraph relink {self._name}{options}"
        advice = text.format(command) if self._name else text.split(":")[0]
        named = f"{self._name}: " if self._name else ""
        warnings.warn(f"{named}{_listed(files)}: {advice}", RuntimeWarning, stacklevel=3)

    def _find(self, field: FileField, reference: Reference) -> Found:
        found = Found(field, reference)
        if reference.is_asset:
            try:
                return replace(found, path=asset(reference.path), how="asset")
            except FileError as error:
                return replace(found, hint=str(error))
        if self._in_bundle:
            return self._inside(found)
        path = os.path.abspath(self.folder / reference.path)
        if os.path.isfile(path):
            return replace(found, path=path, how="as written", changed=not self._is(path, found))
        other = ""
        for candidate in itertools.islice(self._named(reference), MAX_HASHED):
            if self._is(candidate, found):
                return replace(found, path=candidate, how="found by its name")
            other = other or candidate
        if reference.sha256:
            for candidate in self._index.of_size(reference.size)[:MAX_HASHED]:
                if self._is(candidate, found):
                    return replace(found, path=candidate, how="found by its content")
        hint = f"there is no file {format_path(path)}{windows_hint(reference.path)}"
        if other:
            hint += f", and {format_path(other)} has another content"
        return replace(found, hint=hint)

    def _inside(self, found: Found) -> Found:
        """Find a file of a bundle: in its folder or below, with the content written."""
        written = found.reference.path
        outside = written.startswith("/") or "\\" in written or ":" in written
        if outside or ".." in written.split("/"):
            return replace(found, hint="a bundle has its files inside it, by relative paths")
        path = os.path.abspath(self.folder / written)
        if not os.path.isfile(path):
            return replace(found, hint="there is no such file in the bundle")
        if not self._is(path, found):
            return replace(found, hint="its content is not that of the SHA-256 written there")
        return replace(found, path=path, how="in the bundle")

    def _named(self, reference: Reference) -> Iterator[str]:
        """Yield files of the same name: beside the preset, then in the search folders."""
        beside = os.path.join(self.folder, reference.name)
        below = [os.path.join(f, reference.path) for f in self.folders]
        for path in (beside, *below):
            if os.path.isfile(path):
                yield os.path.abspath(path)
        yield from filter(os.path.isfile, self._index.named(reference.name))

    def _is(self, path: str, found: Found) -> bool:
        """Whether a file has the content written; of one written by hand nothing is known."""
        reference = found.reference
        if not reference.sha256:
            return True
        try:
            same_size = os.path.getsize(path) == reference.size
            return same_size and self.digest_of(path) == reference.sha256
        except OSError:  # it cannot be read, or went away meanwhile
            return False


def _listed(texts: list[str]) -> str:
    more = f"; and {len(texts) - MAX_NAMED} more" if len(texts) > MAX_NAMED else ""
    return "; ".join(texts[:MAX_NAMED]) + more
