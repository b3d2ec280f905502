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
from ..preset import stored_path
from ..settings import PRECISION, SNAPSHOT
from ..values import format_value, wrong
from .patterns import inputs_of, models_of, racks_of, text_of
from .samplers import Sampler, sampler_of, uniform_number

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
    sampled: Mapping[str, Any] = field(default_factory=dict)
    """Settings drawn at random, set after ``settings``."""
    variant: int | None = None
    """Number of these, from 1; ``None`` if the job draws none."""

    @property
    def key(self) -> tuple[str, ...]:
        """Key of its rig: equal for items that differ only in the input."""
        return *self.base, json.dumps(self.sampled)

    @property
    def base(self) -> tuple[str, ...]:
        """Key of its rig without sampled settings."""
        return self.rack, self.model, json.dumps(self.settings)

    def __str__(self) -> str:
        parts = [self.source, self.model, self.rack]
        parts += [f"{k} {json.dumps(v)}" for k, v in self.settings.items()]
        parts += [] if self.variant is None else [f"variant {self.variant}"]
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
    settings, samplers = _axes(data.get("settings", {}))
    variants, seed = _variants(data, samplers)
    axes = [racks or [""], models or [""], *settings.values(), inputs, variants]
    count = math.prod(map(len, axes))
    if count > MAX_FILES:
        amount = count if count < 10**12 else f"more than {10**12}"
        raise PresetError(f"the job would make {amount} files: at most {MAX_FILES}")
    named = {"rack": racks, "model": models, "input": inputs}
    usual = "/".join(f"{{{key}}}" for key, found in named.items() if found)
    several = [key for key, values in settings.items() if len(values) > 1]
    usual += "".join(f"-{key}={{{key}}}" for key in several) + "-v{variant}" * bool(samplers)
    template = text_of(data, "name", usual)
    done = dict[str, Item]()
    for number, (rack, model, *rest) in enumerate(itertools.product(*axes), 1):
        *values, source, variant = rest
        paths = {"rack": rack, "model": model, "input": source}
        given = dict(zip(settings, values, strict=True))
        words = {key: Path(path).stem for key, path in paths.items() if path}
        words |= {"n": f"{number:0{len(str(count))}d}"}
        words |= {key: _format_setting(value) for key, value in given.items()}
        drawn = dict[str, Any]()
        if variant is not None:
            words["variant"] = f"{variant:0{max(3, len(str(len(variants))))}d}"
            own = [_identity(path, folder) for path in paths.values()]
            identity = [*own, {key: given[key] for key in several}, variant]
            for key, sampler in samplers.items():
                drawn[key] = sampler.at(uniform_number(seed, identity, key))
                words[key] = _format_setting(drawn[key])
        file = _named(template, words)
        item = Item(file, source, rack, model, given, drawn, variant)
        twin = done.setdefault(file.casefold(), item)  # some file systems ignore case
        if twin is not item:
            raise PresetError(
                f"name is {format_value(template)}: {file} would be two files: {twin}; and {item}: "
                f"must tell them apart, by {{n}} if nothing else does"
            )
        yield item


def _identity(path: str, folder: Path) -> str:
    """Return what identifies a file of a job wherever the job's folder lies."""
    return stored_path(path, folder) if os.path.isabs(path) else path


def _variants(
    data: dict[str, Any], samplers: Mapping[str, Sampler]
) -> tuple[Sequence[int | None], int]:
    """Return the numbers of the variants of each combination, and the seed."""
    count, seed = data.get("variants", 1), data.get("seed", 0)
    if type(count) is not int or not 1 <= count <= MAX_FILES:
        wrong("variants", count, f"a whole number from 1 to {MAX_FILES}")
    if type(seed) is not int or not 0 <= seed < 1 << 64:
        wrong("seed", seed, "a whole number, 0 or more, below 2 to the 64")
    if samplers:
        return range(1, count + 1), seed
    for key in ("variants", "seed"):
        if key in data:
            raise PresetError(
                f"{key}: no setting is drawn at random: must go with one, such as "
                '{"amp.input_db": {"uniform": [-12, 12]}}'
            )
    return [None], seed


def _axes(settings: Any) -> tuple[dict[str, list[Any]], dict[str, Sampler]]:
    """Return the list of values of each setting, and the samplers of others."""
    if not isinstance(settings, dict):
        wrong("settings", settings, 'an object, such as {"amp.input_db": [-6, 0, 6]}')
    axes, samplers = dict[str, list[Any]](), dict[str, Sampler]()
    for key, values in settings.items():
        whole = (TEMPO, SNAPSHOT, PRECISION)
        if not re.fullmatch(r"[^.{}]+(\.[^.{}]+)+", key) and key not in whole:
            wrong("a key of settings", key, 'a node and what is set there, such as "amp.input_db"')
        try:
            json.dumps(values)
        except RecursionError:
            raise PresetError(f"settings.{key} is nested too deeply") from None
        if (sampler := sampler_of(f"settings.{key}", values)) is not None:
            samplers[key] = sampler
            continue
        axes[key] = values if isinstance(values, list) else [values]
        if not axes[key]:
            wrong(f"settings.{key}", values, "a value, or a list of at least one")
    return axes, samplers


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
