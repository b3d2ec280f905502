"""What a job makes, file by file: patterns, combinations, and names."""

import glob
import itertools
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..graph import PresetError
from ..runtime.adapters.pedalboard.audio_files import ENCODED
from .files import read_preset
from .values import shown, wrong

__all__ = ["Item", "items_of", "text_of"]

MOST = 100_000
"""Files that one job may make."""
PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, eq=False)
class Item:
    """One file to be made."""

    file: str
    """Below the job's output folder, with ``/`` between folders."""
    source: str
    rack: str = ""
    model: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        """What it shares with other inputs through the same rack."""
        return self.rack, self.model, json.dumps(self.settings)


def items_of(data: dict[str, Any], folder: Path, output: Path) -> Iterator[Item]:
    """Return every combination that the job's JSON asks for, each with a name of its own."""
    inputs = _files(data, "inputs", folder, output=output)
    models, racks = _files(data, "models", folder, ".nam"), _racks(data, folder)
    if not inputs or not (models or racks):
        key = "inputs" if not inputs else "models and racks"
        raise PresetError(f"{key}: nothing is there: a job needs inputs, and models or racks")
    settings = _grid(data.get("settings", {}))
    count = len(inputs) * max(1, len(models)) * max(1, len(racks)) * len(settings)
    if count > MOST:
        raise PresetError(f"the job would make {count} files: at most {MOST}")
    named = {"rack": racks, "model": models, "input": inputs}
    usual = "/".join(f"{{{key}}}" for key, found in named.items() if found)
    usual += "".join(f"-{key}={{{key}}}" for key in settings[0])
    template = text_of(data, "name", usual)
    taken = {os.path.realpath(path): path for path in (*inputs, *models, *racks)}
    done = dict[str, Item]()
    every = itertools.product(racks or [""], models or [""], settings, inputs)
    for number, (rack, model, values, source) in enumerate(every, 1):
        paths = {"rack": rack, "model": model, "input": source}
        words = {key: Path(path).stem for key, path in paths.items() if path}
        words |= {"n": f"{number:0{len(str(count))}d}"}
        words |= {key: _word(value) for key, value in values.items()}
        file = _named(template, words)
        made = Item(file, source, rack, model, values)
        twin = done.setdefault(file.casefold(), made)  # some file systems know no case
        if twin is not made:
            raise PresetError(
                f"name is {shown(template)}: {twin.source} and {source} would both be {file}: "
                f"what tells them apart is missing ({', '.join(f'{{{w}}}' for w in words)})"
            )
        if os.path.realpath(output / file) in taken:
            raise PresetError(f"{file} would replace {taken[os.path.realpath(output / file)]}")
        yield made


def text_of(data: dict[str, Any], key: str, usual: str) -> str:
    """Return a text of the job's, or the usual one."""
    value = data.get(key, usual)
    if not isinstance(value, str) or "\0" in value or (not value and usual):
        wrong(key, value, "a text that is not empty")
    return str(value)


def _list(data: dict[str, Any], key: str) -> list[str]:
    value = data.get(key, [])
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        wrong(key, value, "a list of files")
    for k, one in enumerate(value):
        if not isinstance(one, str) or not one or "\0" in one:
            wrong(f"{key}[{k}]", one, "the name of a file, or a pattern such as takes/*.wav")
    return value


def _files(
    data: dict[str, Any], key: str, folder: Path, suffix: str = "", output: Path | None = None
) -> list[str]:
    """Return whole paths, each once; a pattern's in the order of their names.

    What a job has made before is none of its inputs, unless somebody says so by name.
    """
    found = dict[str, None]()
    for k, name in enumerate(_list(data, key)):
        matches, why = [name], ""
        if glob.has_magic(name) and not (folder / name).exists():
            matches = sorted(glob.glob(name, root_dir=folder, recursive=True))
            if output and output not in (folder / "job").parents:
                matches = [m for m in matches if output not in (folder / m).parents]
                why = f" (and outside {output}, where the job's own files go)"
        paths = [os.path.abspath(folder / m) for m in matches]
        paths = [p for p in paths if os.path.isfile(p)]
        if not paths:
            raise PresetError(
                f"{key}[{k}] is {shown(name)}: there is no such file in {folder}{why}"
            )
        for path in paths:
            if suffix and Path(path).suffix.lower() != suffix:
                raise PresetError(f"{key}[{k}]: {path} is no {suffix} file")
            found[path] = None
    return list(found)


def _racks(data: dict[str, Any], folder: Path) -> list[str]:
    """Return paths of presets, and bare names of those that ship."""
    found = list[str]()
    for name in _list(data, "racks"):
        if "/" not in name and not Path(name).suffix and not (folder / name).exists():
            read_preset(name)  # says which there are
            found.append(name)
        else:
            found += _files({"racks": [name]}, "racks", folder, ".json")
    return list(dict.fromkeys(found))


def _grid(settings: Any) -> list[dict[str, Any]]:
    """Return every combination of settings; one that is empty if there are none."""
    if not isinstance(settings, dict):
        wrong("settings", settings, 'an object, such as {"amp.input_db": [-6, 0, 6]}')
    axes = list[list[Any]]()
    for key, values in settings.items():
        if not re.fullmatch(r"[^.{}]+\.[^.{}]+", key):
            wrong("a key of settings", key, 'a node and what is set there, such as "amp.input_db"')
        axes.append(values if isinstance(values, list) else [values])
        if not axes[-1]:
            wrong(f"settings.{key}", values, "a value, or a list of at least one")
    return [dict(zip(settings, one, strict=True)) for one in itertools.product(*axes)]


def _named(template: str, words: Mapping[str, str]) -> str:
    def word(found: re.Match[str]) -> str:
        if found[1] not in words:
            known = ", ".join(f"{{{w}}}" for w in words)
            raise PresetError(f"name has {found[0]}: must be one of {known}")
        return words[found[1]]

    made = PurePosixPath(PLACE.sub(word, template))
    if made.suffix.lower() not in (".wav", ".wave", *ENCODED):
        made = made.with_name(f"{made.name}.wav")
    if made.is_absolute() or ".." in made.parts or "\\" in template or ":" in template:
        raise PresetError(f"name is {shown(template)}: must lie below the output folder")
    return str(made)


def _word(value: Any) -> str:
    """Spell a setting as part of a file's name."""
    if isinstance(value, str):
        value = PurePosixPath(value).stem
    elif isinstance(value, float):
        value = f"{value:g}"
    return re.sub(r"[^\w.+-]+", "_", str(value))
