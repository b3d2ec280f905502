"""Open a file as a graph, for packages that may not import ``presets``.

``presets`` registers its functions here when it is imported; an adapter that gets a name where it
takes a graph calls ``open_graph``.  Control threads.
"""

import importlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ..graph import Graph

__all__ = ["bundled_presets", "open_graph", "register_openers"]

PRESETS = f"{__name__.partition('.')[0]}.presets"
"""The package that registers the functions; imported here if the program has not done so."""

_open: list[Callable[[str | os.PathLike[str]], Graph]] = []
_bundled: list[Callable[[], Mapping[str, Path]]] = []


def register_openers(
    open_file: Callable[[str | os.PathLike[str]], Graph],
    list_bundled: Callable[[], Mapping[str, Path]],
) -> None:
    """Set the functions that ``open_graph`` and ``bundled_presets`` call."""
    _open[:], _bundled[:] = [open_file], [list_bundled]


def open_graph(path: str | os.PathLike[str]) -> Graph:
    """Return the graph of a preset file, of a bundled preset by its name, or of a .nam file.

    A .nam file becomes the node ``amp`` between an input and an output.  ``FileError`` if the file
    is none of these.
    """
    _ensure_registered()
    return _open[0](path)


def bundled_presets() -> Mapping[str, Path]:
    """Return the paths of the bundled presets, by name."""
    _ensure_registered()
    return _bundled[0]()


def _ensure_registered() -> None:
    if not _open:  # a program that imported an adapter alone
        importlib.import_module(PRESETS)
