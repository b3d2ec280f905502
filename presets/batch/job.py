"""Read a job: a JSON file that lists inputs, models, racks and settings to combine.

``presets/README.md`` describes the format.  Reading any file returns a job or raises one
``JobError`` that names the place, what was found there, and what is allowed.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...graph import Graph, JobError, NamgraphError, Node, PresetError
from ...graph.json_text import parse_json
from ...graph.paths import checked_path
from ...nodes.nam import Nam
from ...runtime.adapters.automation import automated
from ...runtime.io.audio_file import SUBTYPES, check_subtype
from ...runtime.io.file_kind import JOB, complaint, kind_of_json
from ..json_file import no_repeated_keys, read_json_file
from ..lanes import read_lanes
from ..preset import dumps, loads, read_preset
from ..render import check_loudness
from ..rig import Rig, model_graph, models, rig_of
from ..values import no_such_key, wrong
from .items import Item, items_of
from .manifest import made_before
from .patterns import text_of

__all__ = ["Item", "Job", "read_job"]

FORMAT = 1
KEYS = ["namgraph_job", "inputs", "models", "racks", "model_node", "settings"]
KEYS += ["automation", "output", "name", "subtype", "tail", "resample", "loudness"]
MAX_BYTES = 16 << 20


@dataclass(frozen=True)
class Job:
    """A job that was read; none of the files that it names is open yet."""

    name: str
    folder: Path
    """Folder of the job file: relative paths start here."""
    output: Path
    written_output: str
    """``output`` as written in the job file."""
    items: tuple[Item, ...]
    model_node: str
    subtype: str | None
    tail: bool | None
    resample: bool
    loudness: float | None
    """Integrated loudness of every file in LUFS; None leaves them as they are."""
    automation: Mapping[str, Node]
    """Of each parameter the curve that it follows in every file."""

    def rig(self, item: Item, backend: str | None = None) -> Rig:
        """Open the rig of an item; ``backend`` is as of ``open_rig``."""
        changes, bare = dict(item.settings), not item.rack
        graph = model_graph(item.model) if bare else read_preset(item.rack).graph
        if item.model:
            place = "amp.path" if bare else f"{self._model_node(item, graph)}.path"
            if place in changes:
                raise PresetError(f"settings.{place}: the job's models are set there")
            if not bare:
                changes[place] = item.model
        moved = bool(self.automation)  # then on the CPU, which moves parameters
        if bare and backend is None and not moved and "amp.backend" not in changes:
            backend = "auto"
        graph = _changed(graph, changes, self.folder)
        if self.automation:
            graph = automated(graph, self.automation)
        return rig_of(item.rack or item.model, graph, bare=bare, backend=backend)

    def _model_node(self, item: Item, graph: Graph) -> str:
        found = models(graph)
        if self.model_node:
            if self.model_node not in found:
                raise PresetError(
                    f"model_node is {self.model_node!r}: {item.rack} has "
                    f"{', '.join(found) or 'no model'}"
                )
            return self.model_node
        if len(found) != 1:
            raise PresetError(
                f"{item.rack} has {len(found)} models ({', '.join(found) or 'none'}): "
                "model_node must say which one to replace"
            )
        return next(iter(found))


def read_job(path: str | os.PathLike[str]) -> Job:
    """Read a job file; its paths are relative to its folder."""
    name = checked_path(path, "path", JobError)
    file = Path(name)
    content = read_json_file(file, name, MAX_BYTES, JobError, wanted=JOB)
    try:
        data = parse_json(content, PresetError, object_pairs_hook=no_repeated_keys)
        return _job(name, data, Path(os.path.abspath(file)).parent)
    except NamgraphError as error:
        raise JobError(f"{name}: {error}") from error.__cause__


def _job(name: str, data: Any, folder: Path) -> Job:
    if not isinstance(data, dict):
        wrong("the job", data, "a JSON object")
    if "namgraph_job" not in data:
        if other := complaint(kind_of_json(data), JOB):
            raise PresetError(other)
        raise PresetError('the key "namgraph_job" is missing: is this a job for namgraph batch?')
    if type(data["namgraph_job"]) is not int or data["namgraph_job"] != FORMAT:
        wrong("namgraph_job", data["namgraph_job"], f"{FORMAT}, the format this package reads")
    for key in data:
        if key not in KEYS:
            no_such_key("the job", key, KEYS)
    if data.get("subtype", "pcm24") not in list(SUBTYPES):  # any JSON value, perhaps unhashable
        wrong("subtype", data["subtype"], f"one of {', '.join(SUBTYPES)}")
    for key, kinds in (("tail", (bool, type(None))), ("resample", (bool,))):
        if not isinstance(data.get(key, False), kinds):
            wrong(key, data[key], "true or false" + (" or null" if len(kinds) > 1 else ""))
    check_loudness(data.get("loudness"), "loudness")
    written = text_of(data, "output", "renders")
    output = Path(os.path.abspath(folder / written))
    items = tuple(items_of(data, folder, output, made_before(output)))
    for one in {Path(item.file).suffix: item.file for item in items}.values():
        check_subtype(one, data.get("subtype"))
    return Job(
        name=name,
        folder=folder,
        output=output,
        written_output=written,
        items=items,
        model_node=text_of(data, "model_node", ""),
        subtype=data.get("subtype"),
        tail=data.get("tail"),
        resample=data.get("resample", False),
        loudness=data.get("loudness"),
        automation=read_lanes(data.get("automation")),
    )


def _changed(graph: Graph, changes: Mapping[str, Any], folder: Path) -> Graph:
    """Return the graph with fields of nodes changed, checked like those of a preset."""
    if not changes:
        return graph
    rack = json.loads(dumps(graph, folder=folder))
    for place, value in changes.items():
        node, _, key = place.rpartition(".")
        if node not in rack["nodes"]:
            raise PresetError(
                f"settings.{place}: there is no node {node!r}: the rack has "
                f"{', '.join(rack['nodes']) or 'none'}"
            )
        fields = rack["nodes"][node]
        is_knob = key in graph[node].params() and key not in type(graph[node]).params()
        if is_knob and isinstance(graph[node], Nam):  # a parameter of this capture alone
            fields = fields.setdefault("knobs", {})
        fields[key] = value
    return loads(json.dumps(rack), folder=folder).graph
