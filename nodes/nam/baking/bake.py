"""Write the plain .nam file of a capture with its knobs at given values.  Control threads only."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ....graph.arguments import format_value
from ....graph.errors import NamFileError, ParamError, UnsupportedFeatureError
from ....graph.paths import checked_path
from ....runtime.io.atomic_write import whole_file, writing
from ....runtime.io.file_kind import MODEL
from ....runtime.io.outputs import check_outputs
from ..format.load import Source, load_capture, parse_nam
from ..knobs import knob_params
from ..model.captures import Conditioned
from ..model.flat_weights import plain_network
from ..model.knob import Knob
from ..model.model import Model
from ..model.wavenet import Gained, Network, ParametricWaveNet, Sequential
from .document import Json, document

__all__ = ["Baked", "bake", "baked"]

Values = Mapping[str, float | str]
CONTAINER = "SlimmableContainer"


@dataclass(frozen=True)
class Baked:
    """A capture with its knobs at given values, as the content of a .nam file."""

    source: Model
    content: bytes
    values: dict[str, float]
    """Of each knob, by its name."""
    loudness_is_old: bool
    """Whether the file tells a loudness, which is that at other values."""

    def write(self, path: str | os.PathLike[str]) -> Model:
        """Write the file, whole or not at all, but never over the capture; return its model."""
        path = checked_path(path, "path", NamFileError)
        if not path.lower().endswith(".nam"):
            raise NamFileError(f"{path}: a model's name must end in .nam: save it as {path}.nam")
        read = self.source.source
        check_outputs([path], {read: "the capture"} if os.path.isabs(read) else {}, NamFileError)
        with whole_file(path, NamFileError) as part, writing(path, NamFileError):
            part.write_bytes(self.content)
        return load_capture(path)


def bake(source: Source, path: str | os.PathLike[str], knobs: Values | None = None) -> Model:
    """Write a capture to a plain .nam file, its knobs at given values; return it as a ``Model``.

    ``source`` is what ``load_capture`` takes; knobs that are not given are at their defaults, and a
    switch takes the name of a choice, too.  What plays the file needs to know nothing of knobs; it
    has the bits of the capture with its knobs at rest there.  A capture of another format that has
    no knobs is converted.

    The metadata are kept, and ``baked_setting`` tells the values.  The file appears whole or not at
    all, and is never the one that is read.  Raises ``ParamError`` for a wrong knob, and
    ``NamFileError`` where a .nam file cannot be exact (a GRU), or a plain one is given.
    """
    return baked(source, {} if knobs is None else knobs).write(path)


def baked(source: Source, knobs: Values) -> Baked:
    """Return what ``bake`` writes."""
    model = load_capture(source)
    if model.kind == MODEL and not model.knobs:
        raise UnsupportedFeatureError(
            f"{model.label}: is a plain .nam file without knobs: there is nothing to bake"
        )
    values = _values(model, knobs)
    try:
        whole = _document(model, list(values.values()))
    except NamFileError as error:
        raise error.within(model.label) from None
    about = _clean(dict(model.metadata))
    if values:
        about["baked_setting"] = _told(model.knobs, values)
    whole["metadata"] = about
    content = json.dumps(whole, allow_nan=False).encode()
    parse_nam(content)  # what is written can be read
    moved = any(values[knob.name] != knob.default for knob in model.knobs)
    return Baked(model, content, values, moved and "loudness" in about)


def _values(model: Model, given: Any) -> dict[str, float]:
    """Return the value of each knob; ``ParamError`` for a wrong one."""
    if not isinstance(given, Mapping):
        raise ParamError(
            f'knobs is {format_value(given)}: must map names to numbers, as in {{"gain": 0.5}}'
        )
    rows, labels = knob_params(model.knobs), {k.label: k.name for k in model.knobs if k.label}
    made = {name: row.default for name, row in rows.items()}
    seen = set[str]()
    for name, value in given.items():
        own: Any = labels.get(name, name)
        if own in seen:
            raise ParamError(f"{model.label}: the knob {own} is given twice: must be given once")
        seen.add(own)
        if own not in rows:
            known = f"its knobs are {_format_knobs(model.knobs)}" if rows else "it has no knobs"
            raise ParamError(f"{model.label}: there is no knob {format_value(name)}: {known}")
        made[own] = rows[own].check(own, value)
    return made


def _format_knobs(knobs: tuple[Knob, ...]) -> str:
    return ", ".join(
        f"{k.name} ({' or '.join(k.choices) if k.choices else f'{k.low:g} to {k.high:g}'})"
        for k in knobs
    )


def _told(knobs: tuple[Knob, ...], values: Mapping[str, float]) -> Json:
    """Return the setting for the metadata: by the names of the file, switches by their choice."""
    return {
        knob.label or knob.name: knob.choices[round(values[knob.name])]
        if knob.choices
        else values[knob.name]
        for knob in knobs
    }


def _document(model: Model, values: list[float]) -> Json:
    if not model.submodels:
        return document(_plain(model.running, values), model.sample_rate)
    rows = [
        {"max_value": s.max_value, "model": _document(s.model, values)} for s in model.submodels
    ]
    made = {"version": "0.7.0", "architecture": CONTAINER, "config": {"submodels": rows}}
    return {**made, "weights": [], "sample_rate": model.sample_rate}


def _plain(network: Network, values: list[float]) -> Network:
    """Return a network without knobs: that which they make at these values."""
    if isinstance(network, Conditioned):
        return network.at(values)
    if isinstance(network, ParametricWaveNet):
        return plain_network(network, values)
    if isinstance(network, Gained):
        inner = _plain(network.inner, values)
        return Gained(inner, network.input_gain, network.output_gain, network.skip)
    if isinstance(network, Sequential):  # one part of a capture has knobs, at most
        return Sequential(tuple(_plain(part, values) for part in network.parts))
    return network


def _clean(value: Any) -> Any:
    """Return metadata without numbers that JSON does not have."""
    if isinstance(value, Mapping):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
