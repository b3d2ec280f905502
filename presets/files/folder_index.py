"""List the files in search folders by name and by size, when a file is missing."""

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

__all__ = ["FolderIndex"]

MAX_FILES = 20_000
"""Files that are looked at, in all search folders and their subfolders."""


class FolderIndex:
    """The files of search folders, their subfolders included, and of the preset's own folder.

    Folders are read at the first question.  Links to folders are not followed.
    """

    limit = MAX_FILES

    def __init__(self, own: Path, folders: Iterable[str]) -> None:
        self._own = os.fspath(own)
        self._folders = list(folders)
        self.is_cut = False
        """Whether there were more files than ``limit``."""

    def named(self, name: str) -> list[str]:
        """Return the files of a name in the search folders, in order."""
        return self._names.get(os.path.normcase(name), [])

    def of_size(self, size: int) -> list[str]:
        """Return the files of a size in bytes, those beside the preset first."""
        return self._sizes.get(size, [])

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        found = dict[str, list[str]]()
        for path in self._below:
            found.setdefault(os.path.normcase(os.path.basename(path)), []).append(path)
        return found

    @cached_property
    def _sizes(self) -> dict[int, list[str]]:
        found = dict[int, list[str]]()
        for path in (*self._limited(_beside(self._own)), *self._below):
            try:
                if os.path.isfile(path):
                    found.setdefault(os.path.getsize(path), []).append(path)
            except OSError:
                continue
        return found

    @cached_property
    def _below(self) -> list[str]:
        return list(self._limited(path for folder in self._folders for path in _walk(folder)))

    def _limited(self, paths: Iterator[str]) -> Iterator[str]:
        for count, path in enumerate(paths):
            if count == self.limit:
                self.is_cut = True
                return
            yield path


def _beside(folder: str) -> Iterator[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    yield from (os.path.join(folder, name) for name in names)


def _walk(folder: str) -> Iterator[str]:
    for parent, inner, names in os.walk(folder):
        inner.sort()
        yield from (os.path.join(parent, name) for name in sorted(names))
