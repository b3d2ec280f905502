"""Resolve the file names and patterns of a job, relative to its folder."""

import glob
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...graph import PresetError
from ...runtime.io.encoders import AUDIO_SUFFIXES
from ...runtime.io.file_kind import MODEL_SUFFIXES, is_model
from ..bundled import shipped_presets
from ..preset import read_preset
from ..values import format_value, windows_hint, wrong

__all__ = ["inputs_of", "models_of", "racks_of", "text_of"]


def text_of(data: dict[str, Any], key: str, usual: str) -> str:
    """Return a string of the job that can be part of a path, or the default ``usual``."""
    value = data.get(key, usual)
    if not isinstance(value, str) or (not value and usual) or not _is_name(value):
        wrong(key, value, "a text that is not empty, and may be part of a path")
    return str(value)


def inputs_of(data: dict[str, Any], folder: Path, output: Path, made: set[str]) -> list[str]:
    """Return the absolute paths of the inputs, each once; those of a pattern sorted by name.

    A pattern does not match the job's own results: files below the output folder if that folder
    does not contain the job, else the files ``made`` there before.  A plain name may.
    """
    own, whole = os.path.realpath(output), os.path.realpath(folder)
    apart = os.path.commonpath([own, whole]) != own

    def is_result(path: str) -> bool:
        real = os.path.realpath(path)
        below = os.path.commonpath([own, real]) == own if apart else False
        return below or os.path.relpath(real, own).replace(os.sep, "/") in made

    return _files(data, "inputs", folder, leave_out=is_result)


def models_of(data: dict[str, Any], folder: Path) -> list[str]:
    """Return the absolute paths of the models, each once."""
    return _files(data, "models", folder, MODEL_NAMES)


def racks_of(data: dict[str, Any], folder: Path) -> list[str]:
    """Return the absolute paths of preset files, and the names of bundled presets."""
    found = dict[str, None]()
    for k, name in enumerate(_list(data, "racks")):
        bare = "/" not in name and not Path(name).suffix and not glob.has_magic(name)
        own = os.path.isdir(folder / name) and name not in shipped_presets()
        if bare and not own and not os.path.isfile(folder / name):
            read_preset(name)  # raises for an unknown name
            found[name] = None
        else:
            found |= dict.fromkeys(_matching(f"racks[{k}]", name, folder, RACK_NAMES, _never))
    return list(found)


MODEL_NAMES = (*MODEL_SUFFIXES, ".json")
"""Ends of the names of models; of the .json files of a folder only captures are."""
RACK_NAMES = (".json", ".zip")


def _never(path: str) -> bool:
    return False


def _is_name(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # a lone surrogate
        return False


def _list(data: dict[str, Any], key: str) -> list[str]:
    value = data.get(key, [])
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        wrong(key, value, "a list of files")
    for k, one in enumerate(value):
        if not isinstance(one, str) or not one or not _is_name(one):
            wrong(f"{key}[{k}]", one, "the name of a file, or a pattern such as takes/*.wav")
    return value


def _files(
    data: dict[str, Any],
    key: str,
    folder: Path,
    suffix: tuple[str, ...] = (),
    leave_out: Callable[[str], bool] = _never,
) -> list[str]:
    """Return the files that a list of names, patterns and folders means, each once.

    A plain name without a file is among them if there are others: it costs only its own results.
    """
    found = dict[str, str]()  # by real path: links may repeat a file
    error: PresetError | None = None
    for k, name in enumerate(_list(data, key)):
        try:
            paths = _matching(f"{key}[{k}]", name, folder, suffix, leave_out)
        except _MissingError as reason:
            error, paths = error or reason, [os.path.abspath(folder / name)]
        for path in paths:
            found.setdefault(os.path.realpath(path), path)
    if error is not None and not any(map(os.path.isfile, found)):
        raise error
    return list(found.values())


class _MissingError(PresetError):
    """There is no file of a plain name."""


def _matching(
    place: str, name: str, folder: Path, suffix: tuple[str, ...], leave_out: Callable[[str], bool]
) -> list[str]:
    """Return the files that a name or a pattern means, or a folder's; raise if there are none."""
    matches, results = [name], 0
    pattern = glob.has_magic(name) and not os.path.exists(folder / name)
    if os.path.isdir(folder / name):
        ends = suffix or AUDIO_SUFFIXES  # a name or a pattern may have any
        found = [p for p in sorted((folder / name).iterdir()) if p.suffix.lower() in ends]
        if suffix == MODEL_NAMES:
            found = [p for p in found if is_model(p)]
        pattern, matches = True, [f"{name}/{p.name}" for p in found]
    elif pattern:
        matches = sorted(glob.glob(name, root_dir=folder, recursive=True))
    if pattern:
        others = [m for m in matches if not leave_out(os.path.abspath(folder / m))]
        results, matches = len(matches) - len(others), others
    paths = [os.path.abspath(folder / m) for m in matches]
    paths = [p for p in paths if os.path.isfile(p) or (pattern and not os.path.exists(p))]
    if not paths:
        why = f", but {results} that the job has made or may have made" if results else ""
        hint = windows_hint(name)
        error = PresetError if pattern or os.path.exists(folder / name) else _MissingError
        raise error(
            f"{place} is {format_value(name)}: there is no such file in {folder}{why}{hint}"
        )
    wrong_one = next((p for p in paths if suffix and Path(p).suffix.lower() not in suffix), None)
    if wrong_one is not None:
        raise PresetError(f"{place}: {wrong_one} is no {' or '.join(suffix)} file")
    return paths
