"""Items of a job: the combinations of inputs, models, racks and settings, and their file names."""

import itertools
import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ...graph import TEMPO, PresetError
from ...runtime.io.encoders import ENCODED
from ..settings import SNAPSHOT
from ..values import format_value, wrong
from .patterns import inputs_of, models_of, racks_of, text_of

__all__ = ["Item", "items_of"]

MAX_FILES = 100_000
"""Most files of one job."""
FIELD = re.compile(r"\{([^{}]*)\}")
MAX_NAME_BYTES = 255
"""Most bytes of a file or folder name, on common file systems."""


@dataclass(frozen=True, eq=False)
class Item:
    """One file to render."""

    file: str
    """Path relative to the job's output folder, with ``/``."""
    source: str
    rack: str = ""
    model: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        """Key of its rig: equal for items that differ only in the input."""
        return self.rack, self.model, json.dumps(self.settings)

    def __str__(self) -> str:
        parts = [self.source, self.model, self.rack]
        parts += [f"{k} {json.dumps(v)}" for k, v in self.settings.items()]
        return " + ".join(part for part in parts if part)


def items_of(data: dict[str, Any], folder: Path, output: Path, made: set[str]) -> Iterator[Item]:
    """Yield every combination of the job, each with a unique name.

    ``made`` are the names of files that were rendered to the output folder before.
    """
    inputs = inputs_of(data, folder, output, made)
    models, racks = models_of(data, folder), racks_of(data, folder)
    if not inputs or not (models or racks):
        empty = "models and racks: both are" if inputs else "inputs: is"
        raise PresetError(f"{empty} empty: a job needs inputs, and models or racks")
    if "model_node" in data and not (models and racks):
        raise PresetError("model_node: no model is replaced: that takes models and racks")
    settings = _axes(data.get("settings", {}))
    axes = [racks or [""], models or [""], *settings.values(), inputs]
    count = math.prod(map(len, axes))
    if count > MAX_FILES:
        amount = count if count < 10**12 else f"more than {10**12}"
        raise PresetError(f"the job would make {amount} files: at most {MAX_FILES}")
    named = {"rack": racks, "model": models, "input": inputs}
    usual = "/".join(f"{{{key}}}" for key, found in named.items() if found)
    usual += "".join(f"-{key}={{{key}}}" for key, values in settings.items() if len(values) > 1)
    template = text_of(data, "name", usual)
    done = dict[str, Item]()
    for number, (rack, model, *rest) in enumerate(itertools.product(*axes), 1):
        *values, source = rest
        paths = {"rack": rack, "model": model, "input": source}
        words = {key: Path(path).stem for key, path in paths.items() if path}
        words |= {"n": f"{number:0{len(str(count))}d}"}
        words |= {key: _format_setting(value) for key, value in zip(settings, values, strict=True)}
        file = _named(template, words)
        item = Item(file, source, rack, model, dict(zip(settings, values, strict=True)))
        twin = done.setdefault(file.casefold(), item)  # some file systems ignore case
        if twin is not item:
            raise PresetError(
                f"name is {format_value(template)}: {file} would be two files: {twin}; and {item}: "
                f"must tell them apart, by {{n}} if nothing else does"
            )
        yield item


def _axes(settings: Any) -> dict[str, list[Any]]:
    """Return the list of values of each setting."""
    if not isinstance(settings, dict):
        wrong("settings", settings, 'an object, such as {"amp.input_db": [-6, 0, 6]}')
    axes = dict[str, list[Any]]()
    for key, values in settings.items():
        if not re.fullmatch(r"[^.{}]+(\.[^.{}]+)+", key) and key not in (TEMPO, SNAPSHOT):
            wrong("a key of settings", key, 'a node and what is set there, such as "amp.input_db"')
        axes[key] = values if isinstance(values, list) else [values]
        if not axes[key]:
            wrong(f"settings.{key}", values, "a value, or a list of at least one")
        try:
            json.dumps(values)
        except RecursionError:
            raise PresetError(f"settings.{key} is nested too deeply") from None
    return axes


def _named(template: str, words: Mapping[str, str]) -> str:
    def field_value(found: re.Match[str]) -> str:
        if found[1] not in words:
            known = ", ".join(f"{{{w}}}" for w in words)
            raise PresetError(f"name has {found[0]}: must be one of {known}")
        return words[found[1]]

    ends = PurePosixPath(template).suffix.lower() in (".wav", ".wave", *ENCODED)
    made = PurePosixPath(FIELD.sub(field_value, template) + ("" if ends else ".wav"))
    out_of = made.is_absolute() or ".." in made.parts or "\\" in template or ":" in template
    if out_of or template.endswith("/") or made.stem.strip(". ") == "":
        raise PresetError(
            f"name is {format_value(template)}: must be a file below the output folder"
        )
    if any(len(os.fsencode(part)) > MAX_NAME_BYTES for part in made.parts):
        raise PresetError(
            f"name is {format_value(template)}: {format_value(str(made))} is too long"
        )
    return str(made)


def _format_setting(value: Any) -> str:
    """Return the value of a setting as part of a file name."""
    if isinstance(value, str):
        value = PurePosixPath(value).stem
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = " ".join(map(str, value))
    return re.sub(r"[^\w.+-]+", "_", str(value))
