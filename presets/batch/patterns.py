"""Which files a job speaks of: names and patterns, relative to the job's own folder."""

import glob
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...graph import PresetError
from ..preset import read_preset
from ..values import shown, windows_hint, wrong

__all__ = ["inputs_of", "models_of", "racks_of", "text_of"]


def text_of(data: dict[str, Any], key: str, usual: str) -> str:
    """Return a text of the job's that can be part of a path, or the usual one."""
    value = data.get(key, usual)
    if not isinstance(value, str) or (not value and usual) or not _is_name(value):
        wrong(key, value, "a text that is not empty, and may be part of a path")
    return str(value)


def inputs_of(data: dict[str, Any], folder: Path, output: Path, made: set[str]) -> list[str]:
    """Return the whole paths of the inputs, each once; a pattern's in the order of their names.

    What the job has made is none of its inputs, unless somebody says so by name: that is what lies
    below the output folder, if that is a folder of its own, and else what was ``made`` there.
    """
    own, whole = os.path.realpath(output), os.path.realpath(folder)
    apart = os.path.commonpath([own, whole]) != own

    def is_ours(path: str) -> bool:
        real = os.path.realpath(path)
        below = os.path.commonpath([own, real]) == own if apart else False
        return below or os.path.relpath(real, own).replace(os.sep, "/") in made

    return _files(data, "inputs", folder, leave_out=is_ours)


def models_of(data: dict[str, Any], folder: Path) -> list[str]:
    """Return the whole paths of the models, alike."""
    return _files(data, "models", folder, ".nam")


def racks_of(data: dict[str, Any], folder: Path) -> list[str]:
    """Return the whole paths of the presets, and the bare names of those that ship."""
    found = dict[str, None]()
    for k, name in enumerate(_list(data, "racks")):
        bare = "/" not in name and not Path(name).suffix and not glob.has_magic(name)
        if bare and not os.path.isfile(folder / name):
            read_preset(name)  # says which there are
            found[name] = None
        else:
            found |= dict.fromkeys(_matching(f"racks[{k}]", name, folder, ".json", _nothing))
    return list(found)


def _nothing(path: str) -> bool:
    return False


def _is_name(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # half a character
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
    suffix: str = "",
    leave_out: Callable[[str], bool] = _nothing,
) -> list[str]:
    found = dict[str, str]()  # by what it really is: links and loops of them lead anywhere
    for k, name in enumerate(_list(data, key)):
        for path in _matching(f"{key}[{k}]", name, folder, suffix, leave_out):
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def _matching(
    place: str, name: str, folder: Path, suffix: str, leave_out: Callable[[str], bool]
) -> list[str]:
    """Return what a name or a pattern stands for."""
    matches, ours = [name], 0
    if glob.has_magic(name) and not os.path.exists(folder / name):
        matches = sorted(glob.glob(name, root_dir=folder, recursive=True))
        others = [m for m in matches if not leave_out(os.path.abspath(folder / m))]
        ours, matches = len(matches) - len(others), others
    paths = [os.path.abspath(folder / m) for m in matches]
    paths = [p for p in paths if os.path.isfile(p)]
    if not paths:
        why = f", but {ours} that the job has made or may have made" if ours else ""
        hint = windows_hint(name)
        raise PresetError(f"{place} is {shown(name)}: there is no such file in {folder}{why}{hint}")
    wrong_one = next((p for p in paths if suffix and Path(p).suffix.lower() != suffix), None)
    if wrong_one is not None:
        raise PresetError(f"{place}: {wrong_one} is no {suffix} file")
    return paths
